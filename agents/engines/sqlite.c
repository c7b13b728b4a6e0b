/*
 * SQLite: a session is an open file. BEGIN IMMEDIATE takes the one write lock, so beginning a
 * transaction is locking. What a script may leave behind in a connection (pragmas, attached
 * databases, temporary tables) goes when reset opens the file again.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "agents/engines/sqlite_introspect.h"
#include "agents/engines/sqlite_session.h"
#include "agents/engines/sqlite_tokens.h"
#include "common/fault.h"
#include "common/memory.h"

/* Instructions of SQLite's virtual machine between two looks at deadline and cancellation. */
enum { PROGRESS_STEPS = 4000, LONGEST_NAP_MS = 25 };

/* The history comes last: has_tables looks for it, and what makes them may be cut off. */
static const char *const create_tables[] = {
    "CREATE TABLE IF NOT EXISTS %sfleet_fence (id INTEGER PRIMARY KEY CHECK (id = 1),"
    " store TEXT NOT NULL, rollout TEXT NOT NULL, epoch INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS %sfleet_intent (attempt_key TEXT NOT NULL,"
    " statement INTEGER NOT NULL, sha256 TEXT NOT NULL, class TEXT NOT NULL,"
    " state_before TEXT, state_after TEXT, session TEXT NOT NULL, status TEXT NOT NULL,"
    " version TEXT NOT NULL, name TEXT NOT NULL, direction TEXT NOT NULL, summary TEXT NOT NULL,"
    " started_at TEXT NOT NULL, PRIMARY KEY (attempt_key, statement)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS %sfleet_history (seq INTEGER PRIMARY KEY,"
    " attempt_key TEXT NOT NULL UNIQUE, part INTEGER NOT NULL, parts INTEGER NOT NULL,"
    " version TEXT NOT NULL, name TEXT NOT NULL, direction TEXT NOT NULL,"
    " source_sha256 TEXT NOT NULL, rendered_sha256 TEXT NOT NULL, plan TEXT NOT NULL,"
    " rollout TEXT NOT NULL, applied_by TEXT NOT NULL, epoch INTEGER NOT NULL,"
    " started_at TEXT NOT NULL, ended_at TEXT NOT NULL, fingerprint TEXT, previous_hash TEXT,"
    " row_hash TEXT NOT NULL)",
};

int64_t sqlite_now_ms(const struct sqlite_session *session)
{
    return session->base.clock->monotonic_ms(session->base.clock);
}

static bool is_past(const struct sqlite_session *session, int64_t deadline_ms)
{
    return deadline_ms != 0 && sqlite_now_ms(session) >= deadline_ms;
}

bool sqlite_must_stop(const struct sqlite_session *session)
{
    return atomic_load(&session->base.cancelled) || is_past(session, session->base.deadline_ms) ||
           is_past(session, session->statement_deadline_ms);
}

static int on_progress(void *context)
{
    return sqlite_must_stop(context) ? 1 : 0;
}

/* SQLite asks whether to go on waiting for another connection's lock. */
static int on_busy(void *context, int tries)
{
    struct sqlite_session *session = context;
    uint8_t jitter;

    if (tries == 0)
        session->waiting_since_ms = sqlite_now_ms(session);
    if (session->impatient || sqlite_must_stop(session) ||
        sqlite_now_ms(session) - session->waiting_since_ms >= session->lock_timeout_ms)
        return 0;
    sqlite3_randomness(sizeof jitter, &jitter);
    int nap_ms = (tries < 5 ? 1 : LONGEST_NAP_MS / 2) + jitter % (LONGEST_NAP_MS / 2);
    nanosleep(&(struct timespec){.tv_nsec = nap_ms * 1000000L}, NULL);
    return 1;
}

/* Counting memory takes a lock of the whole process at each allocation: with workers side by side a
   quarter of their time. SQLite refuses once it is in use, which costs that time and no more. */
