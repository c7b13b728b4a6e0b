#include <string.h>

#include "job_fixture.h"
#include "scripted_engine.h"

static struct session *open_scripted(struct scripted_engine *scripted)
{
    struct error err = {0};
    struct session *session =
        session_open_on(&scripted->engine, &scripted->target, clock_system(), &err);

    assert_non_null(session);
    return session;
}

static struct error expect(struct job_fixture *fixture, struct scripted_engine *scripted,
                           enum job_state state)
{
    AUTO(session) struct session *session = open_scripted(scripted);
    struct error err = {0};
    enum job_state end = fixture_run_on(fixture, session, &err);

    if (end != state)
        fail_msg("%s, not %s: %s: %s", job_state_name(end), job_state_name(state),
                 error_code_name(err.code), err.message);
    return err;
}

static void expect_history(const struct job_fixture *fixture, const char *expected)
{
    char history[512];

    fixture_history(fixture, history, sizeof history);
    assert_string_equal(history, expected);
}

static int64_t count_tables(const struct job_fixture *fixture)
{
    return fixture_count(fixture, "SELECT 1 FROM sqlite_schema WHERE type = 'table'"
                                  " AND name NOT LIKE 'fleet%'");
}

static const struct fixture_step counting[] = {
    {"1", "CREATE TABLE counter (n INTEGER);\nINSERT INTO counter VALUES (1);",
     "DROP TABLE counter;"},
    {"2", "CREATE TABLE second (id INTEGER);\nINSERT INTO second VALUES (1);",
     "DROP TABLE second;"},
};

static void a_lost_commit_reply_is_unknown_not_failed(void **state)
{
    struct job_fixture *fixture = *state;
    struct scripted_engine scripted;

    scripted_engine_init(&scripted, &fixture->target, true);
    fixture_plan(fixture, "a", counting, 1);
    AUTO(session) struct session *session = open_scripted(&scripted);
    struct error err = {0};
    scripted.lost_at_commit = 1;
    scripted.reply = REPLY_LOST_AFTER_COMMIT;
    scripted.refuse_open = true;
    assert_int_equal(fixture_run_on(fixture, session, &err), JOB_UNKNOWN);
    assert_int_equal(err.code, ERROR_UNKNOWN);
    assert_string_equal(fixture->story, "1 up started, 1 up failed, unknown");
}

static void a_lost_reply_is_settled_by_reading_the_target_again(void **state)
{
    struct job_fixture *fixture = *state;
    struct scripted_engine scripted;

    scripted_engine_init(&scripted, &fixture->target, true);
    fixture_plan(fixture, "a", counting, 2);
    scripted.lost_at_commit = 1;
    scripted.reply = REPLY_LOST_AFTER_COMMIT;
    expect(fixture, &scripted, JOB_APPLIED);
    assert_int_equal(scripted.opened, 2);
    expect_history(fixture, "1 up, 2 up");
    assert_int_equal(fixture_count(fixture, "SELECT * FROM counter"), 1);
}

static void a_commit_that_never_arrived_is_failed_clean(void **state)
{
    struct job_fixture *fixture = *state;
    struct scripted_engine scripted;

    scripted_engine_init(&scripted, &fixture->target, true);
    fixture_plan(fixture, "a", counting, 1);
    scripted.lost_at_commit = 1;
    scripted.reply = REPLY_LOST_BEFORE_COMMIT;
    expect(fixture, &scripted, JOB_FAILED_CLEAN);
    expect_history(fixture, "");
    assert_int_equal(count_tables(fixture), 0);
}

static void a_busy_lock_is_tried_again_and_told_once(void **state)
{
    struct job_fixture *fixture = *state;
    struct scripted_engine scripted;

    scripted_engine_init(&scripted, &fixture->target, true);
    fixture_plan(fixture, "a", counting, 1);
    scripted.lock_refusals = 3;
    expect(fixture, &scripted, JOB_APPLIED);
    assert_string_equal(fixture->story, "1 up started, 1 up waiting, 1 up done, applied");
    assert_non_null(strstr(fixture->waiting, "pid 812"));
}

