/* The query that a plan signs for its targets' health: who may have it run, and what it can do. */
#include <string.h>

#include "agency.h"
#include "directory.h"

static void open_with(struct agency *agency, const char *sql)
{
    agency_open(agency);
    agency->health_sql = sql;
    agency_good_plan(agency);
    agency_run(agency, 2);
    assert_non_null(strstr(buffer_text(&agency->story), "b applied"));
}

static void ask(struct agency *agency, size_t count)
{
    static const size_t targets[] = {0, 1, 2};

    agency_forget(agency);
    AUTO(json) json_t *slice = slice_encode(agency->plan, targets, count);
    const struct examine_request request = {.slice = slice};
    service_health(agency->service, &request, agency_listen, agency);
}

static void a_target_that_is_well_is_not_told_of(void **state)
{
    (void)state;
    struct agency agency;

    open_with(&agency, "SELECT * FROM t");
    ask(&agency, 2);
    assert_string_equal(buffer_text(&agency.story), "end");
    agency_close(&agency);
}

static void a_row_is_an_illness(void **state)
{
    (void)state;
    struct agency agency;

    open_with(&agency, "select 1 union select 2");
    ask(&agency, 1);
    assert_string_equal(buffer_text(&agency.story), "a unreadable, end");
    assert_int_equal(agency.error.code, ERROR_CHECK);
    assert_string_equal(agency.error.message, "health_sql must return no row, and returned 2");
    agency_close(&agency);
}

static void a_target_that_cannot_answer_does_not_hide_the_others(void **state)
{
    (void)state;
    struct agency agency;

    open_with(&agency, "SELECT * FROM t");
    ask(&agency, 3); /* c has no table yet */
    assert_string_equal(buffer_text(&agency.story), "c unreadable, end");
    assert_int_equal(agency.error.code, ERROR_SQL);
    agency_close(&agency);
}

static void nothing_but_a_query_runs(void **state)
{
    (void)state;
    static const char *const cases[] = {"INSERT INTO t VALUES (1)", "PRAGMA query_only = 0", ""};

    struct agency agency;

    open_with(&agency, "SELECT * FROM t");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        agency.health_sql = cases[i];
        agency_good_plan(&agency);
        ask(&agency, 1);
        assert_string_equal(buffer_text(&agency.story), "a unreadable, end");
        assert_int_equal(agency.error.code, ERROR_VERIFY);
    }
    agency_close(&agency);
}

static void a_query_that_writes_is_refused_by_the_database(void **state)
{
    (void)state;
    struct agency agency;

    open_with(&agency, "WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x");
    ask(&agency, 1);
    assert_string_equal(buffer_text(&agency.story), "a unreadable, end");
    assert_int_equal(agency.error.code, ERROR_SQL);
    agency.health_sql = "SELECT * FROM t";
    agency_good_plan(&agency);
    ask(&agency, 1);
    assert_string_equal(buffer_text(&agency.story), "end");
    agency_close(&agency);
}

static void a_session_that_asked_can_write_again(void **state)
{
    (void)state;
    struct agency agency;

    open_with(&agency, "SELECT * FROM t");
    ask(&agency, 3);
    agency_forget(&agency);
    agency_run_from(&agency, 2, 1, &agency);
    assert_string_equal(buffer_text(&agency.story), "accepted, c started, c applied, end");
    agency_close(&agency);
}

static void a_plan_that_nobody_signed_has_no_query_run(void **state)
{
    (void)state;
    struct agency agency;

    open_with(&agency, "SELECT * FROM t");
    agency.targets[0].approvals = 1;
    agency_plan(&agency, "CREATE TABLE t (a);", ENGINE_SQLITE);
    ask(&agency, 1);
    assert_string_equal(buffer_text(&agency.story), "error");
    assert_int_equal(agency.error.code, ERROR_VERIFY);
    agency_close(&agency);
}

static void a_plan_that_is_over_is_of_no_use(void **state)
{
    (void)state;
    struct agency agency;

    open_with(&agency, "SELECT * FROM t");
    agency.now_ms = ROLLBACK_UNTIL_MS + 1;
    ask(&agency, 1);
    assert_string_equal(buffer_text(&agency.story), "error");
    agency_close(&agency);
}

static void a_target_of_another_environment_is_not_asked(void **state)
{
    (void)state;
    struct agency agency;

    open_with(&agency, "SELECT * FROM t");
    agency.targets[0].environment = "another";
    ask(&agency, 1);
    assert_string_equal(buffer_text(&agency.story), "a unreadable, end");
    assert_int_equal(agency.error.code, ERROR_VERIFY);
    agency_close(&agency);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_NEW_DIRECTORY(a_target_that_is_well_is_not_told_of),
        IN_NEW_DIRECTORY(a_row_is_an_illness),
        IN_NEW_DIRECTORY(a_target_that_cannot_answer_does_not_hide_the_others),
        IN_NEW_DIRECTORY(nothing_but_a_query_runs),
        IN_NEW_DIRECTORY(a_query_that_writes_is_refused_by_the_database),
        IN_NEW_DIRECTORY(a_session_that_asked_can_write_again),
        IN_NEW_DIRECTORY(a_plan_that_nobody_signed_has_no_query_run),
        IN_NEW_DIRECTORY(a_plan_that_is_over_is_of_no_use),
        IN_NEW_DIRECTORY(a_target_of_another_environment_is_not_asked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
