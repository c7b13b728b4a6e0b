/* What is special to MySQL and MariaDB; what every engine must do is in the contract. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "agents/engines/mysql_session.h"
#include "common/memory.h"
#include "contract_env.h"

static bool copy_text(void *context, size_t columns, const char *const *values)
{
    (void)columns;
    *(char **)context = values[0] != NULL ? xstrdup(values[0]) : NULL;
    return false;
}

/* The first value of the first row; the caller frees it. */
static char *ask(struct session *session, const char *sql)
{
    struct error err = {0};
    char *answer = NULL;

    if (!session->engine->query(session, sql, NULL, 0, copy_text, &answer, &err))
        fail_msg("%s: %s", sql, err.message);
    return answer;
}

static void assert_answer(struct session *session, const char *sql, const char *expected)
{
    AUTO(text) char *answer = ask(session, sql);

    assert_non_null(answer);
    assert_string_equal(answer, expected);
}

/* A row of ours with an empty text and one with all that needs quoting. */
static void write_intent(struct session *session, const char *summary)
{
    AUTO_BUFFER struct buffer sql = {0};
    const char *parameters[] = {"", summary};
    struct error err = {0};

    buffer_append_text(&sql, "REPLACE INTO ");
    session->engine->qualify(session, &sql);
    buffer_append_text(&sql, "fleet_intent (attempt_key, statement, sha256, class, session, status,"
                             " name, direction, started_at, version, summary)"
                             " VALUES ('k', 1, 's', 'c', 's', 's', 'n', 'up', 't', $1, $2)");
    if (!session->engine->query(session, buffer_text(&sql), parameters, 2, NULL, NULL, &err))
        fail_msg("%s", err.message);
}

/* Opens over TCP with the password; parameters follow the url. */
static struct session *open_tcp(const struct contract_env *env, const char *parameters,
                                const char *password_file, struct agent_target *target,
                                struct error *err)
{
    static const char variable[] = "FLEET_TEST_MYSQL_TCP_URL";
    const char *base = getenv(variable);

    if (base == NULL)
        fail_msg("%s is not set: run this through tests/support/with-servers", variable);
    *target = env->target;
    target->url = xasprintf("%s%s", base, parameters);
    target->password.file = password_file;
    struct session *session = session_open(target, clock_system(), err);
    if (session == NULL)
        free((void *)(uintptr_t)target->url);
    return session;
}

static void close_tcp(struct session *session)
{
    const char *url = session->target->url;

    session_free(session);
    free((void *)(uintptr_t)url);
}

static void a_wrong_password_is_a_connect_error(void **state)
{
    const struct contract_env *env = *state;
    struct agent_target target;
    struct error err = {0};

    assert_null(open_tcp(env, "", NULL, &target, &err));
    assert_int_equal(err.code, ERROR_CONNECT);
    assert_string_equal(err.sqlstate, "28000");
}

static void tls_with_the_servers_own_authority_is_used(void **state)
{
    const struct contract_env *env = *state;
    AUTO(text) char *parameters = xasprintf("?ssl-ca=%s", getenv("FLEET_TEST_MYSQL_CA"));
    struct agent_target target;
    struct error err = {0};
    struct session *session =
        open_tcp(env, parameters, getenv("FLEET_TEST_MYSQL_PASSWORD_FILE"), &target, &err);

    if (session == NULL)
        fail_msg("%s", err.message);
    AUTO(text)
    char *cipher = ask(session, "SELECT variable_value FROM information_schema.session_status"
                                " WHERE variable_name = 'Ssl_cipher'");
    assert_non_null(cipher);
    assert_true(strlen(cipher) > 0);
    close_tcp(session);
}

static void a_server_of_another_authority_is_refused(void **state)
{
    const struct contract_env *env = *state;
    struct agent_target target;
    struct error err = {0};

    assert_null(open_tcp(env, "?ssl-mode=verify-identity", getenv("FLEET_TEST_MYSQL_PASSWORD_FILE"),
                         &target, &err));
    assert_int_equal(err.code, ERROR_CONNECT);
}

