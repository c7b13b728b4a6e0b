#include <pthread.h>
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

static const struct fixture_step failing_second[] = {
    {"1", "CREATE TABLE items (id INTEGER PRIMARY KEY);", "DROP TABLE items;"},
    {"2", "CREATE TABLE other (id INTEGER);\n\nINSERT INTO missing\nVALUES (1);", "SELECT 1;"},
};

static void a_job_applies_its_steps_in_order(void **state)
{
    struct job_fixture *fixture = *state;

    fixture_plan(fixture, "a", two_steps, 2);
    fixture_expect(fixture, JOB_APPLIED);
    assert_string_equal(fixture->story,
                        "1 up started, 1 up done, 2 up started, 2 up done, applied");
    expect_history(fixture, "1 up, 2 up");
    assert_int_equal(fixture_count(fixture, "SELECT id, note, price FROM items"), 0);
}

static void a_second_delivery_runs_nothing_and_is_applied(void **state)
{
    struct job_fixture *fixture = *state;

    fixture_plan(fixture, "a", two_steps, 2);
    fixture_expect(fixture, JOB_APPLIED);
    fixture_do(fixture, "INSERT INTO items VALUES (1, 'kept', 3)");
    fixture_expect(fixture, JOB_APPLIED);
    expect_history(fixture, "1 up, 2 up");
    assert_int_equal(fixture_count(fixture, "SELECT * FROM items"), 1);
}

static void a_job_goes_on_where_a_crash_left_it(void **state)
{
    struct job_fixture *fixture = *state;

    fixture_plan(fixture, "a", two_steps, 2);
    fixture->recipe.step_count = 1;
    fixture_expect(fixture, JOB_APPLIED);
    fixture->recipe.step_count = 2;
    fixture_expect(fixture, JOB_APPLIED);
    expect_history(fixture, "1 up, 2 up");
}

static void a_failing_step_leaves_the_target_as_it_was(void **state)
{
    struct job_fixture *fixture = *state;
    AUTO_BUFFER struct buffer before = {0};
    AUTO_BUFFER struct buffer after = {0};

    fixture_do(fixture, "CREATE TABLE mine (id INTEGER)");
    fixture_schema(fixture, &before);
    fixture_plan(fixture, "a", &failing_second[1], 1);
    struct error err = fixture_expect(fixture, JOB_FAILED_CLEAN);
    fixture_schema(fixture, &after);
    assert_string_equal(buffer_text(&before), buffer_text(&after));
    expect_history(fixture, "");
    assert_int_equal(err.code, ERROR_SQL);
    assert_int_equal(err.statement, 2);
    assert_int_equal(err.line, 3);
    assert_string_equal(err.file, "change.sql");
    assert_string_equal(err.target, "orders");
    assert_non_null(strstr(err.message, "missing"));
}

static void a_failing_step_takes_the_steps_before_it_back(void **state)
{
    struct job_fixture *fixture = *state;
    AUTO_BUFFER struct buffer schema = {0};

    fixture_plan(fixture, "a", failing_second, 2);
    struct error err = fixture_expect(fixture, JOB_ROLLED_BACK);
    assert_int_equal(err.code, ERROR_SQL);
    assert_string_equal(fixture->story, "1 up started, 1 up done, 2 up started, 2 up failed, "
                                        "1 down started, 1 down done, rolled_back");
    expect_history(fixture, "1 up, 1 down");
    fixture_schema(fixture, &schema);
    assert_string_equal(buffer_text(&schema), "");
}

static void a_plan_that_was_taken_back_does_not_run_again(void **state)
{
    struct job_fixture *fixture = *state;

    fixture_plan(fixture, "a", failing_second, 2);
    fixture_expect(fixture, JOB_ROLLED_BACK);
    struct error err = fixture_expect(fixture, JOB_ROLLED_BACK);
    assert_int_equal(err.code, ERROR_STALE);
    expect_history(fixture, "1 up, 1 down");
}

static void what_another_rollout_of_the_plan_did_is_not_told_again(void **state)
{
    struct job_fixture *fixture = *state;

    fixture_plan(fixture, "a", two_steps, 2);
    fixture_expect(fixture, JOB_APPLIED);
    fixture_expect(fixture, JOB_APPLIED);
    assert_string_equal(fixture->story, "1 up started, 1 up done, 2 up done, applied");
    fixture->job.rollout = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
    fixture->job.epoch++;
    fixture_expect(fixture, JOB_APPLIED);
    assert_string_equal(fixture->story, "1 up started, applied");
    expect_history(fixture, "1 up, 2 up");
}

