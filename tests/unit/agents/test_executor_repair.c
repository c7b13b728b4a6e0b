/* What an operator orders about a part that stopped inside. */
#include <string.h>

#include "agents/intents.h"
#include "job_fixture.h"
#include "scripted_engine.h"

static const struct fixture_step opaque[] = {
    {"1",
     "CREATE TABLE a (id INTEGER);\nEXPLAIN SELECT 1;\nUPDATE canary SET n = n + 1;\n"
     "INSERT INTO a VALUES (1);",
     NULL}};

static struct digest seen(const struct job_fixture *fixture)
{
    AUTO(session) struct session *session = fixture_open(fixture);
    AUTO(arena) struct arena *arena = arena_new();
    const struct intent *intents;
    size_t count;
    struct error err = {0};

    assert_true(target_intents_read(session, arena, &intents, &count, &err));
    return intents_digest(intents, count);
}

static void plan(struct job_fixture *fixture, const char *seed, const struct fixture_step *steps)
{
    fixture_plan(fixture, seed, steps, 1);
    fixture->plan.header.policy.opaque_allowed = true;
}

static void order(struct job_fixture *fixture, struct repair *repair, const char *seed,
                  const struct fixture_step *steps)
{
    repair->intents = seen(fixture);
    plan(fixture, seed, steps);
    fixture->planned.repair = repair;
    fixture->job.epoch++;
}

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

/* The part stops inside its opaque second statement. */
static void stop_inside(struct job_fixture *fixture, const struct fixture_step *steps,
                        const char *statement)
{
    struct scripted_engine scripted;
    struct error err = {0};

    fixture_do(fixture, "CREATE TABLE canary (n INTEGER)");
    fixture_do(fixture, "INSERT INTO canary VALUES (0)");
    plan(fixture, "first", steps);
    scripted_engine_init(&scripted, &fixture->target, false);
    scripted.lost_at = statement;
    AUTO(session)
    struct session *session =
        session_open_on(&scripted.engine, &scripted.target, clock_system(), &err);
    assert_non_null(session);
    scripted.refuse_open = true;
    assert_int_not_equal(fixture_run_on(fixture, session, &err), JOB_APPLIED);
}

static void expect_end(const struct job_fixture *fixture, const char *history, int64_t canary)
{
    char found[512], query[64];

    fixture_history(fixture, found, sizeof found);
    assert_string_equal(found, history);
    assert_int_equal(fixture_count(fixture, "SELECT 1 FROM fleet_intent"), 0);
    snprintf(query, sizeof query, "SELECT 1 FROM canary WHERE n = %d", (int)canary);
    assert_int_equal(fixture_count(fixture, query), 1);
}

static void a_statement_that_is_said_to_be_done_is_not_run_again(void **state)
{
    struct job_fixture *fixture = *state;
    struct repair repair = {.verdict = REPAIR_DONE, .statement = 2};

    stop_inside(fixture, opaque, "EXPLAIN");
    expect(fixture, JOB_NEEDS_OPERATOR);
    order(fixture, &repair, "repair", opaque);
    expect(fixture, JOB_APPLIED);
    assert_string_equal(fixture->story, "1 repair started, 1 repair done, 1 up started, 1 up done, "
                                        "applied");
    expect_end(fixture, "1 repair, 1 up", 1);
    assert_int_equal(fixture_count(fixture, "SELECT 1 FROM a"), 1);
}

static void a_statement_that_is_said_to_be_undone_runs_again(void **state)
{
    struct job_fixture *fixture = *state;
    const struct fixture_step steps[] = {{"1", "ALTER TABLE canary ADD COLUMN mine;", NULL}};
    struct repair repair = {.verdict = REPAIR_UNDONE, .statement = 1};

    stop_inside(fixture, steps, "ADD COLUMN mine");
    fixture_do(fixture, "DROP TABLE canary");
    expect(fixture, JOB_NEEDS_OPERATOR);
    fixture_do(fixture, "CREATE TABLE canary (n INTEGER)");
    fixture_do(fixture, "INSERT INTO canary VALUES (0)");
    order(fixture, &repair, "repair", steps);
    expect(fixture, JOB_APPLIED);
    expect_end(fixture, "1 repair, 1 up", 0);
    assert_int_equal(fixture_count(fixture, "SELECT mine FROM canary"), 1);
}

