/* What is special to PostgreSQL; what every engine must do is in the contract. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "postgresql_env.h"

static char server_url[] = "FLEET_TEST_POSTGRESQL_URL";

static void assert_value(struct session *session, const char *sql, const char *expected)
{
    AUTO(text) char *value = postgresql_value(session, sql);

    assert_string_equal(value, expected);
}

static void assert_contains(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" does not contain \"%s\"", text, part);
}

static void end_backend(const struct contract_env *env, struct session *victim)
{
    AUTO(session) struct session *other = contract_open(env);
    AUTO(text) char *pid = postgresql_value(victim, "SELECT pg_backend_pid()");
    AUTO(text) char *end = xasprintf("SELECT pg_terminate_backend(%s, 10000)", pid);

    assert_value(other, end, "t");
}

static void a_lost_commit_reply_is_unknown_not_failed(void **state)
{
    struct contract_env *env = *state;
    AUTO(session) struct session *session = contract_open(env);
    struct error err = {0};

    contract_begin(session);
    contract_do(session, "CREATE TABLE t (id integer)");
    end_backend(env, session);
    assert_false(env->engine->commit(session, &err));
    assert_int_equal(err.code, ERROR_UNKNOWN);
    assert_true(session->broken);
    error_clear(&err);
    assert_true(env->engine->rollback(session, &err));
}

static void a_lost_session_fails_its_statement_and_is_not_alive(void **state)
{
    struct contract_env *env = *state;
    AUTO(session) struct session *session = contract_open(env);
    AUTO(session) struct session *idle = contract_open(env);

    assert_true(env->engine->alive(idle));
    end_backend(env, session);
    end_backend(env, idle);
    contract_refused(session, "SELECT 1", ERROR_CONNECT);
    assert_true(session->broken);
    assert_false(env->engine->alive(idle));
}

static void a_failed_transaction_does_not_commit_in_silence(void **state)
{
    struct contract_env *env = *state;
    AUTO(session) struct session *session = contract_open(env);
    struct error err = {0};

    contract_begin(session);
    contract_do(session, "CREATE TABLE t (id integer)");
    contract_refused(session, "SELECT 1/0", ERROR_SQL);
    assert_false(env->engine->commit(session, &err));
    assert_int_equal(err.code, ERROR_SQL);
    assert_value(session, "SELECT to_regclass('public.t')", "");
}

static void a_transaction_that_is_not_ours_is_noticed(void **state)
{
    static const struct {
        const char *first;
        const char *second;
        bool ours;
    } cases[] = {
        {"COMMIT", "BEGIN", false},
        {"ROLLBACK", "START TRANSACTION", false},
        {"COMMIT AND CHAIN", NULL, false},
        {"ROLLBACK AND CHAIN", NULL, false},
        {"PREPARE TRANSACTION 'mine'", "ROLLBACK PREPARED 'mine'", false},
        {"SAVEPOINT a", "ROLLBACK TO a", true},
        {"BEGIN", NULL, true},
    };
    struct contract_env *env = *state;
    AUTO(session) struct session *session = contract_open(env);

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct error err = {0};

        contract_begin(session);
        contract_do(session, "SELECT 1");
        contract_do(session, cases[i].first);
        if (cases[i].second != NULL)
            contract_do(session, cases[i].second);
        if (env->engine->in_transaction(session) != cases[i].ours)
            fail_msg("%s", cases[i].first);
        assert_true(env->engine->rollback(session, &err));
    }
}

static void copy_is_refused_and_the_session_goes_on(void **state)
{
    struct contract_env *env = *state;
    AUTO(session) struct session *session = contract_open(env);

    contract_do(session, "CREATE TABLE t (id integer)");
    contract_refused(session, "COPY t FROM STDIN", ERROR_UNSUPPORTED);
    contract_refused(session, "COPY (SELECT generate_series(1, 100000)) TO STDOUT",
                     ERROR_UNSUPPORTED);
    assert_value(session, "SELECT count(*) FROM t", "0");
}

static void the_header_of_a_dump_does_not_disturb_us(void **state)
{
    static const char *const header[] = {
        "SELECT pg_catalog.set_config('search_path', '', false)",
        "SET standard_conforming_strings = off",
        "SET client_encoding = 'LATIN1'",
        "CREATE ROLE fleet_nobody",
        "SET ROLE fleet_nobody",
    };
    struct contract_env *env = *state;
    AUTO(session) struct session *session = contract_open(env);
    const char *const parameters[] = {"a\\b 'c' €"};
    struct error err = {0};

    contract_do(session, "CREATE TABLE public.t (note text)");
    contract_begin(session);
    for (size_t i = 0; i < COUNT_OF(header); i++)
        contract_do(session, header[i]);
    assert_true(env->engine->restore_settings(session, &err));
    if (!env->engine->query(session, "INSERT INTO t VALUES ($1)", parameters, 1, NULL, NULL, &err))
        fail_msg("%s", err.message);
    assert_value(session, "SELECT note FROM t", parameters[0]);
    assert_true(env->engine->rollback(session, &err));
}

static void restored_settings_are_those_of_init_sql(void **state)
{
    static const char *const init[] = {"SET shop.tenant = 'it''s \\ 7'", "SET work_mem = '7MB'",
                                       "SET ROLE pg_monitor",
                                       "SELECT set_config('shop.region', 'eu', false) -- why"};
    struct contract_env env = *(struct contract_env *)*state;
    struct error err = {0};

    env.target.init_sql = init;
    env.target.init_sql_count = COUNT_OF(init);
    AUTO(session) struct session *session = contract_open(&env);
    contract_begin(session);
    contract_do(session, "RESET ALL");
    contract_do(session, "RESET ROLE");
    assert_true(env.engine->restore_settings(session, &err));
    assert_value(session, "SELECT current_setting('shop.tenant')", "it's \\ 7");
    assert_value(session, "SELECT current_setting('work_mem')", "7MB");
    assert_value(session, "SELECT current_setting('shop.region')", "eu");
    assert_value(session, "SELECT current_user", "pg_monitor");
    contract_commit(session);
    assert_value(session, "SELECT current_user", "pg_monitor");
}

static void limits_last_until_they_are_set_again(void **state)
{
    static const char shown[] = "SELECT concat(current_setting('lock_timeout'), ' ',"
                                " current_setting('statement_timeout'))";
    struct contract_env *env = *state;
    AUTO(session) struct session *session = contract_open(env);
    struct error err = {0};

    assert_true(env->engine->limit(session, 3000, 60000, &err));
    assert_value(session, shown, "3s 1min");
    contract_begin(session);
    assert_true(env->engine->limit(session, 2000, 0, &err));
    assert_value(session, shown, "2s 0");
    contract_do(session, "SET lock_timeout = 1");
    assert_true(env->engine->restore_settings(session, &err));
    assert_value(session, shown, "2s 0");
    contract_commit(session);
    assert_value(session, shown, "2s 0");
    assert_true(env->engine->limit(session, 0, 0, &err));
    assert_value(session, shown, "0 0");
}

static void a_transaction_that_did_nothing_costs_nothing(void **state)
{
    struct contract_env *env = *state;
    AUTO(session) struct session *session = contract_open(env);
    struct error err = {0};

    end_backend(env, session);
    contract_begin(session);
    assert_true(env->engine->in_transaction(session));
    contract_commit(session);
    contract_begin(session);
    assert_true(env->engine->rollback(session, &err));
    assert_false(env->engine->in_transaction(session));
}

static void the_session_lock_is_let_go_at_once_however_often_it_was_taken(void **state)
{
    struct contract_env *env = *state;
    AUTO(session) struct session *one = contract_open(env);
    AUTO(session) struct session *two = contract_open(env);
    struct error err = {0};
    bool held = true;

    assert_true(contract_try_lock(one, LOCK_SESSION));
    assert_true(contract_try_lock(one, LOCK_SESSION));
    assert_true(env->engine->unlock(one, &err));
    assert_true(env->engine->holds_lock(one, &held, &err));
    assert_false(held);
    assert_true(contract_try_lock(two, LOCK_SESSION));
}

static void a_lock_that_a_script_let_go_is_not_held(void **state)
{
    struct contract_env *env = *state;
    AUTO(session) struct session *session = contract_open(env);
    struct error err = {0};
    bool held = true;

    assert_true(contract_try_lock(session, LOCK_SESSION));
    contract_do(session, "SELECT pg_advisory_unlock_all()");
    assert_true(env->engine->holds_lock(session, &held, &err));
    assert_false(held);
}

/* What stands in the way of DROP TABLE t. */
static char *name_blocker_of_drop(const struct contract_env *env)
{
    AUTO(session) struct session *session = contract_open(env);
    AUTO_BUFFER struct buffer blocker = {0};
    struct error err = {0};

    assert_true(env->engine->limit(session, 1000, 0, &err));
    contract_begin(session);
    contract_refused(session, "DROP TABLE t", ERROR_LOCKED);
    assert_true(env->engine->rollback(session, &err));
    env->engine->name_blocker(session, &blocker);
    return buffer_take(&blocker);
}

