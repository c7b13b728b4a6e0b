#include "contract.h"

#include <stdio.h>
#include <string.h>

#include "common/memory.h"
#include "contract_env.h"
#include "contract_waits.h"

static void a_server_that_is_not_there_is_a_connect_error(void **state)
{
    const struct contract_env *env = *state;
    struct agent_target target = env->target;
    struct error err = {0};

    target.url = env->dialect->bad_url;
    assert_null(session_open(&target, clock_system(), &err));
    assert_int_equal(err.code, ERROR_CONNECT);
    assert_string_equal(err.target, "contract");
}

static void a_url_of_another_scheme_is_a_config_error(void **state)
{
    const struct contract_env *env = *state;
    struct agent_target target = env->target;
    struct error err = {0};

    target.url = "oracle://somewhere/orders";
    assert_null(session_open(&target, clock_system(), &err));
    assert_int_equal(err.code, ERROR_CONFIG);
}

static void the_server_has_a_version_and_a_lasting_identity(void **state)
{
    const struct contract_env *env = *state;
    AUTO(session) struct session *one = contract_open(env);
    AUTO(session) struct session *two = contract_open(env);
    struct server_info first = {0};
    struct server_info second = {0};
    struct error err = {0};

    assert_true(env->engine->server(one, &first, &err));
    assert_true(env->engine->server(two, &second, &err));
    assert_true(strlen(first.version) > strlen("SQLite "));
    assert_true(strlen(first.identity) > 0);
    assert_string_equal(first.identity, second.identity);
    assert_false(first.read_only);
}

static void init_sql_runs_on_each_session_and_again_after_reset(void **state)
{
    const struct contract_env *env = *state;
    struct contract_env with_init = *env;
    const char *const init[] = {env->dialect->setting};
    struct error err = {0};

    with_init.target.init_sql = init;
    with_init.target.init_sql_count = 1;
    AUTO(session) struct session *session = contract_open(&with_init);
    assert_int_equal(contract_count_rows(session, env->dialect->setting_is_changed), 1);
    assert_true(env->engine->reset(session, &err));
    assert_int_equal(contract_count_rows(session, env->dialect->setting_is_changed), 1);
}

static void our_tables_are_made_once_and_found(void **state)
{
    const struct contract_env *env = *state;
    AUTO(session) struct session *session = contract_open(env);
    struct error err = {0};
    bool present = true;

    assert_true(env->engine->has_tables(session, &present, &err));
    assert_false(present);
    contract_create_tables(session);
    contract_create_tables(session);
    assert_true(env->engine->has_tables(session, &present, &err));
    assert_true(present);
}

#define HEX_A "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define HEX_B "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100"

/* A history row as text, in the order of the columns. */
enum { HISTORY_COLUMNS = 18 };

static bool copy_row(void *context, size_t columns, const char *const *values)
{
    char **copy = context;

    assert_int_equal(columns, HISTORY_COLUMNS);
    for (size_t i = 0; i < columns; i++)
        copy[i] = values[i] != NULL ? xstrdup(values[i]) : NULL;
    return true;
}

static void insert_history(struct session *session, const char *const *values)
{
    AUTO_BUFFER struct buffer sql = {0};
    struct error err = {0};

    buffer_append_text(&sql, "INSERT INTO ");
    session->engine->qualify(session, &sql);
    buffer_append_text(&sql, "fleet_history VALUES (");
    for (int i = 1; i <= HISTORY_COLUMNS; i++)
        buffer_printf(&sql, "%s$%d", i > 1 ? ", " : "", i);
    buffer_append_text(&sql, ")");
    if (!session->engine->query(session, buffer_text(&sql), values, HISTORY_COLUMNS, NULL, NULL,
                                &err))
        fail_msg("%s", err.message);
}

static void a_history_row_reads_back_as_it_was_written(void **state)
{
    const struct contract_env *env = *state;
    AUTO(session) struct session *session = contract_open(env);
    struct error err = {0};
    const char *const values[HISTORY_COLUMNS] = {"1",
                                                 HEX_A,
                                                 "1",
                                                 "2",
                                                 "00000020240101123456",
                                                 "na'me \\ \"x\" $1 ? %s",
                                                 "up",
                                                 HEX_B,
                                                 HEX_A,
                                                 HEX_B,
                                                 "rollout",
                                                 "Ünï €",
                                                 "9007199254740993",
                                                 "2026-03-01T08:30:00.250Z",
                                                 "2026-03-01T08:30:00.251Z",
                                                 NULL,
                                                 NULL,
                                                 HEX_A};
    char *read[HISTORY_COLUMNS] = {0};
    AUTO_BUFFER struct buffer sql = {0};

    contract_create_tables(session);
    insert_history(session, values);
    buffer_append_text(&sql, "SELECT * FROM ");
    env->engine->qualify(session, &sql);
    buffer_append_text(&sql, "fleet_history");
    assert_true(env->engine->query(session, buffer_text(&sql), NULL, 0, copy_row, read, &err));
    for (size_t i = 0; i < HISTORY_COLUMNS; i++) {
        if (values[i] == NULL)
            assert_null(read[i]);
        else
            assert_string_equal(read[i], values[i]);
        text_free(read[i]);
    }
}

