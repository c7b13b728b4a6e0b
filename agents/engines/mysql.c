/*
 * MySQL and MariaDB: DDL ends any transaction, so a script is not one. Sessions keep the server's
 * own sql_mode, as its command line would; statements of ours are written to mean the same under
 * any settings that a script may leave behind.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "agents/engines/mysql_session.h"
#include "common/fault.h"
#include "common/memory.h"
#include "embedded.h"

#define ASCII(length) "VARCHAR(" #length ") CHARACTER SET ascii COLLATE ascii_bin NOT NULL"
#define DIGEST "CHAR(64) CHARACTER SET ascii COLLATE ascii_bin"
#define TEXT(length) "VARCHAR(" #length ") CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL"
#define LONG_TEXT "MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
#define INNODB " ENGINE=InnoDB DEFAULT CHARSET=utf8mb4"

/* The history comes last: has_tables looks for it, and what makes them may be cut off. */
static const char *const create_tables[] = {
    "CREATE TABLE IF NOT EXISTS %sfleet_fence (id SMALLINT NOT NULL PRIMARY KEY CHECK (id = 1),"
    " store " ASCII(255) ", rollout " ASCII(255) ", epoch BIGINT NOT NULL)" INNODB,
    "CREATE TABLE IF NOT EXISTS %sfleet_intent (attempt_key " DIGEST " NOT NULL,"
    " statement INT NOT NULL, sha256 " DIGEST " NOT NULL, class " ASCII(
        32) ","
            " state_before " LONG_TEXT ", state_after " LONG_TEXT ", session " TEXT(
                255) ","
                     " status " ASCII(32) ", version " ASCII(255) ", name " TEXT(
                         255) ", direction " ASCII(16) ","
                                                       " summary " LONG_TEXT
                                                       " NOT NULL, started_at " ASCII(
                                                           32) ","
                                                               " PRIMARY KEY (attempt_key, "
                                                               "statement))" INNODB,
    "CREATE TABLE IF NOT EXISTS %sfleet_history (seq BIGINT NOT NULL PRIMARY KEY,"
    " attempt_key " DIGEST " NOT NULL UNIQUE, part INT NOT NULL, parts INT NOT NULL,"
    " version " ASCII(255) ", name " TEXT(255) ", direction " ASCII(
        16) ","
            " source_sha256 " DIGEST " NOT NULL, rendered_sha256 " DIGEST " NOT NULL,"
            " plan " DIGEST " NOT NULL, rollout " ASCII(255) ", applied_by " TEXT(
                255) ","
                     " epoch BIGINT NOT NULL, started_at " ASCII(32) ", ended_at " ASCII(
                         32) ","
                             " fingerprint " DIGEST ", previous_hash " DIGEST ", row_hash " DIGEST
                             " NOT NULL)" INNODB,
};

static void mysql_engine_close(struct session *base)
{
    struct mysql_session *session = mysql_session_of(base);

    mysql_enter_thread();
    if (session->db != NULL)
        mysql_close(session->db);
    if (session->wake >= 0)
        close(session->wake);
    secret_free(session->password);
    text_free(session->settings);
    arena_free(session->arena);
    free(session);
}

static bool run_init_sql(struct mysql_session *session, struct error *err)
{
    const struct agent_target *target = session->base.target;

    for (size_t i = 0; i < target->init_sql_count; i++)
        if (!mysql_execute(session, target->init_sql[i], MYSQL_HASTY, err))
            return error_wrap(err, "init_sql %zu", i + 1);
    return true;
}

/* What SHOW CREATE says depends on these. */
static bool is_plain(const char *sql_mode, const char *quotes)
{
    static const char *const words[] = {
        "ANSI",  "ORACLE",  "MSSQL",     "DB2",       "POSTGRESQL",           "MAXDB",
        "MYSQL", "NO_KEY_", "NO_TABLE_", "NO_FIELD_", "NO_BACKSLASH_ESCAPES",
    };

    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (strstr(sql_mode, words[i]) != NULL)
            return false;
    return strcmp(quotes, "1") == 0;
}