static void sqlite_prepare(void)
{
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static void replace_database(struct sqlite_session *session, sqlite3 *db)
{
    pthread_mutex_lock(&session->guard);
    sqlite3 *old = session->db;
    session->db = db;
    pthread_mutex_unlock(&session->guard);
    sqlite3_close_v2(old);
}

/* Runs one statement that gives nothing back. */
static bool execute(struct sqlite_session *session, const char *sql, struct error *err)
{
    int result = sqlite3_exec(session->db, sql, NULL, NULL, NULL);

    return result == SQLITE_OK || sqlite_fail(session, result, sql, strlen(sql), err);
}

static bool run_init_sql(struct sqlite_session *session, struct error *err)
{
    const struct agent_target *target = session->base.target;

    for (size_t i = 0; i < target->init_sql_count; i++)
        if (!execute(session, target->init_sql[i], err))
            return error_wrap(err, "init_sql %zu", i + 1);
    return true;
}

static bool open_database(struct sqlite_session *session, struct error *err)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_EXRESCODE |
                SQLITE_OPEN_NOMUTEX; /* one thread at a time, and sqlite3_interrupt needs none */
    sqlite3 *db = NULL;
    int result = sqlite3_open_v2(session->path, &db, flags, NULL);

    replace_database(session, db);
    if (result != SQLITE_OK) {
        const char *reason = db != NULL ? sqlite3_errmsg(db) : sqlite3_errstr(result);

        return error_set(err, ERROR_CONNECT, "%s: %s (its directory must exist and be writable)",
                         session->path, reason);
    }
    sqlite3_busy_handler(db, on_busy, session);
    sqlite3_progress_handler(db, PROGRESS_STEPS, on_progress, session);
    session->touched = false;
    return run_init_sql(session, err);
}

static void sqlite_close(struct session *base)
{
    struct sqlite_session *session = sqlite_session_of(base);
    struct error ignored = {0};

    sqlite_drop_cached(session);
    (void)!sqlite_unlock(base, &ignored);
    replace_database(session, NULL);
    pthread_mutex_destroy(&session->guard);
    free(session);
}

/* The first read shows whether the file is a database at all. */
static bool read_something(struct sqlite_session *session, struct error *err)
{
    if (execute(session, "SELECT 1 FROM main.sqlite_schema LIMIT 1", err))
        return true;
    if (err->code == ERROR_SQL)
        err->code = ERROR_CONNECT;
    return false;
}

static struct session *sqlite_open(const struct agent_target *target, const struct clock *clock,
                                   const char *password, struct error *err)
{
    static const char scheme[] = "sqlite:";

    (void)password;
    if (strncmp(target->url, scheme, strlen(scheme)) != 0 || target->url[strlen(scheme)] == '\0') {
        error_set(err, ERROR_CONFIG, "url \"%s\" is not sqlite:PATH", target->url);
        return NULL;
    }
    struct sqlite_session *session = xcalloc(1, sizeof *session);
    session->base = (struct session){.engine = &engine_sqlite, .target = target, .clock = clock};
    session->path = target->url + strlen(scheme);
    session->lock_timeout_ms = SQLITE_LOCK_WAIT_MS;
    session->lock_file = -1;
    pthread_mutex_init(&session->guard, NULL);
    if (!open_database(session, err) || !read_something(session, err)) {
        sqlite_close(&session->base);
        return NULL;
    }
    return &session->base;
}

static bool sqlite_rollback(struct session *base, struct error *err)
{
    struct sqlite_session *session = sqlite_session_of(base);

    if (sqlite3_get_autocommit(session->db) != 0)
        return true;
    return execute(session, "ROLLBACK", err);
}

/* A file that was removed or replaced stays open here, but is no longer the target. */
static bool sqlite_alive(struct session *base)
{
    int moved = 1;
    int result =
        sqlite3_file_control(sqlite_session_of(base)->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved);

    return result == SQLITE_OK && moved == 0;
}