static void without_a_way_back_the_job_halts_and_names_the_version(void **state)
{
    struct job_fixture *fixture = *state;
    struct fixture_step steps[2] = {failing_second[0], failing_second[1]};

    steps[0].down = NULL;
    fixture_plan(fixture, "a", steps, 2);
    struct error err = fixture_expect(fixture, JOB_HALTED);
    assert_non_null(strstr(err.message, "the target stays at 1 change"));
    expect_history(fixture, "1 up");
}

static void a_target_that_moved_is_refused_with_both_heads(void **state)
{
    struct job_fixture *fixture = *state;

    fixture_plan(fixture, "a", two_steps, 2);
    fixture_expect(fixture, JOB_APPLIED);
    fixture->plan.digest = digest_of_text("another");
    struct error err = fixture_expect(fixture, JOB_REFUSED);
    assert_int_equal(err.code, ERROR_STALE);
    assert_non_null(strstr(err.message, "row 2"));
    expect_history(fixture, "1 up, 2 up");
}

static void a_target_whose_history_is_gone_has_moved_too(void **state)
{
    struct job_fixture *fixture = *state;

    fixture_plan(fixture, "a", two_steps, 1);
    fixture_expect(fixture, JOB_APPLIED);
    fixture_plan(fixture, "b", &two_steps[1], 1);
    fixture_do(fixture, "DELETE FROM fleet_history");
    assert_int_equal(fixture_expect(fixture, JOB_REFUSED).code, ERROR_STALE);
    expect_history(fixture, "");
}

static void a_lower_epoch_is_fenced_off(void **state)
{
    struct job_fixture *fixture = *state;

    fixture->job.epoch = 5;
    fixture_plan(fixture, "a", two_steps, 1);
    fixture_expect(fixture, JOB_APPLIED);
    fixture_plan(fixture, "b", &two_steps[1], 1);
    fixture->job.epoch = 4;
    assert_int_equal(fixture_expect(fixture, JOB_REFUSED).code, ERROR_FENCED);
    fixture->job.epoch = 5;
    fixture->job.rollout = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
    assert_int_equal(fixture_expect(fixture, JOB_REFUSED).code, ERROR_FENCED);
    fixture->job.epoch = 6;
    fixture_expect(fixture, JOB_APPLIED);
}

static void an_epoch_that_leaps_is_refused_and_leaves_the_fence(void **state)
{
    struct job_fixture *fixture = *state;

    fixture_plan(fixture, "a", two_steps, 1);
    fixture->job.epoch = EPOCH_LEAP_MAX + 1;
    assert_int_equal(fixture_expect(fixture, JOB_REFUSED).code, ERROR_FENCED);
    fixture->job.epoch = EPOCH_LEAP_MAX;
    fixture_expect(fixture, JOB_APPLIED);
    fixture_plan(fixture, "b", &two_steps[1], 1);
    fixture->job.epoch = INT64_MAX;
    assert_int_equal(fixture_expect(fixture, JOB_REFUSED).code, ERROR_FENCED);
    fixture->job.epoch = 2 * EPOCH_LEAP_MAX;
    fixture_expect(fixture, JOB_APPLIED);
}

static void the_fence_is_kept_when_the_script_fails(void **state)
{
    struct job_fixture *fixture = *state;

    fixture->job.epoch = 7;
    fixture_plan(fixture, "a", &failing_second[1], 1);
    fixture_expect(fixture, JOB_FAILED_CLEAN);
    assert_int_equal(fixture_count(fixture, "SELECT 1 FROM fleet_fence WHERE epoch = 7"), 1);
}

static void a_script_that_rolls_back_by_itself_keeps_the_fence_too(void **state)
{
    struct job_fixture *fixture = *state;
    const struct fixture_step steps[] = {
        {"1",
         "CREATE TABLE once (id INTEGER PRIMARY KEY);\nINSERT INTO once VALUES (1);\n"
         "INSERT OR ROLLBACK INTO once VALUES (1);",
         NULL}};

    fixture->job.epoch = 7;
    fixture_plan(fixture, "a", steps, 1);
    fixture_expect(fixture, JOB_FAILED_CLEAN);
    assert_int_equal(fixture_count(fixture, "SELECT 1 FROM fleet_fence WHERE epoch = 7"), 1);
    expect_history(fixture, "");
}