static void a_deadline_is_kept_over_tcp_too(void **state)
{
    const struct contract_env *env = *state;
    struct agent_target target;
    struct error err = {0};
    struct session *session =
        open_tcp(env, "", getenv("FLEET_TEST_MYSQL_PASSWORD_FILE"), &target, &err);

    assert_non_null(session);
    session->deadline_ms = session->clock->monotonic_ms(session->clock) + 50;
    contract_refused(session, env->dialect->slow, ERROR_TIMEOUT);
    assert_false(session->broken);
    close_tcp(session);
}

/* Each of these has broken the bookkeeping of some tool. */
static const char *const settings[] = {
    "SET sql_mode = 'ANSI,NO_BACKSLASH_ESCAPES'",
    "SET sql_mode = 'EMPTY_STRING_IS_NULL,STRICT_ALL_TABLES'",
    "SET sql_mode = 'ORACLE'",
    "SET NAMES latin1",
    "SET SESSION sql_safe_updates = 1",
    "SET SESSION sql_select_limit = 0",
    "SET autocommit = 0",
    "SET SESSION TRANSACTION READ ONLY",
    "USE information_schema",
};

static void our_statements_mean_the_same_under_any_setting(void **state)
{
    const struct contract_env *env = *state;

    for (size_t i = 0; i < COUNT_OF(settings); i++) {
        AUTO(session) struct session *session = contract_open(env);
        AUTO(session) struct session *other = contract_open(env);
        AUTO_BUFFER struct buffer sql = {0};
        struct error err = {0};

        contract_create_tables(session);
        contract_do(session, settings[i]);
        contract_begin(session);
        write_intent(session, "it's \\ ü");
        contract_commit(session);
        buffer_append_text(&sql, "SELECT CONCAT(HEX(summary), version) FROM ");
        env->engine->qualify(session, &sql);
        buffer_append_text(&sql, "fleet_intent");
        assert_answer(other, buffer_text(&sql), "69742773205C20C3BC");
        assert_true(env->engine->restore_settings(session, &err));
        assert_answer(session, buffer_text(&sql), "69742773205C20C3BC");
        AUTO(text) char *database = ask(session, "SELECT DATABASE()");
        AUTO(text) char *original = ask(other, "SELECT DATABASE()");
        assert_string_equal(database, original);
    }
}

static void what_we_write_is_kept_at_once_without_autocommit(void **state)
{
    const struct contract_env *env = *state;
    AUTO(session) struct session *session = contract_open(env);
    AUTO(session) struct session *other = contract_open(env);

    contract_create_tables(session);
    contract_do(session, "SET autocommit = 0");
    write_intent(session, "kept");
    assert_int_equal(
        contract_count_rows(other, "SELECT 1 FROM fleet_intent WHERE summary = 'kept'"), 1);
}

static void restoring_the_settings_does_not_commit(void **state)
{
    const struct contract_env *env = *state;
    AUTO(session) struct session *session = contract_open(env);
    struct error err = {0};

    contract_create_tables(session);
    contract_do(session, "SET autocommit = 0");
    contract_begin(session);
    write_intent(session, "undone");
    assert_true(env->engine->restore_settings(session, &err));
    assert_true(env->engine->in_transaction(session));
    assert_true(env->engine->rollback(session, &err));
    assert_true(env->engine->restore_settings(session, &err));
    assert_answer(session, "SELECT @@autocommit", "1");
    assert_int_equal(contract_count_rows(session, "SELECT 1 FROM fleet_intent"), 0);
}