static bool sqlite_reset(struct session *base, struct error *err)
{
    struct sqlite_session *session = sqlite_session_of(base);

    session->lock_timeout_ms = SQLITE_LOCK_WAIT_MS;
    session->statement_timeout_ms = 0;
    if (!sqlite_rollback(base, err) || !sqlite_unlock(base, err))
        return false;
    if (!session->touched)
        return true;
    sqlite_drop_cached(session);
    return open_database(session, err);
}

static void sqlite_cancel(struct session *base)
{
    struct sqlite_session *session = sqlite_session_of(base);

    pthread_mutex_lock(&session->guard);
    if (session->db != NULL)
        sqlite3_interrupt(session->db);
    pthread_mutex_unlock(&session->guard);
}

static bool sqlite_server(struct session *base, struct server_info *info, struct error *err)
{
    struct sqlite_session *session = sqlite_session_of(base);
    struct stat file;

    if (stat(session->path, &file) != 0)
        return error_set(err, ERROR_CONNECT, "%s is gone", session->path);
    snprintf(info->version, sizeof info->version, "SQLite %s", sqlite3_libversion());
    snprintf(info->identity, sizeof info->identity, "%ju:%ju", (uintmax_t)file.st_dev,
             (uintmax_t)file.st_ino);
    info->read_only = sqlite3_db_readonly(session->db, "main") == 1;
    return true;
}

static bool sqlite_session_name(struct session *session, struct buffer *out, struct error *err)
{
    (void)session;
    (void)err;
    buffer_printf(out, "process %ld", (long)getpid());
    return true;
}

static void sqlite_qualify(const struct session *session, struct buffer *out)
{
    (void)session;
    buffer_append_text(out, "main.");
}

static bool note_row(void *context, size_t columns, const char *const *values)
{
    (void)columns;
    (void)values;
    *(bool *)context = true;
    return true;
}

static bool sqlite_has_tables(struct session *session, bool *present, struct error *err)
{
    *present = false;
    return session->engine->query(session,
                                  "SELECT 1 FROM main.sqlite_schema"
                                  " WHERE type = 'table' AND name = 'fleet_history'",
                                  NULL, 0, note_row, present, err);
}

static bool sqlite_limit(struct session *base, int64_t lock_timeout_ms,
                         int64_t statement_timeout_ms, struct error *err)
{
    struct sqlite_session *session = sqlite_session_of(base);

    (void)err;
    session->lock_timeout_ms = lock_timeout_ms != 0 ? lock_timeout_ms : SQLITE_LOCK_WAIT_MS;
    session->statement_timeout_ms = statement_timeout_ms;
    return true;
}

static bool sqlite_begin(struct session *base, struct error *err)
{
    struct sqlite_session *session = sqlite_session_of(base);

    session->impatient = true;
    bool ok = base->engine->query(base, "BEGIN IMMEDIATE", NULL, 0, NULL, NULL, err);
    session->impatient = false;
    return ok;
}

/* The switch is the connection's; a reset opens another one. */
static bool sqlite_begin_reading(struct session *base, struct error *err)
{
    sqlite_session_of(base)->touched = true;
    return base->engine->query(base, "PRAGMA query_only = 1", NULL, 0, NULL, NULL, err) &&
           base->engine->query(base, "BEGIN", NULL, 0, NULL, NULL, err);
}

/* A reader can hold off a commit; the transaction is then still open. */
static bool sqlite_commit(struct session *session, struct error *err)
{
    bool ok = !FAULT_ERROR(commit, err) &&
              session->engine->query(session, "COMMIT", NULL, 0, NULL, NULL, err);

    FAULT_POINT(committed);
    return ok;
}

static bool sqlite_in_transaction(const struct session *session)
{
    return sqlite3_get_autocommit(((const struct sqlite_session *)session)->db) == 0;
}

/* Our tables are named with their schema, and no pragma changes what plain SQL on them means. */
static bool sqlite_restore_settings(struct session *session, struct error *err)
{
    (void)session;
    (void)err;
    return true;
}