static bool stop_at_first(void *context, size_t columns, const char *const *values)
{
    (void)columns;
    (void)values;
    ++*(int *)context;
    return false;
}

static void reading_may_stop_before_the_last_row(void **state)
{
    const struct contract_env *env = *state;
    AUTO(session) struct session *session = contract_open(env);
    struct error err = {0};
    int rows = 0;

    assert_true(env->engine->query(session, "SELECT 1 UNION ALL SELECT 2", NULL, 0, stop_at_first,
                                   &rows, &err));
    assert_int_equal(rows, 1);
    assert_int_equal(contract_count_rows(session, "SELECT 1 UNION ALL SELECT 2"), 2);
}

static void a_failing_statement_says_why_and_the_session_goes_on(void **state)
{
    const struct contract_env *env = *state;
    AUTO(session) struct session *session = contract_open(env);
    struct error err = contract_refused(session, "SELECT * FROM c_missing", ERROR_SQL);

    assert_non_null(strstr(err.message, "c_missing"));
    assert_int_equal(contract_count_rows(session, "SELECT 1"), 1);
}

static void a_unique_violation_is_an_sql_error(void **state)
{
    const struct contract_env *env = *state;
    AUTO(session) struct session *session = contract_open(env);

    contract_do(session, "CREATE TABLE c_items (id INTEGER PRIMARY KEY)");
    contract_do(session, "INSERT INTO c_items VALUES (1)");
    contract_refused(session, "INSERT INTO c_items VALUES (1)", ERROR_SQL);
}

static void a_syntax_error_is_found_by_parsing_and_nothing_runs(void **state)
{
    const struct contract_env *env = *state;
    AUTO(session) struct session *session = contract_open(env);
    struct error err = {0};
    static const char good[] = "CREATE TABLE c_items (id INTEGER)";
    static const char bad[] = "CREATE TABLE c_items (id INTEGER,, x INTEGER)";

    assert_true(env->engine->parse(session, good, strlen(good), &err));
    assert_true(env->engine->parse(session, good, strlen(good), &err));
    assert_false(env->engine->parse(session, bad, strlen(bad), &err));
    assert_int_equal(err.code, ERROR_SYNTAX);
    contract_do(session, good);
}

static void parsing_forgives_what_an_earlier_statement_would_make(void **state)
{
    const struct contract_env *env = *state;
    AUTO(session) struct session *session = contract_open(env);
    struct error err = {0};
    static const char *const forgiven[] = {
        "INSERT INTO c_missing VALUES (1)",
        "ALTER TABLE c_missing ADD COLUMN x INTEGER",
        "SELECT amount FROM c_missing",
        "CREATE VIEW c_view AS SELECT id FROM c_missing",
    };

    for (size_t i = 0; i < COUNT_OF(forgiven); i++)
        if (!env->engine->parse(session, forgiven[i], strlen(forgiven[i]), &err))
            fail_msg("%s: %s", forgiven[i], err.message);
}

static void a_syntax_error_that_runs_has_its_place_in_characters(void **state)
{
    const struct contract_env *env = *state;
    AUTO(session) struct session *session = contract_open(env);
    struct error err = contract_refused(session, "SELECT '€€', FROM WHERE", ERROR_SYNTAX);

    /* MySQL names a line and the text near the error, not a place. */
    if (env->dialect->kind != ENGINE_MYSQL)
        assert_int_equal(err.position, 14);
}

static void a_rolled_back_transaction_leaves_what_the_traits_say(void **state)
{
    const struct contract_env *env = *state;
    AUTO(session) struct session *session = contract_open(env);
    AUTO(text) char *before = contract_schema(session);
    struct error err = {0};

    contract_begin(session);
    contract_do(session, "CREATE TABLE c_items (id INTEGER PRIMARY KEY)");
    assert_true(env->engine->in_transaction(session) == env->engine->traits.script_transaction);
    assert_true(env->engine->rollback(session, &err));
    assert_false(env->engine->in_transaction(session));
    AUTO(text) char *after = contract_schema(session);
    assert_true((strcmp(before, after) == 0) == env->engine->traits.transactional_ddl);
}