static void a_variable_that_data_set_is_gone_after_reset(void **state)
{
    const struct contract_env *env = *state;
    AUTO(session) struct session *session = contract_open(env);
    struct error err = {0};

    contract_do(session, "CREATE TABLE c_items (id INTEGER)");
    contract_do(session, "INSERT INTO c_items VALUES (@left := 7)");
    assert_true(env->engine->reset(session, &err));
    assert_null(ask(session, "SELECT @left"));
}

static void limits_hold_for_what_comes_and_end_with_reset(void **state)
{
    const struct contract_env *env = *state;
    AUTO(session) struct session *session = contract_open(env);
    AUTO(text) char *usual = ask(session, "SELECT @@lock_wait_timeout");
    struct error err = {0};

    assert_true(env->engine->limit(session, 1500, 0, &err));
    contract_begin(session);
    assert_answer(session, "SELECT @@lock_wait_timeout", "2");
    assert_answer(session, "SELECT @@innodb_lock_wait_timeout", "2");
    assert_true(env->engine->reset(session, &err));
    contract_begin(session);
    assert_answer(session, "SELECT @@lock_wait_timeout", usual);
    contract_commit(session);
}

static void a_scripts_table_locks_do_not_shut_us_out(void **state)
{
    const struct contract_env *env = *state;
    AUTO(session) struct session *session = contract_open(env);

    contract_create_tables(session);
    contract_do(session, "CREATE TABLE c_items (id INTEGER)");
    contract_do(session, "LOCK TABLES c_items WRITE");
    write_intent(session, "kept");
    contract_do(session, "INSERT INTO c_items VALUES (1)");
    contract_do(session, "UNLOCK TABLES");
}

static void two_statements_in_one_are_refused(void **state)
{
    const struct contract_env *env = *state;
    AUTO(session) struct session *session = contract_open(env);
    AUTO(text) char *schema = contract_schema(session);

    assert_non_null(schema);
    contract_do(session, "CREATE TABLE c_items (id INTEGER)");
    contract_refused(session, "INSERT INTO c_items VALUES (1); INSERT INTO c_items VALUES (2)",
                     ERROR_SYNTAX);
    assert_int_equal(contract_count_rows(session, "SELECT id FROM c_items"), 0);
}

static void a_statement_that_is_a_comment_for_another_server_runs(void **state)
{
    const struct contract_env *env = *state;
    AUTO(session) struct session *session = contract_open(env);

    contract_do(session, "/*!99999 SET no_such_setting = 1 */");
    contract_do(session, "/*!40101 SET @kept = 1 */");
    assert_answer(session, "SELECT @kept", "1");
}

static void all_results_of_a_procedure_are_read(void **state)
{
    const struct contract_env *env = *state;
    AUTO(session) struct session *session = contract_open(env);

    contract_do(session, "DROP PROCEDURE IF EXISTS c_many");
    contract_do(session, "CREATE PROCEDURE c_many() BEGIN SELECT 1; SELECT 2; SELECT 3; END");
    assert_int_equal(contract_count_rows(session, "CALL c_many()"), 3);
    contract_do(session, "DROP PROCEDURE c_many");
}

static void a_deadline_is_kept_between_the_results_of_a_procedure(void **state)
{
    const struct contract_env *env = *state;
    AUTO(session) struct session *session = contract_open(env);

    contract_do(session, "DROP PROCEDURE IF EXISTS c_slow");
    contract_do(session, "CREATE PROCEDURE c_slow() BEGIN SELECT 1; DO SLEEP(60); SELECT 2; END");
    session->deadline_ms = session->clock->monotonic_ms(session->clock) + 50;
    contract_refused(session, "CALL c_slow()", ERROR_TIMEOUT);
    session->deadline_ms = 0;
    assert_false(session->broken);
    contract_do(session, "DROP PROCEDURE c_slow");
}

