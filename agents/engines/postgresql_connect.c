#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agents/engines/postgresql_session.h"
#include "common/memory.h"

/* The oldest server whose catalogs the introspection knows. */
enum { OLDEST_SERVER = 140000 };

static const char connect_timeout_s[] = "10";

static void ignore_notice(void *context, const char *message)
{
    (void)context;
    (void)message;
}

/* libpq ends its messages with newlines, and may have several lines. */
static bool fail_connect(const char *text, enum error_code code, const char *advice,
                         struct error *err)
{
    AUTO(text) char *reason = xstrdup(text);
    size_t length = strlen(reason);

    while (length > 0 && reason[length - 1] == '\n')
        reason[--length] = '\0';
    for (char *newline = reason; (newline = strchr(newline, '\n')) != NULL;)
        *newline = ' ';
    return error_set(err, code, "%s%s", reason, advice);
}

static bool has_password(const PQconninfoOption *options)
{
    for (; options->keyword != NULL; options++)
        if (strcmp(options->keyword, "password") == 0 && options->val != NULL)
            return true;
    return false;
}

static bool check_url(const char *url, struct error *err)
{
    char *reason = NULL;

    if (strncmp(url, "postgresql://", 13) != 0 && strncmp(url, "postgres://", 11) != 0)
        return error_set(err, ERROR_CONFIG, "url \"%s\" is not postgresql://…", url);
    PQconninfoOption *options = PQconninfoParse(url, &reason);
    if (options == NULL) {
        fail_connect(reason != NULL ? reason : "it cannot be read", ERROR_CONFIG, "", err);
        PQfreemem(reason);
        return false;
    }
    bool secret = has_password(options);
    PQconninfoFree(options);
    return !secret || error_set(err, ERROR_CONFIG,
                                "a password does not belong into a url; use password_file, "
                                "password_env or password_command");
}

/* What stands before the URL gives way to it. */
PGconn *postgresql_dial(const struct agent_target *target, const char *password,
                        const char *timeout_s, struct error *err)
{
    const char *const keywords[] = {"connect_timeout",
                                    "application_name",
                                    "keepalives_idle",
                                    "keepalives_interval",
                                    "keepalives_count",
                                    "dbname",
                                    "client_encoding",
                                    password != NULL ? "password" : NULL,
                                    NULL};
    const char *const values[] = {timeout_s,   "fleet", "30",     "10", "3",
                                  target->url, "UTF8",  password, NULL};
    PGconn *connection = PQconnectdbParams(keywords, values, 1);

    if (PQstatus(connection) != CONNECTION_OK) {
        const char *advice = PQconnectionNeedsPassword(connection) != 0
                                 ? " (set password_file, password_env or password_command)"
                                 : "";

        fail_connect(PQerrorMessage(connection), ERROR_CONNECT, advice, err);
        PQfinish(connection);
        return NULL;
    }
    PQsetNoticeProcessor(connection, ignore_notice, NULL);
    return connection;
}

static bool is_setting(const char *sql, const char *tag)
{
    return strcmp(tag, "SET") == 0 || strcasestr(sql, "set_config") != NULL;
}

/* Runs a statement of each new session. What makes settings is kept, for scripts may lose them;
   a line of its own keeps a comment at its end from swallowing the semicolon. */
static bool run_first(struct postgresql_session *session, const char *sql, struct error *err)
{
    struct postgresql_outcome outcome = {0};

    if (!postgresql_exchange(session, sql, POSTGRESQL_STEADY, &outcome, err))
        return false;
    if (is_setting(sql, outcome.tag)) {
        buffer_printf(&session->settings, "%s\n;", sql);
        session->settings_commands += outcome.commands;
    }
    return true;
}

static void keep_setting(struct postgresql_session *session, const char *name, const char *value)
{
    buffer_printf(&session->settings, "SET %s %s TO %s;", session->pooled ? "LOCAL" : "SESSION",
                  name, value);
    session->settings_commands++;
}

static bool take_backend(void *context, size_t columns, const char *const *values)
{
    (void)columns;
    *(int *)context = atoi(values[0]);
    return true;
}

/* Asks who serves us, and has a statement whose client was killed end soon, and with it its locks.
   A pooler gives us a process number of its own; there the setting lasts for the question alone. */
static bool meet_server(struct postgresql_session *session, struct error *err)
{
    int told = PQbackendPID(session->connection);
    struct postgresql_outcome outcome = {.row = take_backend, .context = &session->backend};
    AUTO(text)
    char *setting =
        xasprintf("SELECT pg_catalog.pg_backend_pid(), pg_catalog.set_config("
                  "'client_connection_check_interval', '5s', pg_catalog.pg_backend_pid() <> %d)",
                  told);

    bool can_check = postgresql_exchange(session, setting, POSTGRESQL_STEADY, &outcome, err);
    if (!can_check) {
        /* Servers on some systems cannot, and then end a lost client's statement later. */
        if (session->base.broken)
            return false;
        error_clear(err);
        if (!postgresql_exchange(session, "SELECT pg_catalog.pg_backend_pid()", POSTGRESQL_STEADY,
                                 &outcome, err))
            return false;
    }
    session->pooled = session->backend != told;
    if (can_check)
        keep_setting(session, "client_connection_check_interval", "'5s'");
    return true;
}