static void the_blocker_is_named_by_pid_user_application_and_query(void **state)
{
    struct contract_env *env = *state;
    AUTO(session) struct session *application = contract_open(env);

    contract_do(application, "CREATE TABLE t (id integer)");
    contract_do(application, "SET application_name = 'checkout'");
    AUTO(text) char *pid = postgresql_value(application, "SELECT pg_backend_pid()");
    contract_begin(application);
    contract_do(application, "SELECT *\n  FROM t");
    AUTO(text) char *blocker = name_blocker_of_drop(env);
    AUTO(text)
    char *expected = xasprintf("pid %s, user tests, application checkout (idle in transaction),"
                               " last: SELECT * FROM t",
                               pid);
    assert_string_equal(blocker, expected);
}

static void a_prepared_transaction_is_named_as_a_blocker(void **state)
{
    struct contract_env *env = *state;
    AUTO(session) struct session *application = contract_open(env);
    struct error err = {0};

    contract_do(application, "CREATE TABLE t (id integer)");
    contract_begin(application);
    contract_do(application, "INSERT INTO t VALUES (1)");
    contract_do(application, "PREPARE TRANSACTION 'forgotten'");
    assert_true(env->engine->rollback(application, &err));
    AUTO(text) char *blocker = name_blocker_of_drop(env);
    contract_do(application, "ROLLBACK PREPARED 'forgotten'");
    assert_contains(blocker, "prepared transaction");
}

