/*
 * PostgreSQL through libpq: a session is one connection to one database, or to one schema of it.
 * DDL is transactional; the lock is an advisory one, of the transaction where there is one. How
 * statements travel stands in postgresql_exchange.c, what waits for them in postgresql_session.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agents/engines/postgresql_session.h"
#include "common/memory.h"

/* The history comes last: has_tables looks for it, and what makes them may be cut off. */
static const char *const create_tables[] = {
    "CREATE TABLE IF NOT EXISTS %sfleet_fence (id smallint PRIMARY KEY CHECK (id = 1),"
    " store text NOT NULL, rollout text NOT NULL, epoch bigint NOT NULL)",
    "CREATE TABLE IF NOT EXISTS %sfleet_intent (attempt_key text NOT NULL,"
    " statement integer NOT NULL, sha256 text NOT NULL, class text NOT NULL, state_before text,"
    " state_after text, session text NOT NULL, status text NOT NULL, version text NOT NULL,"
    " name text NOT NULL, direction text NOT NULL, summary text NOT NULL,"
    " started_at text NOT NULL, PRIMARY KEY (attempt_key, statement))",
    "CREATE TABLE IF NOT EXISTS %sfleet_history (seq bigint PRIMARY KEY,"
    " attempt_key text NOT NULL UNIQUE, part integer NOT NULL, parts integer NOT NULL,"
    " version text NOT NULL, name text NOT NULL, direction text NOT NULL,"
    " source_sha256 text NOT NULL, rendered_sha256 text NOT NULL, plan text NOT NULL,"
    " rollout text NOT NULL, applied_by text NOT NULL, epoch bigint NOT NULL,"
    " started_at text NOT NULL, ended_at text NOT NULL, fingerprint text, previous_hash text,"
    " row_hash text NOT NULL)",
};

static void postgresql_cancel(struct session *base)
{
    struct postgresql_session *session = postgresql_session_of(base);
    char ignored[256];

    (void)PQcancel(session->canceller, ignored, (int)sizeof ignored);
}

#define DESCRIBE_DATABASE(system_identifier, timeline)                          \
    "SELECT concat(" system_identifier ", ':', oid), pg_backend_pid(),"         \
    " pg_catalog.pg_is_in_recovery(), " timeline " FROM pg_catalog.pg_database" \
    " WHERE datname = pg_catalog.current_database()"
#define SYSTEM_IDENTIFIER "(SELECT system_identifier FROM pg_catalog.pg_control_system())"
/* The first eight digits of a segment's name. The control file's own timeline is that of the last
   checkpoint, which may be older than the promotion. */
#define TIMELINE                                                               \
    "CASE WHEN pg_catalog.pg_is_in_recovery() THEN NULL ELSE pg_catalog.left(" \
    "pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_insert_lsn()), 8) END"

static bool take_identity(void *context, size_t columns, const char *const *values)
{
    struct postgresql_session *session = context;

    (void)columns;
    snprintf(session->identity, sizeof session->identity, "%s", values[0]);
    session->backend = atoi(values[1]);
    session->in_recovery = strcmp(values[2], "t") == 0;
    session->timeline = values[3] != NULL ? strtoll(values[3], NULL, 16) : 0;
    return true;
}

/* Everybody may read both unless an administrator took that right away. What a standby says is
   asked again, as it may have been promoted since, and so is who stands behind a pooler. */
static bool find_identity(struct postgresql_session *session, struct error *err)
{
    static const char *const texts[] = {
        DESCRIBE_DATABASE(SYSTEM_IDENTIFIER, TIMELINE),
        DESCRIBE_DATABASE(SYSTEM_IDENTIFIER, "NULL"),
        DESCRIBE_DATABASE("'unknown'", "NULL"),
    };

    if (session->identity[0] != '\0' && !session->in_recovery && !session->pooled)
        return true;
    for (; session->rights_missing < COUNT_OF(texts); session->rights_missing++) {
        struct postgresql_outcome outcome = {.row = take_identity, .context = session};

        error_clear(err);
        if (postgresql_perform(session, texts[session->rights_missing], POSTGRESQL_HASTY, &outcome,
                               err))
            return true;
        if (strcmp(err->sqlstate, "42501") != 0 || session->begun)
            return false;
    }
    return false;
}

/* What the server tells by itself whenever it changes. */
static const char *reported(const struct postgresql_session *session, const char *name)
{
    const char *value = PQparameterStatus(session->connection, name);

    return value != NULL ? value : "";
}

/* The version is "15.7 (Debian 15.7-1)"; the packager's words are left out. */
static bool postgresql_server(struct session *base, struct server_info *info, struct error *err)
{
    struct postgresql_session *session = postgresql_session_of(base);
    const char *version = reported(session, "server_version");

    if (!find_identity(session, err))
        return false;
    snprintf(info->version, sizeof info->version, "PostgreSQL %.*s", (int)strcspn(version, " "),
             version);
    snprintf(info->identity, sizeof info->identity, "%s", session->identity);
    info->timeline = session->timeline;
    info->read_only = session->in_recovery ||
                      strcmp(reported(session, "default_transaction_read_only"), "on") == 0;
    return true;
}

static void postgresql_qualify(const struct session *base, struct buffer *out)
{
    const struct postgresql_session *session = (const struct postgresql_session *)base;

    buffer_printf(out, "%s.", session->schema);
}

struct presence {
    bool tables;
    bool schema;
};

static bool take_presence(void *context, size_t columns, const char *const *values)
{
    struct presence *presence = context;

    (void)columns;
    presence->tables = values[0] != NULL;
    presence->schema = values[1] != NULL;
    return true;
}

static bool postgresql_has_tables(struct session *base, bool *present, struct error *err)
{
    struct postgresql_session *session = postgresql_session_of(base);
    struct presence presence = {0};
    AUTO(text) char *table = xasprintf("%s.fleet_history", session->schema);
    const char *const parameters[] = {table, session->schema};

    if (!postgresql_query(base, "SELECT pg_catalog.to_regclass($1), pg_catalog.to_regnamespace($2)",
                          parameters, COUNT_OF(parameters), take_presence, &presence, err))
        return false;
    session->schema_missing = base->target->schema != NULL && !presence.schema;
    *present = presence.tables;
    return true;
}

const struct engine engine_postgresql = {
    .kind = ENGINE_POSTGRESQL,
    .traits = {.transactional_ddl = true, .script_transaction = true, .needs_server = true},
    .create_tables = create_tables,
    .create_tables_count = COUNT_OF(create_tables),
    .open = postgresql_open,
    .close = postgresql_close,
    .alive = postgresql_alive,
    .reset = postgresql_reset,
    .cancel = postgresql_cancel,
    .server = postgresql_server,
    .session_name = postgresql_session_name,
    .end_session = postgresql_end_session,
    .qualify = postgresql_qualify,
    .has_tables = postgresql_has_tables,
    .run = postgresql_run,
    .run_counted = postgresql_run_counted,
    .parse = postgresql_parse,
    .query = postgresql_query,
    .limit = postgresql_limit,
    .begin = postgresql_begin,
    .begin_reading = postgresql_begin_reading,
    .commit = postgresql_commit,
    .rollback = postgresql_rollback,
    .in_transaction = postgresql_in_transaction,
    .restore_settings = postgresql_restore_settings,
    .lock = postgresql_lock,
    .unlock = postgresql_unlock,
    .holds_lock = postgresql_holds_lock,
    .name_blocker = postgresql_name_blocker,
    .describe = postgresql_describe,
    .drop_invalid = postgresql_drop_invalid,
    .foresee = postgresql_foresee,
    .introspect = postgresql_introspect,
};
