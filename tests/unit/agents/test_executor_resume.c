/* Parts outside a transaction that are cut off, and the plans that come after. */
#include <string.h>

#include "job_fixture.h"
#include "scripted_engine.h"

static enum job_state run(struct job_fixture *fixture, struct scripted_engine *scripted,
                          struct error *err)
{
    AUTO(session)
    struct session *session =
        session_open_on(&scripted->engine, &scripted->target, clock_system(), err);

    assert_non_null(session);
    return fixture_run_on(fixture, session, err);
}

static struct error expect(struct job_fixture *fixture, enum job_state state)
{
    struct scripted_engine scripted;
    struct error err = {0};

    scripted_engine_init(&scripted, &fixture->target, false);
    enum job_state end = run(fixture, &scripted, &err);
    if (end != state)
        fail_msg("%s, not %s: %s: %s", job_state_name(end), job_state_name(state),
                 error_code_name(err.code), err.message);
    return err;
}

/* Runs the plan with a client that is killed at a message. False if it ended before. */
static bool run_killed(struct job_fixture *fixture, int message, enum commit_reply last_words)
{
    struct scripted_engine scripted;
    struct error err = {0};

    scripted_engine_init(&scripted, &fixture->target, false);
    scripted.dies_at = message;
    scripted.last_words = last_words;
    (void)run(fixture, &scripted, &err);
    return scripted.refuse_open;
}

static void expect_history(const struct job_fixture *fixture, const char *expected)
{
    char history[512];

    fixture_history(fixture, history, sizeof history);
    assert_string_equal(history, expected);
}

static void expect_no_intent(const struct job_fixture *fixture)
{
    assert_int_equal(fixture_count(fixture, "SELECT 1 FROM fleet_intent"), 0);
}

#define COUNTING                                                                         \
    "CREATE TABLE a (id INTEGER);\nUPDATE canary SET n = n + 1;\nALTER TABLE a ADD b;\n" \
    "INSERT INTO a VALUES (1, 2);\nCREATE INDEX i ON a (b);"

/* For every message that a client may die at: calls after the kill, on a new file each time. */
static void at_every_message(void (*story)(struct job_fixture *fixture, int message,
                                           enum commit_reply last_words, bool *killed))
{
    static const enum commit_reply replies[] = {REPLY_LOST_BEFORE_COMMIT, REPLY_LOST_AFTER_COMMIT};

    for (size_t i = 0; i < COUNT_OF(replies); i++) {
        bool killed = true;

        for (int message = 1; killed; message++) {
            void *state = NULL;

            assert_int_equal(fixture_set_up(&state), 0);
            fixture_do(state, "CREATE TABLE canary (n INTEGER)");
            fixture_do(state, "INSERT INTO canary VALUES (0)");
            story(state, message, replies[i], &killed);
            assert_int_equal(fixture_tear_down(&state), 0);
        }
    }
}

static void kill_and_apply(struct job_fixture *fixture, int message, enum commit_reply last_words,
                           bool *killed)
{
    static const struct fixture_step steps[] = {{"1", COUNTING, NULL}};

    fixture_plan(fixture, "first", steps, 1);
    *killed = run_killed(fixture, message, last_words);
    fixture_plan(fixture, *killed ? "second" : "first", steps, 1);
    if (fixture_count(fixture, "SELECT 1 FROM sqlite_schema WHERE name = 'fleet_history'") == 0 ||
        fixture_count(fixture, "SELECT 1 FROM fleet_history") == 0)
        expect(fixture, JOB_APPLIED);
    expect_history(fixture, "1 up");
    expect_no_intent(fixture);
    assert_int_equal(fixture_count(fixture, "SELECT 1 FROM canary WHERE n = 1"), 1);
    assert_int_equal(fixture_count(fixture, "SELECT b FROM a"), 1);
    assert_int_equal(fixture_count(fixture, "SELECT 1 FROM sqlite_schema WHERE name = 'i'"), 1);
}

static void whenever_it_is_cut_off_the_next_plan_finishes_it_once(void **state)
{
    (void)state;
    at_every_message(kill_and_apply);
}

static void kill_and_redeliver(struct job_fixture *fixture, int message,
                               enum commit_reply last_words, bool *killed)
{
    static const struct fixture_step steps[] = {{"1", COUNTING, NULL}};

    fixture_plan(fixture, "first", steps, 1);
    *killed = run_killed(fixture, message, last_words);
    expect(fixture, JOB_APPLIED);
    expect_history(fixture, "1 up");
    expect_no_intent(fixture);
    assert_int_equal(fixture_count(fixture, "SELECT 1 FROM canary WHERE n = 1"), 1);
}

