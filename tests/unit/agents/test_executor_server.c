#include <string.h>

#include "job_fixture.h"
#include "scripted_engine.h"

static const struct fixture_step making[] = {{"1", "CREATE TABLE made (id INTEGER);", NULL}};

/* On a plan for the server that the engine says it is. */
static enum job_state run(struct job_fixture *fixture, struct scripted_engine *scripted,
                          struct error *err)
{
    AUTO(session)
    struct session *session =
        session_open_on(&scripted->engine, &scripted->target, clock_system(), err);

    assert_non_null(session);
    return fixture_run_on(fixture, session, err);
}

static void plan_on(struct job_fixture *fixture, struct scripted_engine *scripted)
{
    scripted_engine_init(scripted, &fixture->target, true);
    fixture_plan(fixture, "a", making, 1);
    fixture->planned.engine = ENGINE_POSTGRESQL;
    fixture->planned.identity = "7:1";
    fixture->planned.timeline = 1;
    fixture->planned.release = "PostgreSQL 15";
}

static void expect_refused(struct job_fixture *fixture, struct scripted_engine *scripted,
                           enum error_code code, const char *words)
{
    struct error err = {0};

    assert_int_equal(run(fixture, scripted, &err), JOB_REFUSED);
    assert_int_equal(err.code, code);
    if (strstr(err.message, words) == NULL)
        fail_msg("%s", err.message);
    assert_int_equal(scripted->commits, 0);
    assert_int_equal(fixture_count(fixture, "SELECT 1 FROM sqlite_schema"), 0);
}

static void a_job_runs_on_the_server_that_it_was_planned_on(void **state)
{
    struct job_fixture *fixture = *state;
    struct scripted_engine scripted;
    struct error err = {0};

    plan_on(fixture, &scripted);
    assert_int_equal(run(fixture, &scripted, &err), JOB_APPLIED);
}

static void another_database_or_release_is_stale_before_anything_runs(void **state)
{
    struct job_fixture *fixture = *state;
    struct scripted_engine scripted;

    plan_on(fixture, &scripted);
    fixture->planned.identity = "8:1";
    expect_refused(fixture, &scripted, ERROR_STALE, "another one than the plan was made for");
    fixture->planned.identity = "7:1";
    fixture->planned.timeline = 3;
    expect_refused(fixture, &scripted, ERROR_STALE, "timeline 1, the plan has 7:1, timeline 3");
    fixture->planned.timeline = 0;
    fixture->planned.release = "PostgreSQL 14";
    expect_refused(fixture, &scripted, ERROR_STALE, "it is PostgreSQL 15.7");
}

static void a_replica_is_refused(void **state)
{
    struct job_fixture *fixture = *state;
    struct scripted_engine scripted;

    plan_on(fixture, &scripted);
    scripted.read_only = true;
    expect_refused(fixture, &scripted, ERROR_UNSUPPORTED, "replica or read-only");
}

/* It is asked under the lock alone. */
static void a_failover_until_the_lock_was_taken_is_seen(void **state)
{
    struct job_fixture *fixture = *state;
    struct scripted_engine scripted;

    for (int transactional = 0; transactional < 2; transactional++) {
        plan_on(fixture, &scripted);
        scripted.engine.traits.transactional_ddl = transactional != 0;
        scripted.moves_at = 1;
        expect_refused(fixture, &scripted, ERROR_STALE, "timeline 2");
    }
}

/* There the row of a part that was committed here is missing too. */
static void another_server_does_not_settle_a_lost_commit(void **state)
{
    struct job_fixture *fixture = *state;
    struct scripted_engine scripted;
    struct error err = {0};

    plan_on(fixture, &scripted);
    scripted.lost_at_commit = 1;
    scripted.reply = REPLY_LOST_AFTER_COMMIT;
    scripted.moves_at = 3;
    assert_int_equal(run(fixture, &scripted, &err), JOB_UNKNOWN);
    assert_int_equal(scripted.moves_at, 0);
    assert_non_null(strstr(err.message, "timeline 2"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_set_up, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_job_runs_on_the_server_that_it_was_planned_on),
        TEST(another_database_or_release_is_stale_before_anything_runs),
        TEST(a_replica_is_refused),
        TEST(a_failover_until_the_lock_was_taken_is_seen),
        TEST(another_server_does_not_settle_a_lost_commit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