static void a_savepoint_that_is_named_like_the_executors_keeps_nothing(void **state)
{
    struct job_fixture *fixture = *state;
    const struct fixture_step steps[] = {{"1",
                                          "CREATE TABLE kept (id INTEGER);\nSAVEPOINT fleet_step;\n"
                                          "INSERT INTO missing VALUES (1);",
                                          NULL}};

    fixture_plan(fixture, "a", steps, 1);
    fixture_expect(fixture, JOB_FAILED_CLEAN);
    assert_int_equal(fixture_count(fixture, "SELECT 1 FROM sqlite_schema WHERE name = 'kept'"), 0);
}

static void transaction_control_in_a_script_is_refused_before_it_runs(void **state)
{
    struct job_fixture *fixture = *state;
    const struct fixture_step steps[] = {
        {"1", "CREATE TABLE a (id INTEGER);\nCOMMIT;\nCREATE TABLE b (id INTEGER);", NULL}};

    fixture_plan(fixture, "a", steps, 1);
    struct error err = fixture_expect(fixture, JOB_REFUSED);
    assert_int_equal(err.code, ERROR_UNSUPPORTED);
    assert_int_equal(err.statement, 2);
    assert_int_equal(err.line, 2);
}

static void the_outermost_transaction_of_a_script_is_ours(void **state)
{
    struct job_fixture *fixture = *state;
    const struct fixture_step steps[] = {
        {"1", "BEGIN;\nCREATE TABLE a (id INTEGER);\nSAVEPOINT s;\nRELEASE s;\nCOMMIT;", NULL}};

    fixture_plan(fixture, "a", steps, 1);
    fixture_expect(fixture, JOB_APPLIED);
}

static void a_check_that_finds_rows_fails_the_step(void **state)
{
    struct job_fixture *fixture = *state;
    const struct fixture_step steps[] = {
        {"1",
         "-- fleet: check SELECT 1 FROM a WHERE id < 0\nCREATE TABLE a (id INTEGER);\n"
         "INSERT INTO a VALUES (-1);",
         NULL}};

    fixture_plan(fixture, "a", steps, 1);
    struct error err = fixture_expect(fixture, JOB_FAILED_CLEAN);
    assert_int_equal(err.code, ERROR_CHECK);
    assert_int_equal(err.line, 1);
    expect_history(fixture, "");
}

static void make_family(struct job_fixture *fixture)
{
    static const char *const init[] = {"PRAGMA foreign_keys = ON"};

    fixture_do(fixture, "CREATE TABLE parent (id INTEGER PRIMARY KEY)");
    fixture_do(fixture, "CREATE TABLE child (id INTEGER PRIMARY KEY,"
                        " parent INTEGER REFERENCES parent (id) ON DELETE CASCADE)");
    fixture_do(fixture, "INSERT INTO parent VALUES (1)");
    fixture_do(fixture, "INSERT INTO child VALUES (1, 1)");
    fixture->target.init_sql = init;
    fixture->target.init_sql_count = 1;
}

#define REBUILD_PARENT                                               \
    "CREATE TABLE parent_new (id INTEGER PRIMARY KEY, note TEXT);\n" \
    "INSERT INTO parent_new (id) SELECT id FROM parent;\n"           \
    "DROP TABLE parent;\n"                                           \
    "ALTER TABLE parent_new RENAME TO parent;\n"

static void a_table_is_rebuilt_without_cascading_deletes(void **state)
{
    static const char *const scripts[] = {
        "-- fleet: foreign-keys=off\n" REBUILD_PARENT,
        "PRAGMA foreign_keys = OFF;\n" REBUILD_PARENT "PRAGMA foreign_keys = ON;\n",
        "PRAGMA foreign_keys=off;\nBEGIN;\n" REBUILD_PARENT "COMMIT;\nPRAGMA foreign_keys=on;\n",
    };
    struct job_fixture *fixture = *state;

    make_family(fixture);
    for (size_t i = 0; i < COUNT_OF(scripts); i++) {
        char version[8];
        const struct fixture_step steps[] = {{version, scripts[i], NULL}};

        snprintf(version, sizeof version, "%zu", i + 1);
        fixture_plan(fixture, version, steps, 1);
        fixture_expect(fixture, JOB_APPLIED);
        assert_int_equal(fixture_count(fixture, "SELECT * FROM child"), 1);
    }
}

static void the_session_checks_foreign_keys_again_afterwards(void **state)
{
    struct job_fixture *fixture = *state;
    const struct fixture_step steps[] = {
        {"1", "-- fleet: foreign-keys=off\n" REBUILD_PARENT, NULL}};
    struct error err = {0};
    int64_t rows = 0;

    make_family(fixture);
    fixture_plan(fixture, "a", steps, 1);
    AUTO(session) struct session *session = fixture_open(fixture);
    assert_int_equal(fixture_run_on(fixture, session, &err), JOB_APPLIED);
    static const char query[] = "SELECT 1 FROM pragma_foreign_keys WHERE foreign_keys = 1";
    assert_true(session->engine->run_counted(session, query, strlen(query), &rows, &err));
    assert_int_equal(rows, 1);
}