static void an_error_has_state_detail_and_advice(void **state)
{
    struct contract_env *env = *state;
    AUTO(session) struct session *session = contract_open(env);
    struct error err = {0};

    contract_do(session, "CREATE TABLE t (id integer PRIMARY KEY)");
    contract_do(session, "INSERT INTO t VALUES (7)");
    err = contract_refused(session, "INSERT INTO t VALUES (7)", ERROR_SQL);
    assert_string_equal(err.sqlstate, "23505");
    assert_contains(err.message, "Key (id)=(7) already exists");
    contract_begin(session);
    err = contract_refused(session, "CREATE INDEX CONCURRENTLY i ON t (id)", ERROR_SQL);
    assert_contains(err.message, "-- fleet: no-transaction");
    err = (struct error){0};
    assert_true(env->engine->rollback(session, &err));
    contract_do(session, "CREATE INDEX CONCURRENTLY i ON t (id)");
}

static void a_parameter_that_is_not_utf_8_is_refused(void **state)
{
    struct contract_env *env = *state;
    AUTO(session) struct session *session = contract_open(env);
    const char *const parameters[] = {"\xc0'; DROP TABLE t; --"};
    struct error err = {0};

    assert_false(env->engine->query(session, "SELECT $1", parameters, 1, NULL, NULL, &err));
    assert_int_equal(err.code, ERROR_SQL);
}