static void describe_server(struct mysql_session *session, const char *identity)
{
    enum { LONGEST_DATABASE = 48 };
    struct server_info *info = &session->info;
    const char *version = mysql_get_server_info(session->db);
    const char *database = session->address.database;

    snprintf(info->version, sizeof info->version, "%s %.*s", session->mariadb ? "MariaDB" : "MySQL",
             (int)strspn(version, "0123456789."), version);
    snprintf(info->identity, sizeof info->identity, "%.40s/%.48s", identity,
             strlen(database) <= LONGEST_DATABASE ? database : session->lock_name);
}

/* The columns of mysql_settings.sql. */
static bool note_settings(void *context, size_t columns, const char *const *values)
{
    struct mysql_session *session = context;

    (void)columns;
    session->settings = xstrdup(values[0]);
    session->plain_mode = is_plain(values[1], values[2]);
    session->info.read_only = strcmp(values[3], "0") != 0;
    describe_server(session, values[4]);
    return true;
}

/* The first of the expressions that the server knows tells it from all others. */
static bool read_settings(struct mysql_session *session, struct error *err)
{
    enum { UNKNOWN_VARIABLE = 1193 };
    static const char *const identities[] = {
        "@@server_uid",  /* MariaDB from 10.11.5 on */
        "@@server_uuid", /* MySQL */
        "CONCAT(@@server_id, '@', @@hostname, ':', @@port)",
    };
    size_t i = session->mariadb ? 0 : 1;

    for (; i < COUNT_OF(identities); i++) {
        AUTO_BUFFER struct buffer sql = {0};

        buffer_append_text(&sql, text_mysql_settings);
        buffer_append_text(&sql, identities[i]);
        error_clear(err);
        if (mysql_perform(session, sql.bytes, sql.length, MYSQL_HASTY, err) &&
            mysql_drain(session, note_settings, session, err))
            return true;
        if (session->base.broken || mysql_errno(session->db) != UNKNOWN_VARIABLE)
            break;
    }
    return error_wrap(err, "cannot read the session's settings");
}

static bool log_in(struct mysql_session *session, struct error *err)
{
    session->db = mysql_dial(&session->address, session->password, err);
    if (session->db == NULL)
        return false;
    session->id = mysql_thread_id(session->db);
    session->mariadb = strstr(mysql_get_server_info(session->db), "MariaDB") != NULL;
    return run_init_sql(session, err) && read_settings(session, err);
}

static struct session *mysql_engine_open(const struct agent_target *target,
                                         const struct clock *clock, const char *password,
                                         struct error *err)
{
    struct mysql_session *session = xcalloc(1, sizeof *session);

    session->base = (struct session){.engine = &engine_mysql, .target = target, .clock = clock};
    session->arena = arena_new();
    session->password = password != NULL ? xstrdup(password) : NULL;
    session->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (session->wake < 0) {
        error_set(err, ERROR_IO, "no file descriptor is left for an eventfd");
    } else if (mysql_address_parse(session->arena, target->url, &session->address, err)) {
        mysql_make_lock_name(session->address.database, session->lock_name);
        if (log_in(session, err))
            return &session->base;
    }
    mysql_engine_close(&session->base);
    return NULL;
}

/* An idle server says nothing: whatever can be read is the end, or the words before it. */
static bool mysql_alive(struct session *base)
{
    struct mysql_session *session = mysql_session_of(base);
    struct pollfd server = {.fd = mysql_socket_of(session->db), .events = POLLIN | POLLRDHUP};

    return !base->broken && poll(&server, 1, 0) == 0;
}

static bool mysql_in_transaction(const struct session *base)
{
    const struct mysql_session *session = (const struct mysql_session *)base;

    return !base->broken && (session->db->server_status & SERVER_STATUS_IN_TRANS) != 0;
}

/* Switching autocommit on commits what is open: a transaction is left to its owner. */
static bool restore_autocommit(struct mysql_session *session, struct error *err)
{
    if ((session->db->server_status & SERVER_STATUS_AUTOCOMMIT) != 0 ||
        mysql_in_transaction(&session->base))
        return true;
    return mysql_execute(session, "SET SESSION autocommit = 1", MYSQL_STEADY, err);
}