static void a_script_that_breaks_a_foreign_key_fails(void **state)
{
    struct job_fixture *fixture = *state;
    const struct fixture_step harmless[] = {
        {"1", "-- fleet: foreign-keys=off\nCREATE TABLE x (id INTEGER);", NULL}};
    const struct fixture_step harmful[] = {
        {"2", "-- fleet: foreign-keys=off\nDELETE FROM parent;", NULL}};

    make_family(fixture);
    fixture->target.init_sql_count = 0;
    fixture_do(fixture, "INSERT INTO child VALUES (2, 99)");
    fixture_plan(fixture, "a", harmless, 1);
    fixture_expect(fixture, JOB_APPLIED);
    fixture_plan(fixture, "b", harmful, 1);
    struct error err = fixture_expect(fixture, JOB_FAILED_CLEAN);
    assert_int_equal(err.code, ERROR_CHECK);
    assert_int_equal(fixture_count(fixture, "SELECT * FROM parent"), 1);
}

static void a_lock_that_stays_is_named_and_told_once(void **state)
{
    struct job_fixture *fixture = *state;
    struct error err = {0};

    fixture_plan(fixture, "a", two_steps, 2);
    fixture->limits.lock_budget_ms = 120;
    AUTO(session) struct session *application = fixture_open(fixture);
    assert_true(application->engine->begin(application, &err));
    err = fixture_expect(fixture, JOB_FAILED_CLEAN);
    assert_int_equal(err.code, ERROR_LOCKED);
    assert_non_null(strstr(err.message, "process"));
    assert_non_null(strstr(fixture->waiting, "process"));
    assert_string_equal(fixture->story, "1 up started, 1 up waiting, 1 up failed, failed_clean");
}

static void baselines_are_rows_without_scripts(void **state)
{
    struct job_fixture *fixture = *state;
    const struct fixture_step steps[] = {{"1", NULL, NULL}, {"2", NULL, NULL}};

    fixture_plan(fixture, "a", steps, 2);
    fixture_expect(fixture, JOB_APPLIED);
    expect_history(fixture, "1 baseline, 2 baseline");
}

static void an_empty_script_is_a_step_all_the_same(void **state)
{
    struct job_fixture *fixture = *state;
    const struct fixture_step steps[] = {{"1", "", NULL}, {"2", "-- nothing here\n", NULL}};

    fixture_plan(fixture, "a", steps, 2);
    fixture_expect(fixture, JOB_APPLIED);
    expect_history(fixture, "1 up, 2 up");
}

static void vacuum_runs_outside_a_transaction(void **state)
{
    struct job_fixture *fixture = *state;
    const struct fixture_step steps[] = {
        {"1",
         "-- fleet: no-transaction\nCREATE TABLE a (id INTEGER);\nINSERT INTO a VALUES (1);\n"
         "VACUUM;\nINSERT INTO a VALUES (2);",
         NULL}};

    fixture_plan(fixture, "a", steps, 1);
    fixture_expect(fixture, JOB_APPLIED);
    expect_history(fixture, "1 up");
    assert_int_equal(fixture_count(fixture, "SELECT * FROM a"), 2);
    assert_int_equal(fixture_count(fixture, "SELECT * FROM fleet_intent"), 0);
    fixture_expect(fixture, JOB_APPLIED);
    assert_int_equal(fixture_count(fixture, "SELECT * FROM a"), 2);
}

static void status_reads_an_empty_target_and_makes_nothing(void **state)
{
    struct job_fixture *fixture = *state;
    AUTO(session) struct session *session = fixture_open(fixture);
    AUTO(arena) struct arena *arena = arena_new();
    struct target_status status;
    struct applied_set set;
    struct error err = {0};

    assert_true(executor_status(session, true, arena, &status, &set, &err));
    assert_int_equal(status.seq, 0);
    assert_int_equal(status.epoch, 0);
    assert_int_equal(set.count, 0);
    assert_true(digest_is_none(&status.head));
    assert_false(digest_is_none(&status.fingerprint));
    assert_int_equal(fixture_count(fixture, "SELECT * FROM sqlite_schema"), 0);
}