static void the_clients_files_are_not_given_to_the_server(void **state)
{
    const struct contract_env *env = *state;
    AUTO(session) struct session *session = contract_open(env);

    contract_do(session, "CREATE TABLE c_items (line VARCHAR(200))");
    contract_refused(session, "LOAD DATA LOCAL INFILE '/etc/hostname' INTO TABLE c_items",
                     ERROR_SQL);
    assert_int_equal(contract_count_rows(session, "SELECT line FROM c_items"), 0);
}

/* Ends the connection as a failing server or an administrator would. */
static void kill_connection(const struct contract_env *env, struct session *victim)
{
    AUTO(session) struct session *killer = contract_open(env);
    AUTO(text) char *sql = xasprintf("KILL %lu", mysql_session_of(victim)->id);

    contract_do(killer, sql);
}

static void a_lost_commit_reply_is_unknown_not_failed(void **state)
{
    const struct contract_env *env = *state;
    AUTO(session) struct session *session = contract_open(env);
    struct error err = {0};

    contract_do(session, "CREATE TABLE c_items (id INTEGER)");
    contract_begin(session);
    contract_do(session, "INSERT INTO c_items VALUES (1)");
    kill_connection(env, session);
    assert_false(env->engine->commit(session, &err));
    assert_int_equal(err.code, ERROR_UNKNOWN);
    assert_true(session->broken);
}

static void a_lost_connection_is_noticed(void **state)
{
    const struct contract_env *env = *state;
    AUTO(session) struct session *session = contract_open(env);
    struct error err = {0};

    assert_true(env->engine->alive(session));
    kill_connection(env, session);
    while (env->engine->alive(session))
        continue;
    contract_refused(session, "SELECT 1", ERROR_CONNECT);
    assert_true(session->broken);
    assert_true(env->engine->rollback(session, &err));
    assert_false(env->engine->in_transaction(session));
    assert_false(env->engine->reset(session, &err));
}

static void what_parses_under_another_sql_mode_is_no_syntax_error(void **state)
{
    const struct contract_env *env = *state;
    AUTO(session) struct session *session = contract_open(env);
    struct error err = {0};
    static const char ansi[] = "CREATE TABLE \"c_items\" (\"id\" INTEGER)";

    if (!env->engine->parse(session, ansi, strlen(ansi), &err))
        fail_msg("%s", err.message);
    contract_refused(session, ansi, ERROR_SYNTAX);
}

static void a_syntax_error_has_its_place(void **state)
{
    const struct contract_env *env = *state;
    AUTO(session) struct session *session = contract_open(env);
    struct error err = contract_refused(session, "SELECT '€€',\n FROM WHERE", ERROR_SYNTAX);

    assert_int_equal(err.position, 15);
    assert_string_equal(err.sqlstate, "42000");
}

static void a_lock_survives_being_asked_for_twice(void **state)
{
    const struct contract_env *env = *state;
    AUTO(session) struct session *one = contract_open(env);
    AUTO(session) struct session *two = contract_open(env);
    struct error err = {0};

    assert_true(contract_try_lock(one, LOCK_SESSION));
    assert_true(contract_try_lock(one, LOCK_SESSION));
    assert_true(env->engine->unlock(one, &err));
    assert_true(contract_try_lock(two, LOCK_SESSION));
}

static void a_transactions_lock_ends_with_it(void **state)
{
    const struct contract_env *env = *state;
    AUTO(session) struct session *one = contract_open(env);
    AUTO(session) struct session *two = contract_open(env);
    struct error err = {0};
    bool taken = false;

    contract_begin(one);
    assert_true(env->engine->lock(one, LOCK_TRANSACTION, &taken, &err));
    assert_true(taken);
    assert_false(contract_try_lock(two, LOCK_SESSION));
    contract_commit(one);
    assert_true(contract_try_lock(two, LOCK_SESSION));
}

static void a_script_that_gives_the_lock_away_is_found_out(void **state)
{
    const struct contract_env *env = *state;
    AUTO(session) struct session *session = contract_open(env);
    struct error err = {0};
    bool held = true;

    assert_true(contract_try_lock(session, LOCK_SESSION));
    contract_do(session, "DO RELEASE_ALL_LOCKS()");
    assert_true(env->engine->holds_lock(session, &held, &err));
    assert_false(held);
}