static void data_of_a_rolled_back_transaction_is_gone(void **state)
{
    const struct contract_env *env = *state;
    AUTO(session) struct session *session = contract_open(env);
    struct error err = {0};

    contract_do(session, "CREATE TABLE c_items (id INTEGER PRIMARY KEY)");
    contract_begin(session);
    contract_do(session, "INSERT INTO c_items VALUES (1)");
    assert_true(env->engine->rollback(session, &err));
    contract_begin(session);
    contract_do(session, "INSERT INTO c_items VALUES (2)");
    contract_commit(session);
    assert_int_equal(contract_count_rows(session, "SELECT id FROM c_items"), 1);
}

static void a_commit_in_a_script_is_noticed(void **state)
{
    const struct contract_env *env = *state;
    AUTO(session) struct session *session = contract_open(env);
    struct error err = {0};

    contract_begin(session);
    assert_true(env->engine->in_transaction(session));
    contract_do(session, "COMMIT");
    assert_false(env->engine->in_transaction(session));
    assert_true(env->engine->rollback(session, &err));
}

static void a_savepoint_brings_back_a_failed_script(void **state)
{
    const struct contract_env *env = *state;
    AUTO(session) struct session *session = contract_open(env);
    const struct engine *engine = env->engine;
    struct error err = {0};

    if (!engine->traits.transactional_ddl)
        return;
    contract_begin(session);
    contract_do(session, "CREATE TABLE c_items (id INTEGER)");
    assert_true(engine->query(session, "SAVEPOINT fleet_step", NULL, 0, NULL, NULL, &err));
    contract_do(session, "CREATE TABLE c_other (id INTEGER)");
    contract_refused(session, "SELECT * FROM c_missing", ERROR_SQL);
    assert_true(
        engine->query(session, "ROLLBACK TO SAVEPOINT fleet_step", NULL, 0, NULL, NULL, &err));
    assert_true(engine->in_transaction(session));
    contract_commit(session);
    assert_int_equal(contract_count_rows(session, "SELECT * FROM c_items"), 0);
    contract_refused(session, "SELECT * FROM c_other", ERROR_SQL);
}

static void reset_takes_back_settings_transaction_and_lock(void **state)
{
    const struct contract_env *env = *state;
    AUTO(session) struct session *one = contract_open(env);
    AUTO(session) struct session *two = contract_open(env);
    struct error err = {0};

    contract_do(one, "CREATE TABLE c_items (id INTEGER PRIMARY KEY)");
    contract_do(one, env->dialect->setting);
    assert_int_equal(contract_count_rows(one, env->dialect->setting_is_changed), 1);
    assert_true(contract_try_lock(one, LOCK_SESSION));
    contract_begin(one);
    contract_do(one, "INSERT INTO c_items VALUES (1)");
    assert_true(env->engine->reset(one, &err));
    assert_false(env->engine->in_transaction(one));
    assert_int_equal(contract_count_rows(one, env->dialect->setting_is_changed), 0);
    assert_int_equal(contract_count_rows(one, "SELECT id FROM c_items"), 0);
    assert_true(contract_try_lock(two, LOCK_SESSION));
}

static void our_statements_work_after_a_script_changed_the_settings(void **state)
{
    const struct contract_env *env = *state;
    AUTO(session) struct session *session = contract_open(env);
    struct error err = {0};
    bool present = false;

    contract_create_tables(session);
    contract_begin(session);
    contract_do(session, env->dialect->setting);
    assert_true(env->engine->restore_settings(session, &err));
    assert_true(env->engine->in_transaction(session));
    assert_true(env->engine->has_tables(session, &present, &err));
    assert_true(present);
    contract_commit(session);
}

static void a_check_counts_its_rows(void **state)
{
    const struct contract_env *env = *state;
    AUTO(session) struct session *session = contract_open(env);

    assert_int_equal(contract_count_rows(session, "SELECT 1 UNION ALL SELECT 2"), 2);
    assert_int_equal(
        contract_count_rows(session, "SELECT 1 AS a FROM (SELECT 1 AS b) t WHERE b = 2"), 0);
}