static void a_statement_that_waits_too_long_restarts_its_step(void **state)
{
    struct job_fixture *fixture = *state;
    struct scripted_engine scripted;

    scripted_engine_init(&scripted, &fixture->target, true);
    fixture_plan(fixture, "a", counting, 1);
    scripted.locked_once = "INSERT INTO counter";
    expect(fixture, &scripted, JOB_APPLIED);
    assert_int_equal(fixture_count(fixture, "SELECT * FROM counter"), 1);
    expect_history(fixture, "1 up");
}

static void a_session_lost_in_a_script_is_replaced_for_the_way_back(void **state)
{
    struct job_fixture *fixture = *state;
    struct scripted_engine scripted;

    scripted_engine_init(&scripted, &fixture->target, true);
    fixture_plan(fixture, "a", counting, 2);
    scripted.lost_at = "INSERT INTO second";
    struct error err = expect(fixture, &scripted, JOB_ROLLED_BACK);
    assert_int_equal(err.code, ERROR_CONNECT);
    assert_int_equal(err.statement, 2);
    expect_history(fixture, "1 up, 1 down");
    assert_int_equal(count_tables(fixture), 0);
}

static void one_definition_costs_two_commits(void **state)
{
    struct job_fixture *fixture = *state;
    struct scripted_engine scripted;
    const struct fixture_step first[] = {{"1", "CREATE TABLE a (id INTEGER);", NULL}};
    const struct fixture_step second[] = {{"2", "ALTER TABLE a ADD COLUMN b INTEGER;", NULL}};

    scripted_engine_init(&scripted, &fixture->target, false);
    fixture_plan(fixture, "a", first, 1);
    expect(fixture, &scripted, JOB_APPLIED);
    fixture_plan(fixture, "b", second, 1);
    scripted.commits = 0;
    expect(fixture, &scripted, JOB_APPLIED);
    assert_int_equal(scripted.commits, 2);
    expect_history(fixture, "1 up, 2 up");
    assert_int_equal(fixture_count(fixture, "SELECT * FROM fleet_intent"), 0);
}

static void a_statement_that_changes_only_the_session_needs_no_intent(void **state)
{
    struct job_fixture *fixture = *state;
    struct scripted_engine scripted;
    const struct fixture_step steps[] = {
        {"1", "PRAGMA cache_size = 100;\nCREATE TABLE a (id INTEGER);\nPRAGMA cache_size = 200;",
         NULL}};

    scripted_engine_init(&scripted, &fixture->target, false);
    fixture_plan(fixture, "a", steps, 1);
    expect(fixture, &scripted, JOB_APPLIED);
    assert_int_equal(scripted.commits, 2);
}

#define SIX_TABLES                                                                               \
    "CREATE TABLE a (id INTEGER);\nCREATE TABLE b (id INTEGER);\nCREATE TABLE c (id INTEGER);\n" \
    "CREATE TABLE d (id INTEGER);\nCREATE TABLE e (id INTEGER);\nCREATE TABLE f (id INTEGER);\n"

static void a_syntax_error_in_statement_7_of_9_runs_nothing(void **state)
{
    struct job_fixture *fixture = *state;
    struct scripted_engine scripted;
    const struct fixture_step steps[] = {
        {"1", SIX_TABLES "CREATE TABLE g (id INTEGER,,);\nCREATE TABLE h (id INTEGER);\nSELECT 1;",
         NULL}};

    scripted_engine_init(&scripted, &fixture->target, false);
    fixture_plan(fixture, "a", steps, 1);
    struct error err = expect(fixture, &scripted, JOB_FAILED_CLEAN);
    assert_int_equal(err.code, ERROR_SYNTAX);
    assert_int_equal(err.statement, 7);
    assert_int_equal(err.line, 7);
    assert_int_equal(scripted.parsed, 7);
    assert_int_equal(count_tables(fixture), 0);
    assert_int_equal(fixture_count(fixture, "SELECT * FROM fleet_intent"), 0);
    assert_int_equal(fixture_count(fixture, "SELECT * FROM fleet_fence"), 1);
}

static void an_error_in_the_first_statement_is_failed_clean(void **state)
{
    struct job_fixture *fixture = *state;
    struct scripted_engine scripted;
    const struct fixture_step steps[] = {{"1", "ALTER TABLE missing ADD COLUMN x INTEGER;", NULL}};

    scripted_engine_init(&scripted, &fixture->target, false);
    fixture_plan(fixture, "a", steps, 1);
    expect(fixture, &scripted, JOB_FAILED_CLEAN);
    assert_int_equal(fixture_count(fixture, "SELECT * FROM fleet_intent"), 0);
}