static void our_statements_survive_what_a_script_does_to_prepared_ones(void **state)
{
    static const char *const scripts[] = {"DEALLOCATE ALL", "DISCARD ALL",
                                          "DO 'BEGIN EXECUTE ''DEALLOCATE ALL''; END'",
                                          "ALTER TABLE t ADD x integer"};
    struct contract_env *env = *state;
    AUTO(session) struct session *session = contract_open(env);
    struct server_info info;
    struct error err = {0};

    contract_do(session, "CREATE TABLE t (id integer)");
    for (size_t i = 0; i < COUNT_OF(scripts); i++) {
        assert_true(env->engine->server(session, &info, &err));
        for (int use = 0; use < 3; use++)
            assert_value(session, "SELECT count(*) FROM public.t", "0");
        assert_value(session, "SELECT count(*) > 0 FROM pg_prepared_statements", "t");
        contract_do(session, scripts[i]);
        assert_value(session, "SELECT count(*) FROM public.t", "0");
    }
    assert_true(env->engine->reset(session, &err));
    assert_value(session, "SELECT count(*) FROM public.t", "0");
}

static void a_schema_target_lives_in_its_schema(void **state)
{
    struct contract_env env = *(struct contract_env *)*state;
    struct error err = {0};
    bool present = true;

    env.target.schema = "Tenant 7$1\"x";
    AUTO(session) struct session *session = contract_open(&env);
    assert_true(env.engine->has_tables(session, &present, &err));
    assert_false(present);
    contract_begin(session);
    for (size_t i = 0; i < env.engine->create_tables_count; i++) {
        AUTO_BUFFER struct buffer qualifier = {0};
        const char *text = env.engine->create_tables[i];
        size_t before = (size_t)(strstr(text, "%s") - text);

        env.engine->qualify(session, &qualifier);
        AUTO(text)
        char *sql =
            xasprintf("%.*s%s%s", (int)before, text, buffer_text(&qualifier), text + before + 2);
        if (!env.engine->query(session, sql, NULL, 0, NULL, NULL, &err))
            fail_msg("%s", err.message);
    }
    contract_do(session, "CREATE TABLE t (id integer)");
    contract_commit(session);
    assert_true(env.engine->has_tables(session, &present, &err));
    assert_true(present);
    assert_value(session, "SELECT count(*) FROM pg_tables WHERE schemaname = 'Tenant 7$1\"x'", "4");
    assert_true(env.engine->reset(session, &err));
    assert_value(session, "SELECT count(*) FROM t", "0");
}

static void schema_targets_of_one_database_do_not_lock_each_other(void **state)
{
    struct contract_env env = *(struct contract_env *)*state;
    struct contract_env other = env;

    env.target.schema = "tenant_1";
    other.target.schema = "tenant_2";
    AUTO(session) struct session *one = contract_open(&env);
    AUTO(session) struct session *two = contract_open(&other);
    assert_true(contract_try_lock(one, LOCK_SESSION));
    assert_true(contract_try_lock(two, LOCK_SESSION));
}

#define TEST(function)                                                                          \
    cmocka_unit_test_prestate_setup_teardown(function, postgresql_set_up, postgresql_tear_down, \
                                             server_url)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_lost_commit_reply_is_unknown_not_failed),
        TEST(a_lost_session_fails_its_statement_and_is_not_alive),
        TEST(a_failed_transaction_does_not_commit_in_silence),
        TEST(a_transaction_that_is_not_ours_is_noticed),
        TEST(copy_is_refused_and_the_session_goes_on),
        TEST(the_header_of_a_dump_does_not_disturb_us),
        TEST(restored_settings_are_those_of_init_sql),
        TEST(limits_last_until_they_are_set_again),
        TEST(a_transaction_that_did_nothing_costs_nothing),
        TEST(the_session_lock_is_let_go_at_once_however_often_it_was_taken),
        TEST(a_lock_that_a_script_let_go_is_not_held),
        TEST(the_blocker_is_named_by_pid_user_application_and_query),
        TEST(a_prepared_transaction_is_named_as_a_blocker),
        TEST(an_error_has_state_detail_and_advice),
        TEST(a_parameter_that_is_not_utf_8_is_refused),
        TEST(our_statements_survive_what_a_script_does_to_prepared_ones),
        TEST(a_schema_target_lives_in_its_schema),
        TEST(schema_targets_of_one_database_do_not_lock_each_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