static void reading_changes_nothing(void **state)
{
    const struct contract_env *env = *state;
    AUTO(session) struct session *session = contract_open(env);
    struct error err = {0};

    contract_do(session, "CREATE TABLE c_items (id INTEGER PRIMARY KEY)");
    for (int i = 0; i < 2; i++) {
        assert_true(env->engine->begin_reading(session, &err));
        assert_int_equal(contract_count_rows(session, "SELECT id FROM c_items"), 0);
        contract_refused(session,
                         i == 0 ? "INSERT INTO c_items VALUES (1)"
                                : "CREATE TABLE c_other (id INTEGER PRIMARY KEY)",
                         ERROR_SQL);
        assert_true(env->engine->rollback(session, &err));
        assert_true(env->engine->reset(session, &err));
    }
    contract_do(session, "INSERT INTO c_items VALUES (1)");
    contract_begin(session);
    contract_do(session, "INSERT INTO c_items VALUES (2)");
    contract_commit(session);
    assert_int_equal(contract_count_rows(session, "SELECT id FROM c_items"), 2);
}

static void our_own_tables_are_not_in_the_schema(void **state)
{
    const struct contract_env *env = *state;
    AUTO(session) struct session *session = contract_open(env);
    AUTO(text) char *before = contract_schema(session);

    contract_create_tables(session);
    AUTO(text) char *after = contract_schema(session);
    assert_string_equal(before, after);
}

static void the_order_of_columns_and_creation_does_not_change_the_schema(void **state)
{
    const struct contract_env *env = *state;
    AUTO(session) struct session *session = contract_open(env);

    contract_do(session, "CREATE TABLE c_items (id INTEGER NOT NULL PRIMARY KEY, a VARCHAR(40))");
    contract_do(session, "CREATE TABLE c_other (x INTEGER)");
    contract_do(session, "ALTER TABLE c_items ADD COLUMN b INTEGER");
    AUTO(text) char *altered = contract_schema(session);
    contract_do(session, "DROP TABLE c_items");
    contract_do(session, "DROP TABLE c_other");
    contract_do(session, "CREATE TABLE c_other (x INTEGER)");
    contract_do(session, "CREATE TABLE c_items (b INTEGER, id INTEGER NOT NULL PRIMARY KEY,\n"
                         " a VARCHAR(40) /* of no meaning */)");
    AUTO(text) char *made = contract_schema(session);
    assert_string_equal(altered, made);
}

/* Each must change the schema. */
static const char *const changes[] = {
    "CREATE TABLE c_parent (id INTEGER NOT NULL PRIMARY KEY)",
    ("CREATE TABLE c_child (id INTEGER NOT NULL PRIMARY KEY, parent INTEGER,"
     " amount INTEGER DEFAULT 7, CONSTRAINT c_fk FOREIGN KEY (parent) REFERENCES c_parent (id))"),
    "CREATE TABLE c_items (id INTEGER, note VARCHAR(40) NOT NULL, CHECK (id > 3))",
    "CREATE TABLE c_other (a INTEGER, b INTEGER GENERATED ALWAYS AS (a + 1) STORED)",
    "CREATE INDEX c_index ON c_child (amount)",
    "CREATE UNIQUE INDEX c_unique ON c_items (note, id)",
    "CREATE VIEW c_view AS SELECT id FROM c_parent",
    "ALTER TABLE c_parent ADD COLUMN extra INTEGER DEFAULT 5",
};

static void each_kind_of_object_is_in_the_schema(void **state)
{
    const struct contract_env *env = *state;
    AUTO(session) struct session *session = contract_open(env);
    AUTO(text) char *before = contract_schema(session);

    for (size_t i = 0; i < COUNT_OF(changes); i++) {
        contract_do(session, changes[i]);
        char *after = contract_schema(session);

        if (strcmp(before, after) == 0)
            fail_msg("it does not show in the schema: %s", changes[i]);
        text_free(before);
        before = after;
    }
    contract_do(session, "INSERT INTO c_parent VALUES (1, 2)");
    AUTO(text) char *with_data = contract_schema(session);
    assert_string_equal(before, with_data);
}

static void dropping_what_was_made_brings_the_schema_back(void **state)
{
    const struct contract_env *env = *state;
    AUTO(session) struct session *session = contract_open(env);

    contract_do(session, "CREATE TABLE c_parent (id INTEGER NOT NULL PRIMARY KEY)");
    AUTO(text) char *before = contract_schema(session);
    contract_do(session, "ALTER TABLE c_parent ADD COLUMN extra INTEGER");
    contract_do(session, "ALTER TABLE c_parent DROP COLUMN extra");
    contract_do(session, "CREATE VIEW c_view AS SELECT id FROM c_parent");
    contract_do(session, "DROP VIEW c_view");
    AUTO(text) char *after = contract_schema(session);
    assert_string_equal(before, after);
}

