#include "contract_env.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agents/fingerprint.h"
#include "common/memory.h"

static const struct contract_dialect dialects[ENGINE_KIND_COUNT] = {
    [ENGINE_POSTGRESQL] =
        {
            .kind = ENGINE_POSTGRESQL,
            .url_variable = "FLEET_TEST_POSTGRESQL_URL",
            .slow = "SELECT pg_sleep(60)",
            .still_runs = "SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND"
                          " datname = current_database() AND query LIKE 'SELECT pg_sl%(60)%'"
                          " AND pid <> pg_backend_pid()",
            .setting = "SET search_path = public, pg_catalog",
            .setting_is_changed =
                "SELECT 1 WHERE current_setting('search_path') LIKE '%pg_catalog%'",
            .bad_url = "postgresql://nobody@/nothing?host=/nonexistent",
        },
    [ENGINE_MYSQL] =
        {
            .kind = ENGINE_MYSQL,
            .url_variable = "FLEET_TEST_MYSQL_URL",
            .slow = "SELECT BENCHMARK(100000000000, SHA2('a', 512))",
            .still_runs = "SELECT 1 FROM information_schema.processlist WHERE db = database() AND"
                          " info LIKE 'SELECT BENCH%' AND id <> connection_id()",
            .setting = "SET SESSION foreign_key_checks = 0",
            .setting_is_changed = "SELECT 1 FROM (SELECT @@foreign_key_checks AS f) t WHERE f = 0",
            .bad_url = "mysql://nobody@localhost/nothing?socket=/nonexistent/sock",
        },
    [ENGINE_SQLITE] =
        {
            .kind = ENGINE_SQLITE,
            .slow = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
                    " SELECT count(*) FROM n",
            .setting = "PRAGMA foreign_keys = ON",
            .setting_is_changed = "SELECT 1 FROM pragma_foreign_keys WHERE foreign_keys = 1",
            .bad_url = "sqlite:/nonexistent/directory/file.db",
        },
};

enum { WIPE_PATIENCE_MS = 5000 };

/* All that a test may leave behind, children first. */
static const char *const wipe[] = {
    "DROP VIEW IF EXISTS c_view",       "DROP TABLE IF EXISTS c_child",
    "DROP TABLE IF EXISTS c_parent",    "DROP TABLE IF EXISTS c_items",
    "DROP TABLE IF EXISTS c_other",     "DROP TABLE IF EXISTS fleet_history",
    "DROP TABLE IF EXISTS fleet_fence", "DROP TABLE IF EXISTS fleet_intent",
};

const struct contract_dialect *contract_dialect_of(enum engine_kind kind)
{
    return &dialects[kind];
}

static void find_database(struct contract_env *env)
{
    const char *variable = env->dialect->url_variable;

    if (variable == NULL) {
        snprintf(env->directory, sizeof env->directory, "/tmp/fleet-contract-XXXXXX");
        assert_non_null(mkdtemp(env->directory));
        snprintf(env->url, sizeof env->url, "sqlite:%s/target.db", env->directory);
        return;
    }
    const char *url = getenv(variable);
    if (url == NULL)
        fail_msg("%s is not set: run this through tests/support/with-servers", variable);
    snprintf(env->url, sizeof env->url, "%s", url);
}

int contract_set_up(void **state)
{
    struct contract_env *env = xcalloc(1, sizeof *env);

    env->dialect = *state;
    env->engine = engine_of(env->dialect->kind);
    find_database(env);
    env->target =
        (struct agent_target){.name = "contract", .engine = env->dialect->kind, .url = env->url};
    *state = env;
    AUTO(session) struct session *session = contract_open(env);
    struct error err = {0};
    /* A test that failed may have left a transaction open. */
    assert_true(env->engine->limit(session, WIPE_PATIENCE_MS, 0, &err));
    for (size_t i = 0; i < COUNT_OF(wipe); i++)
        contract_do(session, wipe[i]);
    return 0;
}

static void remove_files(const char *directory)
{
    static const char *const names[] = {"target.db", "target.db-journal", "target.db-wal",
                                        "target.db-shm", "target.db-fleet-lock"};

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        AUTO(text) char *path = xasprintf("%s/%s", directory, names[i]);

        unlink(path);
    }
    assert_int_equal(rmdir(directory), 0);
}

int contract_tear_down(void **state)
{
    struct contract_env *env = *state;

    if (env->directory[0] != '\0')
        remove_files(env->directory);
    free(env);
    return 0;
}

static void must(bool ok, const struct error *err, const char *what)
{
    if (!ok)
        fail_msg("%s: %s: %s", what, error_code_name(err->code), err->message);
}

struct session *contract_open(const struct contract_env *env)
{
    struct error err = {0};
    struct session *session = session_open(&env->target, clock_system(), &err);

    must(session != NULL, &err, "open");
    return session;
}

void contract_do(struct session *session, const char *sql)
{
    struct error err = {0};

    must(session->engine->run(session, sql, strlen(sql), &err), &err, sql);
}

void contract_begin(struct session *session)
{
    struct error err = {0};

    must(session->engine->begin(session, &err), &err, "begin");
}

void contract_commit(struct session *session)
{
    struct error err = {0};

    must(session->engine->commit(session, &err), &err, "commit");
}

void contract_create_tables(struct session *session)
{
    const struct engine *engine = session->engine;
    AUTO_BUFFER struct buffer qualifier = {0};

    engine->qualify(session, &qualifier);
    for (size_t i = 0; i < engine->create_tables_count; i++) {
        const char *text = engine->create_tables[i];
        const char *place = strstr(text, "%s");

        assert_non_null(place);
        AUTO(text)
        char *sql =
            xasprintf("%.*s%s%s", (int)(place - text), text, buffer_text(&qualifier), place + 2);
        contract_do(session, sql);
    }
}

int64_t contract_count_rows(struct session *session, const char *sql)
{
    struct error err = {0};
    int64_t rows = -1;

    must(session->engine->run_counted(session, sql, strlen(sql), &rows, &err), &err, sql);
    return rows;
}

char *contract_schema(struct session *session)
{
    struct error err = {0};
    AUTO_BUFFER struct buffer schema = {0};

    must(fingerprint_lines(session, &schema, &err), &err, "introspect");
    buffer_append_char(&schema, '\n');
    return buffer_take(&schema);
}

struct error contract_refused(struct session *session, const char *sql, enum error_code code)
{
    struct error err = {0};

    if (session->engine->run(session, sql, strlen(sql), &err))
        fail_msg("it was not refused: %s", sql);
    if (err.code != code)
        fail_msg("%s: %s, not %s: %s", sql, error_code_name(err.code), error_code_name(code),
                 err.message);
    return err;
}

bool contract_try_lock(struct session *session, enum lock_span span)
{
    struct error err = {0};
    bool taken = false;

    if (span == LOCK_TRANSACTION && !session->engine->begin(session, &err)) {
        assert_int_equal(err.code, ERROR_LOCKED);
        return false;
    }
    must(session->engine->lock(session, span, &taken, &err), &err, "lock");
    if (span == LOCK_TRANSACTION && !taken)
        must(session->engine->rollback(session, &err), &err, "rollback");
    return taken;
}
