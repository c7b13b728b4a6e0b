#include <string.h>

#include "job_fixture.h"
#include "scripted_engine.h"

/* More than any disk has. */
#define TOO_MUCH (INT64_C(1) << 61)

static const struct fixture_step filling[] = {
    {"1", "UPDATE mine SET id = id + 1;", "UPDATE mine SET id = id - 1;"},
    {"2", "SELECT * FROM missing;", NULL},
};

static enum job_state run(struct job_fixture *fixture, struct scripted_engine *scripted,
                          struct error *err)
{
    AUTO(session)
    struct session *session =
        session_open_on(&scripted->engine, &scripted->target, clock_system(), err);

    assert_non_null(session);
    return fixture_run_on(fixture, session, err);
}

static void plan(struct job_fixture *fixture, struct scripted_engine *scripted,
                 const struct fixture_step *steps, size_t count)
{
    fixture_do(fixture, "CREATE TABLE IF NOT EXISTS mine (id INTEGER)");
    scripted_engine_init(scripted, &fixture->target, true);
    fixture_plan(fixture, "a", steps, count);
}

static void a_step_that_does_not_fit_on_the_disk_is_refused(void **state)
{
    struct job_fixture *fixture = *state;
    struct scripted_engine scripted;
    struct error err = {0};

    plan(fixture, &scripted, filling, 1);
    scripted.table_bytes = TOO_MUCH;
    assert_int_equal(run(fixture, &scripted, &err), JOB_REFUSED);
    assert_int_equal(err.code, ERROR_UNSUPPORTED);
    assert_non_null(strstr(err.message, "the step may write mine again, 2199023255552 MiB"));
    assert_non_null(strstr(err.message, fixture->directory));
    assert_int_equal(fixture_count(fixture, "SELECT 1 FROM sqlite_schema"
                                            " WHERE name = 'fleet_history'"),
                     0);
}

static void the_check_of_space_can_be_turned_off(void **state)
{
    struct job_fixture *fixture = *state;
    struct scripted_engine scripted;
    struct error err = {0};

    plan(fixture, &scripted, filling, 1);
    scripted.table_bytes = TOO_MUCH;
    fixture->limits.any_space = true;
    assert_int_equal(run(fixture, &scripted, &err), JOB_APPLIED);
}

static void two_statements_need_the_room_of_both(void **state)
{
    struct job_fixture *fixture = *state;
    static const struct fixture_step twice[] = {
        {"1", "UPDATE mine SET id = 1; UPDATE mine SET id = 2;", NULL}};
    struct scripted_engine scripted;
    struct error err = {0};

    plan(fixture, &scripted, twice, 1);
    scripted.table_bytes = TOO_MUCH;
    assert_int_equal(run(fixture, &scripted, &err), JOB_REFUSED);
    assert_non_null(strstr(err.message, "4398046511104 MiB in all"));
}

static void a_step_that_would_wait_for_a_long_transaction_says_for_whose(void **state)
{
    struct job_fixture *fixture = *state;
    struct scripted_engine scripted;
    struct error err = {0};

    plan(fixture, &scripted, filling, 1);
    scripted.lingering = "pid 7, in a transaction for 900 s";
    fixture->limits.lock_budget_ms = 50;
    assert_int_equal(run(fixture, &scripted, &err), JOB_REFUSED);
    assert_int_equal(err.code, ERROR_LOCKED);
    assert_non_null(strstr(err.message, "the step would wait for pid 7"));
    assert_non_null(strstr(fixture->waiting, "pid 7"));
    fixture->limits.long_transaction_ms = 0;
    error_clear(&err);
    assert_int_equal(run(fixture, &scripted, &err), JOB_APPLIED);
}

static void a_way_back_asks_for_nothing(void **state)
{
    struct job_fixture *fixture = *state;
    struct scripted_engine scripted;
    struct error err = {0};

    plan(fixture, &scripted, filling, 2);
    assert_int_equal(run(fixture, &scripted, &err), JOB_ROLLED_BACK);
    assert_int_equal(scripted.foreseen, 1);
}

static void what_the_step_makes_costs_no_question(void **state)
{
    struct job_fixture *fixture = *state;
    static const struct fixture_step making[] = {
        {"1", "CREATE TABLE made (id INTEGER); CREATE INDEX made_id ON made (id);", NULL}};
    struct scripted_engine scripted;
    struct error err = {0};

    plan(fixture, &scripted, making, 1);
    assert_int_equal(run(fixture, &scripted, &err), JOB_APPLIED);
    assert_int_equal(scripted.foreseen, 0);
}

static void what_has_run_is_not_refused_any_more(void **state)
{
    struct job_fixture *fixture = *state;
    struct scripted_engine scripted;
    struct error err = {0};

    plan(fixture, &scripted, filling, 1);
    assert_int_equal(run(fixture, &scripted, &err), JOB_APPLIED);
    scripted.table_bytes = TOO_MUCH;
    assert_int_equal(run(fixture, &scripted, &err), JOB_APPLIED);
    assert_int_equal(scripted.foreseen, 1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_set_up, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_step_that_does_not_fit_on_the_disk_is_refused),
        TEST(the_check_of_space_can_be_turned_off),
        TEST(two_statements_need_the_room_of_both),
        TEST(a_step_that_would_wait_for_a_long_transaction_says_for_whose),
        TEST(a_way_back_asks_for_nothing),
        TEST(what_the_step_makes_costs_no_question),
        TEST(what_has_run_is_not_refused_any_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