static void the_holder_of_the_lock_is_named_for_certain(void **state)
{
    const struct contract_env *env = *state;
    AUTO(session) struct session *one = contract_open(env);
    AUTO(session) struct session *two = contract_open(env);
    AUTO_BUFFER struct buffer blocker = {0};
    AUTO(text) char *expected = xasprintf("connection %lu, user ", mysql_session_of(one)->id);

    assert_true(contract_try_lock(one, LOCK_SESSION));
    assert_false(contract_try_lock(two, LOCK_SESSION));
    env->engine->name_blocker(two, &blocker);
    assert_memory_equal(buffer_text(&blocker), expected, strlen(expected));
}

static void the_server_says_what_it_is(void **state)
{
    const struct contract_env *env = *state;
    AUTO(session) struct session *session = contract_open(env);
    AUTO(text) char *version = ask(session, "SELECT VERSION()");
    struct server_info info;
    struct error err = {0};

    assert_true(env->engine->server(session, &info, &err));
    const char *name = strstr(version, "MariaDB") != NULL ? "MariaDB " : "MySQL ";
    assert_memory_equal(info.version, name, strlen(name));
    assert_memory_equal(info.version + strlen(name), version, strspn(version, "0123456789."));
}

static void *use_session(void *context)
{
    AUTO(session) struct session *session = contract_open(context);

    contract_do(session, "SELECT 1");
    return NULL;
}

static void sessions_are_opened_and_used_by_any_thread(void **state)
{
    pthread_t threads[4];

    for (size_t i = 0; i < COUNT_OF(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, use_session, *state), 0);
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
}

#define TEST(function)                                                 \
    {                                                                  \
#function, function, contract_set_up, contract_tear_down, NULL \
    }

int main(void)
{
    struct CMUnitTest tests[] = {
        TEST(a_wrong_password_is_a_connect_error),
        TEST(tls_with_the_servers_own_authority_is_used),
        TEST(a_server_of_another_authority_is_refused),
        TEST(a_deadline_is_kept_over_tcp_too),
        TEST(our_statements_mean_the_same_under_any_setting),
        TEST(what_we_write_is_kept_at_once_without_autocommit),
        TEST(restoring_the_settings_does_not_commit),
        TEST(a_variable_that_data_set_is_gone_after_reset),
        TEST(limits_hold_for_what_comes_and_end_with_reset),
        TEST(a_scripts_table_locks_do_not_shut_us_out),
        TEST(two_statements_in_one_are_refused),
        TEST(a_statement_that_is_a_comment_for_another_server_runs),
        TEST(all_results_of_a_procedure_are_read),
        TEST(a_deadline_is_kept_between_the_results_of_a_procedure),
        TEST(the_clients_files_are_not_given_to_the_server),
        TEST(a_lost_commit_reply_is_unknown_not_failed),
        TEST(a_lost_connection_is_noticed),
        TEST(what_parses_under_another_sql_mode_is_no_syntax_error),
        TEST(a_syntax_error_has_its_place),
        TEST(a_lock_survives_being_asked_for_twice),
        TEST(a_transactions_lock_ends_with_it),
        TEST(a_script_that_gives_the_lock_away_is_found_out),
        TEST(the_holder_of_the_lock_is_named_for_certain),
        TEST(the_server_says_what_it_is),
        TEST(sessions_are_opened_and_used_by_any_thread),
    };
    union {
        const void *read_only;
        void *state;
    } dialect = {.read_only = contract_dialect_of(ENGINE_MYSQL)};

    for (size_t i = 0; i < COUNT_OF(tests); i++)
        tests[i].initial_state = dialect.state;
    return cmocka_run_group_tests_name("mysql", tests, NULL, NULL);
}