static void the_recorded_fingerprint_is_that_of_the_schema(void **state)
{
    struct job_fixture *fixture = *state;
    AUTO(arena) struct arena *arena = arena_new();
    struct target_status status;
    struct applied_set set;
    struct error err = {0};

    fixture_plan(fixture, "a", two_steps, 2);
    fixture_expect(fixture, JOB_APPLIED);
    AUTO(session) struct session *session = fixture_open(fixture);
    assert_true(executor_status(session, true, arena, &status, &set, &err));
    assert_int_equal(status.seq, 2);
    assert_int_equal(status.epoch, 1);
    assert_int_equal(set.count, 2);
    assert_true(digest_equal(&status.fingerprint, &status.recorded_fingerprint));
    fixture_do(fixture, "CREATE INDEX by_hand ON items (note)");
    assert_true(executor_status(session, true, arena, &status, &set, &err));
    assert_false(digest_equal(&status.fingerprint, &status.recorded_fingerprint));
}

struct runner {
    struct job_fixture *fixture;
    struct session *session;
    enum job_state end;
    struct error err;
};

static void ignore_event(void *context, const struct run_event *event)
{
    (void)context;
    (void)event;
}

static void *run_in_thread(void *context)
{
    struct runner *runner = context;

    runner->end = executor_run(runner->session, &runner->fixture->job, &runner->fixture->limits,
                               random_system(), ignore_event, NULL, &runner->err);
    return NULL;
}

static void racing_runners_apply_each_step_once(void **state)
{
    enum { RUNNERS = 4 };
    struct job_fixture *fixture = *state;
    struct runner runners[RUNNERS] = {0};
    pthread_t threads[RUNNERS];
    const struct fixture_step steps[] = {
        {"1", "CREATE TABLE counter (n INTEGER); INSERT INTO counter VALUES (0);", NULL},
        {"2", "UPDATE counter SET n = n + 1;", NULL},
        {"3", "UPDATE counter SET n = n + 1;", NULL},
    };

    fixture_plan(fixture, "a", steps, 3);
    for (size_t i = 0; i < RUNNERS; i++) {
        runners[i] = (struct runner){.fixture = fixture, .session = fixture_open(fixture)};
        assert_int_equal(pthread_create(&threads[i], NULL, run_in_thread, &runners[i]), 0);
    }
    for (size_t i = 0; i < RUNNERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        session_free(runners[i].session);
    }
    /* One that was overtaken between its own steps says that the target moved. */
    for (size_t i = 0; i < RUNNERS; i++)
        assert_true(runners[i].end == JOB_APPLIED || runners[i].err.code == ERROR_STALE);
    expect_history(fixture, "1 up, 2 up, 3 up");
    assert_int_equal(fixture_count(fixture, "SELECT 1 FROM counter WHERE n = 2"), 1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_set_up, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_job_applies_its_steps_in_order),
        TEST(a_second_delivery_runs_nothing_and_is_applied),
        TEST(a_job_goes_on_where_a_crash_left_it),
        TEST(a_failing_step_leaves_the_target_as_it_was),
        TEST(a_failing_step_takes_the_steps_before_it_back),
        TEST(a_plan_that_was_taken_back_does_not_run_again),
        TEST(what_another_rollout_of_the_plan_did_is_not_told_again),
        TEST(without_a_way_back_the_job_halts_and_names_the_version),
        TEST(a_target_that_moved_is_refused_with_both_heads),
        TEST(a_target_whose_history_is_gone_has_moved_too),
        TEST(a_lower_epoch_is_fenced_off),
        TEST(an_epoch_that_leaps_is_refused_and_leaves_the_fence),
        TEST(the_fence_is_kept_when_the_script_fails),
        TEST(a_script_that_rolls_back_by_itself_keeps_the_fence_too),
        TEST(a_savepoint_that_is_named_like_the_executors_keeps_nothing),
        TEST(transaction_control_in_a_script_is_refused_before_it_runs),
        TEST(the_outermost_transaction_of_a_script_is_ours),
        TEST(a_check_that_finds_rows_fails_the_step),
        TEST(a_table_is_rebuilt_without_cascading_deletes),
        TEST(the_session_checks_foreign_keys_again_afterwards),
        TEST(a_script_that_breaks_a_foreign_key_fails),
        TEST(a_lock_that_stays_is_named_and_told_once),
        TEST(baselines_are_rows_without_scripts),
        TEST(an_empty_script_is_a_step_all_the_same),
        TEST(vacuum_runs_outside_a_transaction),
        TEST(status_reads_an_empty_target_and_makes_nothing),
        TEST(the_recorded_fingerprint_is_that_of_the_schema),
        TEST(racing_runners_apply_each_step_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