static void foreign_keys_can_be_off_until_reset(void **state)
{
    const struct contract_env *env = *state;
    AUTO(session) struct session *session = contract_open(env);

    if (env->engine->foreign_keys_off == NULL)
        return;
    contract_do(session, "CREATE TABLE c_parent (id INTEGER NOT NULL PRIMARY KEY)");
    contract_do(session, "CREATE TABLE c_child (id INTEGER NOT NULL PRIMARY KEY, parent INTEGER,"
                         " CONSTRAINT c_fk FOREIGN KEY (parent) REFERENCES c_parent (id))");
    contract_do(session, env->engine->foreign_keys_off);
    contract_do(session, "INSERT INTO c_child VALUES (1, 77)");
    if (env->engine->foreign_key_violations != NULL) {
        AUTO_BUFFER struct buffer violations = {0};
        struct error err = {0};

        assert_true(env->engine->foreign_key_violations(session, &violations, &err));
        assert_non_null(strstr(buffer_text(&violations), "c_child"));
    }
}

static void many_statements_run_on_one_session(void **state)
{
    const struct contract_env *env = *state;
    AUTO(session) struct session *session = contract_open(env);

    contract_do(session, "CREATE TABLE c_items (id INTEGER PRIMARY KEY)");
    contract_begin(session);
    for (int i = 0; i < 2000; i++) {
        char sql[64];

        snprintf(sql, sizeof sql, "INSERT INTO c_items VALUES (%d)", i);
        contract_do(session, sql);
    }
    contract_commit(session);
    assert_int_equal(contract_count_rows(session, "SELECT id FROM c_items"), 2000);
}

#define TEST(function)                                                 \
    {                                                                  \
#function, function, contract_set_up, contract_tear_down, NULL \
    }

enum { CONTRACT_STEADY = 26, CONTRACT_TESTS = CONTRACT_STEADY + CONTRACT_WAITS };

int contract_run(enum engine_kind kind)
{
    struct CMUnitTest contract[CONTRACT_TESTS] = {
        TEST(a_server_that_is_not_there_is_a_connect_error),
        TEST(a_url_of_another_scheme_is_a_config_error),
        TEST(the_server_has_a_version_and_a_lasting_identity),
        TEST(init_sql_runs_on_each_session_and_again_after_reset),
        TEST(our_tables_are_made_once_and_found),
        TEST(a_history_row_reads_back_as_it_was_written),
        TEST(reading_may_stop_before_the_last_row),
        TEST(a_failing_statement_says_why_and_the_session_goes_on),
        TEST(a_unique_violation_is_an_sql_error),
        TEST(a_syntax_error_is_found_by_parsing_and_nothing_runs),
        TEST(parsing_forgives_what_an_earlier_statement_would_make),
        TEST(a_syntax_error_that_runs_has_its_place_in_characters),
        TEST(a_rolled_back_transaction_leaves_what_the_traits_say),
        TEST(data_of_a_rolled_back_transaction_is_gone),
        TEST(a_commit_in_a_script_is_noticed),
        TEST(a_savepoint_brings_back_a_failed_script),
        TEST(reset_takes_back_settings_transaction_and_lock),
        TEST(our_statements_work_after_a_script_changed_the_settings),
        TEST(a_check_counts_its_rows),
        TEST(reading_changes_nothing),
        TEST(our_own_tables_are_not_in_the_schema),
        TEST(the_order_of_columns_and_creation_does_not_change_the_schema),
        TEST(each_kind_of_object_is_in_the_schema),
        TEST(dropping_what_was_made_brings_the_schema_back),
        TEST(foreign_keys_can_be_off_until_reset),
        TEST(many_statements_run_on_one_session),
    };
    union {
        const void *read_only;
        void *state;
    } dialect = {.read_only = contract_dialect_of(kind)};

    assert_non_null(contract[CONTRACT_STEADY - 1].name);
    memcpy(&contract[CONTRACT_STEADY], contract_waits, sizeof contract_waits);
    for (size_t i = 0; i < COUNT_OF(contract); i++)
        contract[i].initial_state = dialect.state;
    return cmocka_run_group_tests_name(engine_kind_name(kind), contract, NULL, NULL);
}