static void whenever_it_is_cut_off_the_same_plan_finishes_it_once(void **state)
{
    (void)state;
    at_every_message(kill_and_redeliver);
}

/* The third statement fails, and the pairs take back the two before it. */
static void kill_in_a_failing_part(struct job_fixture *fixture, int message,
                                   enum commit_reply last_words, bool *killed)
{
    static const struct fixture_step failing[] = {
        {"1",
         "CREATE TABLE a (id INTEGER);\nUPDATE canary SET n = n + 1;\nINSERT INTO missing VALUES "
         "(1);",
         "-- fleet: undoes 2\nUPDATE canary SET n = n - 1;\n-- fleet: undoes 1\nDROP TABLE a;"}};
    struct error err = {0};
    struct scripted_engine scripted;

    fixture_plan(fixture, "first", failing, 1);
    *killed = run_killed(fixture, message, last_words);
    scripted_engine_init(&scripted, &fixture->target, false);
    assert_int_equal(run(fixture, &scripted, &err), JOB_FAILED_CLEAN);
    assert_non_null(strstr(err.message, "missing"));
    expect_history(fixture, "");
    expect_no_intent(fixture);
    assert_int_equal(fixture_count(fixture, "SELECT 1 FROM canary WHERE n = 0"), 1);
    assert_int_equal(fixture_count(fixture, "SELECT 1 FROM sqlite_schema WHERE name = 'a'"), 0);
}

static void whenever_a_way_back_is_cut_off_the_next_attempt_ends_it(void **state)
{
    (void)state;
    at_every_message(kill_in_a_failing_part);
}

static void a_statement_that_failed_may_be_mended_and_the_rest_goes_on(void **state)
{
    struct job_fixture *fixture = *state;
    const struct fixture_step broken[] = {
        {"1", "CREATE TABLE a (id INTEGER);\nINSERT INTO missing VALUES (1);", NULL}};
    const struct fixture_step mended[] = {
        {"1", "CREATE TABLE a (id INTEGER);\nINSERT INTO a VALUES (1);", NULL}};

    fixture_plan(fixture, "first", broken, 1);
    expect(fixture, JOB_NEEDS_OPERATOR);
    fixture_plan(fixture, "second", mended, 1);
    expect(fixture, JOB_APPLIED);
    expect_no_intent(fixture);
    assert_int_equal(fixture_count(fixture, "SELECT 1 FROM a"), 1);
}

static void a_statement_that_has_run_may_not_be_changed(void **state)
{
    struct job_fixture *fixture = *state;
    const struct fixture_step broken[] = {
        {"1", "CREATE TABLE a (id INTEGER);\nINSERT INTO missing VALUES (1);", NULL}};
    const struct fixture_step changed[] = {
        {"1", "CREATE TABLE a (id TEXT);\nINSERT INTO a VALUES (1);", NULL}};

    fixture_plan(fixture, "first", broken, 1);
    expect(fixture, JOB_NEEDS_OPERATOR);
    fixture_plan(fixture, "second", changed, 1);
    struct error err = expect(fixture, JOB_REFUSED);
    assert_int_equal(err.code, ERROR_NEEDS_OPERATOR);
    assert_non_null(strstr(err.message, "unchanged"));
}

static void kill_at(struct job_fixture *fixture, const char *statement)
{
    struct scripted_engine scripted;
    struct error err = {0};

    scripted_engine_init(&scripted, &fixture->target, false);
    scripted.lost_at = statement;
    AUTO(session)
    struct session *session =
        session_open_on(&scripted.engine, &scripted.target, clock_system(), &err);
    assert_non_null(session);
    scripted.refuse_open = true;
    assert_int_equal(fixture_run_on(fixture, session, &err), JOB_UNKNOWN);
}

static void an_object_that_somebody_else_changed_needs_an_operator(void **state)
{
    struct job_fixture *fixture = *state;
    const struct fixture_step steps[] = {{"1", "ALTER TABLE canary ADD COLUMN mine;", NULL}};

    fixture_do(fixture, "CREATE TABLE canary (n INTEGER)");
    fixture_plan(fixture, "first", steps, 1);
    kill_at(fixture, "ADD COLUMN mine");
    fixture_do(fixture, "DROP TABLE canary");
    struct error err = expect(fixture, JOB_NEEDS_OPERATOR);
    assert_non_null(strstr(err.message, "ADD COLUMN mine"));
    assert_int_equal(err.line, 1);
}