/* Settings and the default database, which a script's USE may have changed. */
static bool restore(struct mysql_session *session, struct error *err)
{
    if (!mysql_execute(session, session->settings, MYSQL_STEADY, err) ||
        !restore_autocommit(session, err))
        return error_wrap(err, "cannot restore the session's settings");
    if (mysql_select_db(session->db, session->address.database) != 0)
        return mysql_fail(session, NULL, 0, err);
    session->told_lock_timeout_ms = -1;
    return true;
}

static bool start_afresh(struct mysql_session *session, struct error *err)
{
    mysql_enter_thread();
    if (session->base.broken || mysql_reset_connection(session->db) != 0)
        return session->base.broken ? error_set(err, ERROR_CONNECT, "the connection was lost")
                                    : mysql_fail(session, NULL, 0, err);
    session->locked = false;
    session->told_read_only = false;
    session->lock_ends_with_transaction = false;
    if (!restore(session, err) || !run_init_sql(session, err))
        return false;
    session->lock_timeout_ms = 0;
    session->told_lock_timeout_ms = 0;
    session->statement_timeout_ms = 0;
    session->altered = false;
    return true;
}

static bool end_transaction(struct mysql_session *session, const char *sql, struct error *err)
{
    if (!mysql_execute(session, sql, MYSQL_STEADY, err))
        return false;
    /* ROLLBACK has no other warning than ER_WARNING_NOT_COMPLETE_ROLLBACK. */
    session->base.kept_changes = mysql_warning_count(session->db) != 0;
    return !session->lock_ends_with_transaction || mysql_unlock(&session->base, err);
}

static bool mysql_engine_rollback(struct session *base, struct error *err)
{
    return base->broken || end_transaction(mysql_session_of(base), "ROLLBACK", err);
}

static bool mysql_engine_commit(struct session *base, struct error *err)
{
    struct mysql_session *session = mysql_session_of(base);

    if (FAULT_ERROR(commit, err))
        return false;
    bool ok = end_transaction(session, "COMMIT", err);
    FAULT_POINT(committed);
    if (ok)
        return true;
    if (base->broken)
        err->code = ERROR_UNKNOWN;
    return false;
}

static bool mysql_begin(struct session *base, struct error *err)
{
    struct mysql_session *session = mysql_session_of(base);

    return mysql_sync_limits(session, err) &&
           mysql_execute(session, "START TRANSACTION READ WRITE", MYSQL_HASTY, err);
}

/* The session's mode as well: a statement that ends a transaction by itself runs in that one. */
static bool mysql_begin_reading(struct session *base, struct error *err)
{
    struct mysql_session *session = mysql_session_of(base);

    session->altered = true;
    return mysql_sync_limits(session, err) &&
           mysql_execute(session, "SET SESSION TRANSACTION READ ONLY", MYSQL_STEADY, err) &&
           mysql_execute(session, "START TRANSACTION READ ONLY", MYSQL_HASTY, err);
}

static void append_timeout(struct buffer *sql, const char *name, int64_t timeout_ms)
{
    enum { SECOND_MS = 1000 };

    if (timeout_ms == 0)
        buffer_printf(sql, "%s = DEFAULT", name);
    else
        buffer_printf(sql, "%s = %lld", name,
                      (long long)((timeout_ms + SECOND_MS - 1) / SECOND_MS));
}

/* The server counts locks' timeouts in seconds, from 1. */
bool mysql_sync_limits(struct mysql_session *session, struct error *err)
{
    AUTO_BUFFER struct buffer sql = {0};

    if (session->told_lock_timeout_ms == session->lock_timeout_ms)
        return true;
    buffer_append_text(&sql, "SET SESSION ");
    append_timeout(&sql, "lock_wait_timeout", session->lock_timeout_ms);
    append_timeout(&sql, ", innodb_lock_wait_timeout", session->lock_timeout_ms);
    if (!mysql_execute(session, buffer_text(&sql), MYSQL_STEADY, err))
        return false;
    session->told_lock_timeout_ms = session->lock_timeout_ms;
    return true;
}

/* A statement's limit is kept by us: the server's own would also strike statements of ours, and on
   MySQL only SELECT. */
static bool mysql_limit(struct session *base, int64_t lock_timeout_ms, int64_t statement_timeout_ms,
                        struct error *err)
{
    struct mysql_session *session = mysql_session_of(base);