#define FAILS_AT_THREE \
    "CREATE TABLE a (id INTEGER);\nCREATE TABLE b (id INTEGER);\nINSERT INTO missing VALUES (1);"

static void pairs_take_back_what_ran_before_the_error(void **state)
{
    struct job_fixture *fixture = *state;
    struct scripted_engine scripted;
    const struct fixture_step steps[] = {
        {"1", FAILS_AT_THREE,
         "-- fleet: undoes 3\nDELETE FROM missing;\n-- fleet: undoes 2\nDROP TABLE b;\n"
         "-- fleet: undoes 1\nDROP TABLE a;"}};

    scripted_engine_init(&scripted, &fixture->target, false);
    fixture_plan(fixture, "a", steps, 1);
    struct error err = expect(fixture, &scripted, JOB_FAILED_CLEAN);
    assert_int_equal(err.statement, 3);
    assert_int_equal(count_tables(fixture), 0);
    assert_int_equal(fixture_count(fixture, "SELECT * FROM fleet_intent"), 0);
    expect_history(fixture, "");
}

static void without_pairs_it_stops_at_a_recorded_statement(void **state)
{
    struct job_fixture *fixture = *state;
    struct scripted_engine scripted;
    const struct fixture_step steps[] = {{"1", FAILS_AT_THREE, "DROP TABLE b;\nDROP TABLE a;"}};
    const struct fixture_step later[] = {{"2", "CREATE TABLE z (id INTEGER);", NULL}};
    AUTO(arena) struct arena *arena = arena_new();
    struct target_status status;
    struct applied_set set;
    struct error second = {0};

    scripted_engine_init(&scripted, &fixture->target, false);
    fixture_plan(fixture, "a", steps, 1);
    struct error err = expect(fixture, &scripted, JOB_NEEDS_OPERATOR);
    assert_int_equal(err.code, ERROR_NEEDS_OPERATOR);
    assert_int_equal(err.statement, 3);
    assert_int_equal(count_tables(fixture), 2);

    AUTO(session) struct session *session = fixture_open(fixture);
    assert_true(executor_status(session, false, arena, &status, &set, &second));
    assert_non_null(status.intent);
    assert_int_equal(status.intent->statement, 3);
    assert_string_equal(status.intent->summary, "INSERT INTO missing VALUES (1)");

    fixture_plan(fixture, "b", later, 1);
    err = expect(fixture, &scripted, JOB_REFUSED);
    assert_int_equal(err.code, ERROR_NEEDS_OPERATOR);
    assert_non_null(strstr(err.message, "statement 3"));
}

/* SQLite has no statement that its parser takes and our classes call opaque but EXPLAIN. */
static void an_opaque_statement_needs_leave_and_when_it_fails_an_operator(void **state)
{
    struct job_fixture *fixture = *state;
    struct scripted_engine scripted;
    const struct fixture_step steps[] = {{"1", "EXPLAIN SELECT * FROM missing;", NULL}};

    scripted_engine_init(&scripted, &fixture->target, false);
    fixture_plan(fixture, "a", steps, 1);
    struct error err = expect(fixture, &scripted, JOB_REFUSED);
    assert_int_equal(err.code, ERROR_UNSUPPORTED);
    assert_non_null(strstr(err.message, "opaque = allow"));
    assert_int_equal(err.statement, 1);

    fixture->plan.header.policy.opaque_allowed = true;
    err = expect(fixture, &scripted, JOB_NEEDS_OPERATOR);
    assert_int_equal(err.statement, 1);
    assert_non_null(strstr(err.message, "missing"));
}

static void a_session_lost_in_a_statement_is_replaced_and_the_object_tells(void **state)
{
    struct job_fixture *fixture = *state;
    struct scripted_engine scripted;
    const struct fixture_step steps[] = {{"1", "CREATE TABLE a (id INTEGER);", NULL}};

    scripted_engine_init(&scripted, &fixture->target, false);
    fixture_plan(fixture, "a", steps, 1);
    scripted.lost_at = "CREATE TABLE a";
    expect(fixture, &scripted, JOB_APPLIED);
    assert_int_equal(scripted.opened, 2);
    expect_history(fixture, "1 up");
    assert_int_equal(fixture_count(fixture, "SELECT * FROM fleet_intent"), 0);
}

