#include <stdio.h>
#include <string.h>

#include "job_fixture.h"

static void expect_history(const struct job_fixture *fixture, const char *expected)
{
    char history[512];

    fixture_history(fixture, history, sizeof history);
    assert_string_equal(history, expected);
}

static const struct fixture_step two_steps[] = {
    {"1", "CREATE TABLE items (id INTEGER PRIMARY KEY, note TEXT);", "DROP TABLE items;"},
    {"2", "ALTER TABLE items ADD COLUMN price INTEGER;", "ALTER TABLE items DROP COLUMN price;"},
};

static void a_job_is_taken_back_by_what_the_history_has_of_it(void **state)
{
    struct job_fixture *fixture = *state;

    fixture_plan(fixture, "a", two_steps, 2);
    fixture_expect(fixture, JOB_APPLIED);
    fixture->job.back = true;
    fixture->job.rollout = "00000000000000000000000000000002";
    fixture->job.epoch++;
    fixture_expect(fixture, JOB_ROLLED_BACK);
    assert_string_equal(fixture->story,
                        "2 down started, 2 down done, 1 down started, 1 down done, rolled_back");
    expect_history(fixture, "1 up, 2 up, 2 down, 1 down");
    fixture_expect(fixture, JOB_ROLLED_BACK);
    assert_string_equal(fixture->story, "rolled_back");
}

static void a_delayed_apply_does_not_run_after_the_way_back(void **state)
{
    struct job_fixture *fixture = *state;

    fixture_plan(fixture, "a", two_steps, 2);
    const struct job apply = fixture->job;
    fixture_expect(fixture, JOB_APPLIED);
    fixture->job.back = true;
    fixture->job.rollout = "00000000000000000000000000000002";
    fixture->job.epoch++;
    fixture_expect(fixture, JOB_ROLLED_BACK);
    fixture->job = apply;
    struct error err = fixture_expect(fixture, JOB_REFUSED);
    assert_int_equal(err.code, ERROR_FENCED);
    expect_history(fixture, "1 up, 2 up, 2 down, 1 down");
}

static void a_job_that_never_ran_is_taken_back_by_doing_nothing(void **state)
{
    struct job_fixture *fixture = *state;

    fixture_plan(fixture, "a", two_steps, 2);
    fixture->job.back = true;
    fixture_expect(fixture, JOB_ROLLED_BACK);
    expect_history(fixture, "");
}

static void what_another_plan_built_upon_is_not_taken_back(void **state)
{
    struct job_fixture *fixture = *state;

    fixture_plan(fixture, "a", two_steps, 1);
    const struct digest head = fixture->planned.head;
    fixture_expect(fixture, JOB_APPLIED);
    fixture_plan(fixture, "b", &two_steps[1], 1);
    fixture_expect(fixture, JOB_APPLIED);
    fixture_plan(fixture, "a", two_steps, 1);
    fixture->planned.head = head;
    fixture->job.back = true;
    struct error err = fixture_expect(fixture, JOB_REFUSED);
    assert_int_equal(err.code, ERROR_STALE);
    expect_history(fixture, "1 up, 2 up");
}

static void a_way_back_that_fails_says_where_the_target_stays(void **state)
{
    static const struct fixture_step bad_way_back[] = {
        {"1", "CREATE TABLE items (id INTEGER);", "DROP TABLE items;"},
        {"2", "CREATE TABLE other (id INTEGER);", "DROP TABLE missing;"},
    };
    struct job_fixture *fixture = *state;

    fixture_plan(fixture, "a", bad_way_back, 2);
    fixture_expect(fixture, JOB_APPLIED);
    fixture->job.back = true;
    struct error err = fixture_expect(fixture, JOB_HALTED);
    assert_non_null(strstr(err.message, "the target stays at 2 change"));
    expect_history(fixture, "1 up, 2 up");
}

static void steps_before_a_failed_one_are_kept_on_request(void **state)
{
    static const struct fixture_step failing_second[] = {
        {"1", "CREATE TABLE items (id INTEGER PRIMARY KEY);", "DROP TABLE items;"},
        {"2", "INSERT INTO missing VALUES (1);", "SELECT 1;"},
    };
    struct job_fixture *fixture = *state;

    fixture_plan(fixture, "a", failing_second, 2);
    fixture->job.keep = true;
    fixture_expect(fixture, JOB_HALTED);
    expect_history(fixture, "1 up");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_job_is_taken_back_by_what_the_history_has_of_it),
        TEST(a_delayed_apply_does_not_run_after_the_way_back),
        TEST(a_job_that_never_ran_is_taken_back_by_doing_nothing),
        TEST(what_another_plan_built_upon_is_not_taken_back),
        TEST(a_way_back_that_fails_says_where_the_target_stays),
        TEST(steps_before_a_failed_one_are_kept_on_request),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