    (void)err;
    session->statement_timeout_ms = statement_timeout_ms;
    session->lock_timeout_ms = lock_timeout_ms;
    return true;
}

static bool mysql_reset(struct session *base, struct error *err)
{
    struct mysql_session *session = mysql_session_of(base);

    if (session->altered || base->broken)
        return start_afresh(session, err);
    return (!mysql_in_transaction(base) || mysql_engine_rollback(base, err)) &&
           (!session->locked || mysql_unlock(base, err)) && mysql_limit(base, 0, 0, err);
}

static bool mysql_restore_settings(struct session *base, struct error *err)
{
    struct mysql_session *session = mysql_session_of(base);

    if (!session->altered)
        return true;
    return restore(session, err);
}

static void mysql_cancel(struct session *base)
{
    (void)eventfd_write(mysql_session_of(base)->wake, 1);
}

void mysql_note_standing(struct session *base, const char *value)
{
    struct mysql_session *session = mysql_session_of(base);

    session->info.read_only = strcmp(value, "0") != 0;
    session->told_read_only = true;
}

static bool take_standing(void *context, size_t columns, const char *const *values)
{
    (void)columns;
    mysql_note_standing(context, values[0]);
    return true;
}

/* A session may outlive a change of roles, so what may change is asked again. */
static bool mysql_server(struct session *base, struct server_info *info, struct error *err)
{
    static const char sql[] = "SELECT " MYSQL_STANDING;
    struct mysql_session *session = mysql_session_of(base);

    if (!session->told_read_only &&
        (!mysql_perform(session, sql, sizeof sql - 1, MYSQL_HASTY, err) ||
         !mysql_drain(session, take_standing, base, err)))
        return error_wrap(err, "cannot ask whether the server is read-only");
    session->told_read_only = false;
    *info = session->info;
    return true;
}

static void mysql_qualify(const struct session *base, struct buffer *out)
{
    mysql_append_name(out, ((const struct mysql_session *)base)->address.database);
    buffer_append_char(out, '.');
}

/* Opening the table is quicker than asking information_schema for it. */
static bool mysql_has_tables(struct session *base, bool *present, struct error *err)
{
    enum { NO_SUCH_TABLE = 1146 };
    struct mysql_session *session = mysql_session_of(base);
    AUTO_BUFFER struct buffer sql = {0};

    buffer_append_text(&sql, "SELECT 1 FROM ");
    mysql_qualify(base, &sql);
    buffer_append_text(&sql, "fleet_history LIMIT 0");
    *present = mysql_query_ours(base, buffer_text(&sql), NULL, 0, NULL, NULL, err);
    if (*present || base->broken || mysql_errno(session->db) != NO_SUCH_TABLE)
        return *present;
    error_clear(err);
    return true;
}

const struct engine engine_mysql = {
    .kind = ENGINE_MYSQL,
    .traits = {.transactional_ddl = false, .script_transaction = false, .needs_server = true},
    .create_tables = create_tables,
    .create_tables_count = COUNT_OF(create_tables),
    .foreign_keys_off = "SET SESSION foreign_key_checks = 0",
    .open = mysql_engine_open,
    .close = mysql_engine_close,
    .alive = mysql_alive,
    .reset = mysql_reset,
    .cancel = mysql_cancel,
    .server = mysql_server,
    .standing = MYSQL_STANDING,
    .note_standing = mysql_note_standing,
    .session_name = mysql_session_name,
    .end_session = mysql_end_session,
    .qualify = mysql_qualify,
    .has_tables = mysql_has_tables,
    .run = mysql_run,
    .run_counted = mysql_run_counted,
    .parse = mysql_parse,
    .query = mysql_query_ours,
    .limit = mysql_limit,
    .begin = mysql_begin,
    .begin_reading = mysql_begin_reading,
    .commit = mysql_engine_commit,
    .rollback = mysql_engine_rollback,
    .in_transaction = mysql_in_transaction,
    .restore_settings = mysql_restore_settings,
    .lock = mysql_lock,
    .unlock = mysql_unlock,
    .holds_lock = mysql_holds_lock,
    .name_blocker = mysql_name_blocker,
    .describe = mysql_describe,
    .keeps_rows = mysql_keeps_rows,
    .foresee = mysql_foresee,
    .introspect = mysql_introspect,
};
