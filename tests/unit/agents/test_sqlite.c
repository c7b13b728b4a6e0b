/* What is special to SQLite; all that engines share is in contract.c. */
#include "contract_env.h"

#include <string.h>

#include "agents/engines/sqlite_tokens.h"
#include "contract.h"

static bool leaves_no_trace(const char *sql)
{
    return sqlite_leaves_no_trace(sql, strlen(sql));
}

static void plain_statements_leave_nothing_in_the_connection(void **state)
{
    (void)state;
    assert_true(leaves_no_trace("ALTER TABLE item ADD COLUMN temperature INTEGER"));
    assert_true(leaves_no_trace("-- why\n create table item (id INTEGER)"));
    assert_true(leaves_no_trace("INSERT INTO item VALUES ('temp')"));
    assert_true(leaves_no_trace("WITH n AS (SELECT 1) DELETE FROM item"));
}

static void what_a_connection_would_remember_is_noticed(void **state)
{
    (void)state;
    assert_false(leaves_no_trace("PRAGMA foreign_keys = OFF"));
    assert_false(leaves_no_trace("ATTACH 'other.db' AS other"));
    assert_false(leaves_no_trace("SAVEPOINT s"));
    assert_false(leaves_no_trace("CREATE TEMP TABLE item (id INTEGER)"));
    assert_false(leaves_no_trace("CREATE /* */ temporary VIEW item AS SELECT 1"));
    assert_false(leaves_no_trace("CREATE TABLE temp.item (id INTEGER)"));
    assert_false(leaves_no_trace("CREATE TABLE \"Temp\".item (id INTEGER)"));
    assert_false(leaves_no_trace("CREATE TABLE [temp] . item (id INTEGER)"));
    assert_false(leaves_no_trace(""));
}

static void reset_drops_a_temporary_table_that_a_script_left(void **state)
{
    const struct contract_env *env = *state;
    AUTO(session) struct session *session = contract_open(env);
    struct error err = {0};

    contract_do(session, "CREATE TABLE item (id INTEGER)");
    contract_do(session, "CREATE TABLE temp.item (id INTEGER)");
    contract_do(session, "INSERT INTO temp.item VALUES (1)");
    assert_true(env->engine->reset(session, &err));
    assert_int_equal(contract_count_rows(session, "SELECT id FROM item"), 0);
    assert_int_equal(contract_count_rows(session, "SELECT 1 FROM sqlite_temp_schema"), 0);
}

int main(void)
{
    union {
        const void *read_only;
        void *state;
    } dialect = {.read_only = contract_dialect_of(ENGINE_SQLITE)};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_statements_leave_nothing_in_the_connection),
        cmocka_unit_test(what_a_connection_would_remember_is_noticed),
        cmocka_unit_test_prestate_setup_teardown(reset_drops_a_temporary_table_that_a_script_left,
                                                 contract_set_up, contract_tear_down,
                                                 dialect.state),
    };

    return cmocka_run_group_tests_name("sqlite", tests, NULL, NULL);
}