static void a_session_that_lost_its_lock_gives_way_to_one_that_has_it(void **state)
{
    struct job_fixture *fixture = *state;
    struct scripted_engine scripted;
    const struct fixture_step steps[] = {
        {"1", "CREATE TABLE a (id INTEGER);\nCREATE TABLE b (id INTEGER);", NULL}};

    scripted_engine_init(&scripted, &fixture->target, false);
    fixture_plan(fixture, "a", steps, 1);
    scripted.lock_lost_after = "CREATE TABLE a";
    expect(fixture, &scripted, JOB_APPLIED);
    assert_int_equal(scripted.opened, 2);
    assert_int_equal(count_tables(fixture), 2);
}

static void a_lost_reply_to_the_last_commit_is_settled_without_transactions_too(void **state)
{
    struct job_fixture *fixture = *state;
    struct scripted_engine scripted;

    scripted_engine_init(&scripted, &fixture->target, false);
    fixture_plan(fixture, "a", counting, 1);
    scripted.lost_at_commit = 3;
    scripted.reply = REPLY_LOST_AFTER_COMMIT;
    expect(fixture, &scripted, JOB_APPLIED);
    expect_history(fixture, "1 up");
    assert_int_equal(fixture_count(fixture, "SELECT * FROM counter"), 1);
}

static void a_lost_reply_to_the_first_intent_is_settled_too(void **state)
{
    struct job_fixture *fixture = *state;
    struct scripted_engine scripted;

    scripted_engine_init(&scripted, &fixture->target, false);
    fixture_plan(fixture, "a", counting, 1);
    scripted.lost_at_commit = 1;
    scripted.reply = REPLY_LOST_AFTER_COMMIT;
    expect(fixture, &scripted, JOB_APPLIED);
    assert_int_equal(fixture_count(fixture, "SELECT * FROM fleet_intent"), 0);
    assert_int_equal(fixture_count(fixture, "SELECT * FROM counter"), 1);
}

static void data_of_a_failing_check_goes_back_with_its_transaction(void **state)
{
    struct job_fixture *fixture = *state;
    struct scripted_engine scripted;
    const struct fixture_step steps[] = {
        {"1", "-- fleet: check SELECT 1 FROM mine WHERE id < 0\nINSERT INTO mine VALUES (-1);",
         NULL}};

    fixture_do(fixture, "CREATE TABLE mine (id INTEGER)");
    scripted_engine_init(&scripted, &fixture->target, false);
    fixture_plan(fixture, "a", steps, 1);
    assert_int_equal(expect(fixture, &scripted, JOB_FAILED_CLEAN).code, ERROR_CHECK);
    assert_int_equal(fixture_count(fixture, "SELECT * FROM mine"), 0);
    assert_int_equal(fixture_count(fixture, "SELECT * FROM fleet_intent"), 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_set_up, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_lost_commit_reply_is_unknown_not_failed),
        TEST(a_lost_reply_is_settled_by_reading_the_target_again),
        TEST(a_commit_that_never_arrived_is_failed_clean),
        TEST(a_busy_lock_is_tried_again_and_told_once),
        TEST(a_statement_that_waits_too_long_restarts_its_step),
        TEST(a_session_lost_in_a_script_is_replaced_for_the_way_back),
        TEST(one_definition_costs_two_commits),
        TEST(a_statement_that_changes_only_the_session_needs_no_intent),
        TEST(a_syntax_error_in_statement_7_of_9_runs_nothing),
        TEST(an_error_in_the_first_statement_is_failed_clean),
        TEST(pairs_take_back_what_ran_before_the_error),
        TEST(without_pairs_it_stops_at_a_recorded_statement),
        TEST(an_opaque_statement_needs_leave_and_when_it_fails_an_operator),
        TEST(a_session_lost_in_a_statement_is_replaced_and_the_object_tells),
        TEST(a_session_that_lost_its_lock_gives_way_to_one_that_has_it),
        TEST(a_lost_reply_to_the_last_commit_is_settled_without_transactions_too),
        TEST(a_lost_reply_to_the_first_intent_is_settled_too),
        TEST(data_of_a_failing_check_goes_back_with_its_transaction),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