static void what_was_done_by_hand_is_left_out(void **state)
{
    struct job_fixture *fixture = *state;
    struct repair repair = {.verdict = REPAIR_CONTINUE, .statement = 4};

    stop_inside(fixture, opaque, "EXPLAIN");
    order(fixture, &repair, "repair", opaque);
    expect(fixture, JOB_APPLIED);
    expect_end(fixture, "1 repair, 1 up", 0);
    assert_int_equal(fixture_count(fixture, "SELECT 1 FROM a"), 1);
}

static void a_script_that_was_ended_by_hand_only_gets_its_row(void **state)
{
    struct job_fixture *fixture = *state;
    struct repair repair = {.verdict = REPAIR_CONTINUE, .statement = 5};

    stop_inside(fixture, opaque, "EXPLAIN");
    order(fixture, &repair, "repair", opaque);
    expect(fixture, JOB_APPLIED);
    expect_end(fixture, "1 repair, 1 up", 0);
    assert_int_equal(fixture_count(fixture, "SELECT 1 FROM a"), 0);
}

static void a_session_that_is_gone_matters_no_more_when_nothing_is_left_to_run(void **state)
{
    struct job_fixture *fixture = *state;
    const struct fixture_step steps[] = {
        {"1",
         "CREATE TEMPORARY TABLE kept (id INTEGER);\nCREATE TABLE a (id INTEGER);\n"
         "INSERT INTO a SELECT count(*) FROM kept;",
         NULL}};
    struct repair repair = {.verdict = REPAIR_CONTINUE, .statement = 4};

    stop_inside(fixture, steps, "CREATE TABLE a");
    expect(fixture, JOB_NEEDS_OPERATOR);
    order(fixture, &repair, "repair", steps);
    expect(fixture, JOB_APPLIED);
    expect_end(fixture, "1 repair, 1 up", 0);
}

static void a_part_that_is_given_up_leaves_the_target_ready_for_the_next_plan(void **state)
{
    struct job_fixture *fixture = *state;
    struct repair repair = {.verdict = REPAIR_TAKEN_BACK};

    stop_inside(fixture, opaque, "EXPLAIN");
    fixture_do(fixture, "DROP TABLE a");
    order(fixture, &repair, "repair", opaque);
    expect(fixture, JOB_APPLIED);
    assert_string_equal(fixture->story, "1 repair started, 1 repair done, applied");
    expect_end(fixture, "1 repair", 0);
    plan(fixture, "again", opaque);
    expect(fixture, JOB_APPLIED);
    expect_end(fixture, "1 repair, 1 up", 1);
}

static void a_way_back_that_is_said_to_be_done_is_ended(void **state)
{
    struct job_fixture *fixture = *state;
    const struct fixture_step steps[] = {
        {"1", "CREATE TABLE a (id INTEGER);\nINSERT INTO missing VALUES (1);",
         "-- fleet: undoes 1\nEXPLAIN SELECT 2;"}};
    struct repair undone = {.verdict = REPAIR_UNDONE, .statement = 1};
    struct repair done = {.verdict = REPAIR_DONE, .statement = 1};

    stop_inside(fixture, steps, "EXPLAIN");
    expect(fixture, JOB_NEEDS_OPERATOR);
    order(fixture, &undone, "undone", steps);
    struct error err = expect(fixture, JOB_REFUSED);
    assert_non_null(strstr(err.message, "way back"));
    fixture_do(fixture, "DROP TABLE a");
    fixture_do(fixture, "CREATE TABLE missing (n INTEGER)");
    order(fixture, &done, "done", steps);
    expect(fixture, JOB_APPLIED);
    expect_end(fixture, "1 repair, 1 up", 0);
}