/* A table's share of the file is not known without a module that few builds have; the whole file is
   the most that it can be. Nobody can be in a transaction while we write. */
static bool sqlite_foresee(struct session *base, struct arena *arena, struct outlook *outlooks,
                           size_t count, struct buffer *lingering, struct error *err)
{
    const char *path = sqlite_session_of(base)->path;
    const char *slash = strrchr(path, '/');
    struct stat file;

    (void)lingering;
    if (stat(path, &file) != 0)
        return error_set_errno(err, errno, "%s", path);
    for (size_t i = 0; i < count; i++) {
        outlooks[i].table_bytes = file.st_size;
        outlooks[i].directory = slash == NULL   ? "."
                                : slash == path ? "/"
                                                : arena_copy(arena, path, (size_t)(slash - path));
    }
    return true;
}

static bool add_violation(void *context, size_t columns, const char *const *values)
{
    (void)columns;
    buffer_printf(context, "%s row %s refers to a missing row of %s\n", values[0],
                  values[1] != NULL ? values[1] : "?", values[2]);
    return true;
}

static bool sqlite_foreign_key_violations(struct session *session, struct buffer *out,
                                          struct error *err)
{
    return session->engine->query(session, "PRAGMA main.foreign_key_check", NULL, 0, add_violation,
                                  out, err);
}

/* PRAGMA [main.]foreign_keys = VALUE, or VALUE in parentheses. SQLite takes anything that is not
   one of these for off. */
static bool sqlite_is_foreign_keys_switch(const char *sql, size_t length, bool *off)
{
    static const char *const on[] = {"on", "yes", "true", "1", "'on'", "\"on\""};
    struct sqlite_tokens tokens = sqlite_tokens_of(sql, length);
    struct sqlite_token words[3];
    size_t count = 0;

    while (count < COUNT_OF(words) && sqlite_tokens_next(&tokens, &words[count])) {
        bool noise =
            words[count].kind == SQLITE_TOKEN_SIGN || sqlite_token_is(&words[count], "main");

        count += noise ? 0 : 1;
    }
    if (count < COUNT_OF(words) || !sqlite_token_is(&words[0], "pragma") ||
        !sqlite_token_is(&words[1], "foreign_keys"))
        return false;
    *off = true;
    for (size_t i = 0; i < COUNT_OF(on); i++)
        *off = *off && !sqlite_token_is(&words[2], on[i]);
    return true;
}

const struct engine engine_sqlite = {
    .kind = ENGINE_SQLITE,
    .traits = {.transactional_ddl = true, .script_transaction = true, .needs_server = false},
    .create_tables = create_tables,
    .create_tables_count = COUNT_OF(create_tables),
    .foreign_keys_off = "PRAGMA foreign_keys = OFF",
    .foreign_key_violations = sqlite_foreign_key_violations,
    .is_foreign_keys_switch = sqlite_is_foreign_keys_switch,
    .prepare = sqlite_prepare,
    .open = sqlite_open,
    .close = sqlite_close,
    .alive = sqlite_alive,
    .reset = sqlite_reset,
    .cancel = sqlite_cancel,
    .server = sqlite_server,
    .session_name = sqlite_session_name,
    .qualify = sqlite_qualify,
    .has_tables = sqlite_has_tables,
    .run = sqlite_run,
    .run_counted = sqlite_run_counted,
    .parse = sqlite_parse,
    .query = sqlite_query,
    .limit = sqlite_limit,
    .begin = sqlite_begin,
    .begin_reading = sqlite_begin_reading,
    .commit = sqlite_commit,
    .rollback = sqlite_rollback,
    .in_transaction = sqlite_in_transaction,
    .restore_settings = sqlite_restore_settings,
    .lock = sqlite_lock,
    .unlock = sqlite_unlock,
    .holds_lock = sqlite_holds_lock,
    .name_blocker = sqlite_name_blocker,
    .describe = sqlite_describe,
    .foresee = sqlite_foresee,
    .introspect = sqlite_introspect,
};