/* Nobody can say which of the pooler's sessions a setting would reach. */
static bool prepare_pooled(struct postgresql_session *session, struct error *err)
{
    const struct agent_target *target = session->base.target;

    if (target->init_sql_count > 0)
        return error_set(err, ERROR_UNSUPPORTED,
                         "init_sql sets a session up, which a pooler does not keep: give the "
                         "target a url that leads to the server itself");
    keep_setting(session, "client_encoding", "UTF8");
    if (target->schema != NULL)
        keep_setting(session, "search_path", session->schema);
    return true;
}

/* The state of a session that is ready for work. */
static bool prepare(struct postgresql_session *session, struct error *err)
{
    const struct agent_target *target = session->base.target;
    AUTO(text) char *place = xasprintf("SET search_path TO %s", session->schema);

    buffer_clear(&session->settings);
    session->settings_commands = 0;
    if (!meet_server(session, err))
        return false;
    if (session->pooled)
        return prepare_pooled(session, err);
    if (target->schema != NULL && !run_first(session, place, err))
        return false;
    for (size_t i = 0; i < target->init_sql_count; i++)
        if (!run_first(session, target->init_sql[i], err))
            return error_wrap(err, "init_sql %zu", i + 1);
    return true;
}

static bool quote_schema(struct postgresql_session *session, const char *schema, struct error *err)
{
    char *quoted = PQescapeIdentifier(session->connection, schema, strlen(schema));

    if (quoted == NULL)
        return error_set(err, ERROR_CONFIG, "schema \"%s\" cannot be quoted: %s", schema,
                         PQerrorMessage(session->connection));
    session->schema = xstrdup(quoted);
    PQfreemem(quoted);
    return true;
}

static bool check_version(const struct postgresql_session *session, struct error *err)
{
    int version = PQserverVersion(session->connection);

    return version >= OLDEST_SERVER ||
           error_set(err, ERROR_UNSUPPORTED, "the server is PostgreSQL %d; %d or later is needed",
                     version / 10000, OLDEST_SERVER / 10000);
}

static bool set_up(struct postgresql_session *session, const char *password, struct error *err)
{
    const struct agent_target *target = session->base.target;
    const char *schema = target->schema != NULL ? target->schema : "public";

    session->connection = postgresql_dial(target, password, connect_timeout_s, err);
    if (session->connection == NULL)
        return false;
    session->canceller = PQgetCancel(session->connection);
    session->lock_key = postgresql_lock_key(schema);
    return check_version(session, err) && quote_schema(session, schema, err) &&
           prepare(session, err);
}

struct session *postgresql_open(const struct agent_target *target, const struct clock *clock,
                                const char *password, struct error *err)
{
    if (!check_url(target->url, err))
        return NULL;
    struct postgresql_session *session = xcalloc(1, sizeof *session);
    session->base =
        (struct session){.engine = &engine_postgresql, .target = target, .clock = clock};
    session->password = password != NULL ? xstrdup(password) : NULL;
    if (!set_up(session, password, err)) {
        postgresql_close(&session->base);
        return NULL;
    }
    return &session->base;
}

void postgresql_close(struct session *base)
{
    struct postgresql_session *session = postgresql_session_of(base);

    PQfreeCancel(session->canceller);
    PQfinish(session->connection);
    buffer_free(&session->pending);
    buffer_free(&session->blocker);
    secret_free(session->password);
    free(session->schema);
    buffer_free(&session->settings);
    postgresql_forget_prepared(session);
    free(session);
}

/* An idle connection has nothing to read but its end, or a notice. */
bool postgresql_alive(struct session *base)
{
    struct postgresql_session *session = postgresql_session_of(base);
    struct pollfd socket = {.fd = PQsocket(session->connection), .events = POLLIN};

    while (!base->broken && poll(&socket, 1, 0) > 0)
        base->broken = PQconsumeInput(session->connection) == 0;
    return !base->broken;
}

bool postgresql_reset(struct session *base, struct error *err)
{
    struct postgresql_session *session = postgresql_session_of(base);
    struct postgresql_limits none = {0};

    buffer_clear(&session->blocker);
    session->lock_refused = false;
    session->wanted = none;
    if (!postgresql_rollback(base, err) || (!session->touched && !postgresql_unlock(base, err)))
        return false;
    if (base->broken)
        return error_set(err, ERROR_CONNECT, "the connection is lost");
    if (!session->touched || session->pooled)
        return true;
    if (!postgresql_exchange(session, "DISCARD ALL", POSTGRESQL_STEADY, NULL, err))
        return false;
    postgresql_forget_prepared(session);
    session->set = none;
    session->session_locked = false;
    session->touched = false;
    return prepare(session, err);
}