static void an_order_is_for_the_state_that_was_seen_and_for_no_other(void **state)
{
    struct job_fixture *fixture = *state;
    struct repair repair = {.verdict = REPAIR_DONE, .statement = 2};

    stop_inside(fixture, opaque, "EXPLAIN");
    order(fixture, &repair, "repair", opaque);
    fixture_do(fixture, "UPDATE fleet_intent SET status = 'done' WHERE statement = 2");
    struct error err = expect(fixture, JOB_REFUSED);
    assert_int_equal(err.code, ERROR_STALE);
    assert_non_null(strstr(err.message, "fleet doctor"));
    fixture_do(fixture, "UPDATE fleet_intent SET status = 'open' WHERE statement = 2");
    repair.statement = 1;
    err = expect(fixture, JOB_REFUSED);
    assert_non_null(strstr(err.message, "in question"));
    repair.verdict = REPAIR_CONTINUE;
    repair.statement = 6;
    err = expect(fixture, JOB_REFUSED);
    assert_non_null(strstr(err.message, "that many"));
    assert_int_equal(fixture_count(fixture, "SELECT 1 FROM fleet_intent"), 2);
}

static void an_order_with_a_lower_epoch_is_refused(void **state)
{
    struct job_fixture *fixture = *state;
    struct repair repair = {.verdict = REPAIR_DONE, .statement = 2};

    stop_inside(fixture, opaque, "EXPLAIN");
    order(fixture, &repair, "repair", opaque);
    fixture->job.epoch -= 2;
    struct error err = expect(fixture, JOB_REFUSED);
    assert_int_equal(err.code, ERROR_FENCED);
    assert_int_equal(fixture_count(fixture, "SELECT 1 FROM fleet_intent"), 2);
}

static void an_order_that_comes_twice_is_carried_out_once(void **state)
{
    struct job_fixture *fixture = *state;
    struct repair repair = {.verdict = REPAIR_TAKEN_BACK};

    stop_inside(fixture, opaque, "EXPLAIN");
    order(fixture, &repair, "given up", opaque);
    expect(fixture, JOB_APPLIED);
    expect(fixture, JOB_APPLIED);
    expect_end(fixture, "1 repair", 0);
}

#define COUNTING                                                                      \
    "CREATE TABLE a (id INTEGER);\nEXPLAIN SELECT 1;\nUPDATE canary SET n = n + 1;\n" \
    "CREATE INDEX i ON a (id);"

static void whenever_a_repair_is_cut_off_the_same_order_ends_it_once(void **state)
{
    static const enum commit_reply replies[] = {REPLY_LOST_BEFORE_COMMIT, REPLY_LOST_AFTER_COMMIT};
    static const struct fixture_step steps[] = {{"1", COUNTING, NULL}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(replies); i++) {
        bool killed = true;

        for (int message = 1; killed; message++) {
            struct repair repair = {.verdict = REPAIR_CONTINUE, .statement = 3};
            struct scripted_engine scripted;
            struct error err = {0};
            void *made = NULL;

            assert_int_equal(fixture_set_up(&made), 0);
            struct job_fixture *fixture = made;
            stop_inside(fixture, steps, "EXPLAIN");
            order(fixture, &repair, "repair", steps);
            scripted_engine_init(&scripted, &fixture->target, false);
            scripted.dies_at = message;
            scripted.last_words = replies[i];
            (void)run(fixture, &scripted, &err);
            killed = scripted.refuse_open;
            expect(fixture, JOB_APPLIED);
            expect_end(fixture, "1 repair, 1 up", 1);
            assert_int_equal(fixture_tear_down(&made), 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_statement_that_is_said_to_be_done_is_not_run_again,
                                        fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_statement_that_is_said_to_be_undone_runs_again,
                                        fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(what_was_done_by_hand_is_left_out, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_script_that_was_ended_by_hand_only_gets_its_row,
                                        fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(
            a_session_that_is_gone_matters_no_more_when_nothing_is_left_to_run, fixture_set_up,
            fixture_tear_down),
        cmocka_unit_test_setup_teardown(
            a_part_that_is_given_up_leaves_the_target_ready_for_the_next_plan, fixture_set_up,
            fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_way_back_that_is_said_to_be_done_is_ended, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(an_order_is_for_the_state_that_was_seen_and_for_no_other,
                                        fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(an_order_with_a_lower_epoch_is_refused, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(an_order_that_comes_twice_is_carried_out_once,
                                        fixture_set_up, fixture_tear_down),
        cmocka_unit_test(whenever_a_repair_is_cut_off_the_same_order_ends_it_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