static void settings_come_back_before_the_rest_runs(void **state)
{
    struct job_fixture *fixture = *state;
    const struct fixture_step steps[] = {
        {"1",
         "PRAGMA recursive_triggers = ON;\nCREATE TABLE a (id INTEGER);\n"
         "INSERT INTO a SELECT recursive_triggers FROM pragma_recursive_triggers;",
         NULL}};

    fixture_plan(fixture, "first", steps, 1);
    kill_at(fixture, "CREATE TABLE a");
    expect(fixture, JOB_APPLIED);
    assert_int_equal(fixture_count(fixture, "SELECT 1 FROM a WHERE id = 1"), 1);
}

static void what_a_session_read_does_not_come_back(void **state)
{
    struct job_fixture *fixture = *state;
    const struct fixture_step steps[] = {
        {"1",
         "CREATE TEMPORARY TABLE kept (id INTEGER);\nCREATE TABLE a (id INTEGER);\n"
         "INSERT INTO a SELECT count(*) FROM kept;",
         NULL}};

    fixture_plan(fixture, "first", steps, 1);
    kill_at(fixture, "CREATE TABLE a");
    struct error err = expect(fixture, JOB_NEEDS_OPERATOR);
    assert_non_null(strstr(err.message, "temporary table"));
}

static void a_probe_tells_of_an_opaque_statement(void **state)
{
    struct job_fixture *fixture = *state;
    const struct fixture_step steps[] = {
        {"1",
         "-- fleet: probe SELECT 1 FROM canary WHERE n > 0\nEXPLAIN SELECT 1;\nCREATE TABLE a (n);",
         NULL}};

    fixture_do(fixture, "CREATE TABLE canary (n INTEGER)");
    fixture_plan(fixture, "first", steps, 1);
    kill_at(fixture, "EXPLAIN");
    fixture_do(fixture, "INSERT INTO canary VALUES (1)");
    fixture_plan(fixture, "second", steps, 1);
    expect(fixture, JOB_APPLIED);
    expect_no_intent(fixture);
}

static bool keep_rows(struct session *session, const char *table, bool *keeps, struct error *err)
{
    (void)session;
    (void)err;
    *keeps = strcmp(table, "canary") == 0;
    return true;
}

static void rows_that_no_transaction_takes_back_need_an_operator(void **state)
{
    struct job_fixture *fixture = *state;
    const struct fixture_step steps[] = {{"1", "INSERT INTO canary VALUES (1);", NULL}};
    struct scripted_engine scripted;
    struct error err = {0};

    fixture_do(fixture, "CREATE TABLE canary (n INTEGER)");
    fixture_plan(fixture, "first", steps, 1);
    scripted_engine_init(&scripted, &fixture->target, false);
    scripted.engine.keeps_rows = keep_rows;
    assert_int_equal(run(fixture, &scripted, &err), JOB_FAILED_CLEAN);
    assert_non_null(strstr(err.message, "canary has no transactions"));

    fixture->plan.header.policy.opaque_allowed = true;
    scripted.lost_at = "INSERT INTO canary";
    error_clear(&err);
    assert_int_equal(run(fixture, &scripted, &err), JOB_NEEDS_OPERATOR);
    assert_non_null(strstr(err.message, "cannot be told"));
}

static void another_step_waits_until_the_half_run_one_is_over(void **state)
{
    struct job_fixture *fixture = *state;
    const struct fixture_step steps[] = {
        {"1", "CREATE TABLE a (id INTEGER);\nINSERT INTO missing VALUES (1);", NULL}};
    const struct fixture_step other[] = {{"2", "CREATE TABLE b (id INTEGER);", NULL}};

    fixture_plan(fixture, "first", steps, 1);
    expect(fixture, JOB_NEEDS_OPERATOR);
    fixture_plan(fixture, "second", other, 1);
    struct error err = expect(fixture, JOB_REFUSED);
    assert_non_null(strstr(err.message, "statement 2 of 1 change up"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_set_up, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whenever_it_is_cut_off_the_next_plan_finishes_it_once),
        cmocka_unit_test(whenever_it_is_cut_off_the_same_plan_finishes_it_once),
        cmocka_unit_test(whenever_a_way_back_is_cut_off_the_next_attempt_ends_it),
        TEST(a_statement_that_failed_may_be_mended_and_the_rest_goes_on),
        TEST(a_statement_that_has_run_may_not_be_changed),
        TEST(an_object_that_somebody_else_changed_needs_an_operator),
        TEST(settings_come_back_before_the_rest_runs),
        TEST(what_a_session_read_does_not_come_back),
        TEST(a_probe_tells_of_an_opaque_statement),
        TEST(rows_that_no_transaction_takes_back_need_an_operator),
        TEST(another_step_waits_until_the_half_run_one_is_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
