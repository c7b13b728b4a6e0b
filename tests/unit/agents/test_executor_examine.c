/* What is seen of a part that stopped inside, without touching it. */
#include <string.h>

#include "agents/executor_examine.h"
#include "job_fixture.h"
#include "scripted_engine.h"

/* The part stops at a statement, and nobody goes on. */
static void stop_at(struct job_fixture *fixture, const struct fixture_step *step,
                    const char *statement)
{
    struct scripted_engine scripted;
    struct error err = {0};

    fixture_plan(fixture, "first", step, 1);
    fixture->plan.header.policy.opaque_allowed = true;
    scripted_engine_init(&scripted, &fixture->target, false);
    scripted.lost_at = statement;
    AUTO(session)
    struct session *session =
        session_open_on(&scripted.engine, &scripted.target, clock_system(), &err);
    assert_non_null(session);
    scripted.refuse_open = true;
    (void)!fixture_run_on(fixture, session, &err);
}

static bool look(struct job_fixture *fixture, struct scripted_engine *scripted, struct arena *arena,
                 struct examined_part *found, struct error *err)
{
    AUTO(session)
    struct session *session =
        session_open_on(&scripted->engine, &scripted->target, clock_system(), err);

    assert_non_null(session);
    return executor_examine(session, &fixture->job, arena, found, err);
}

static void see(struct job_fixture *fixture, struct arena *arena, struct examined_part *found)
{
    struct scripted_engine scripted;
    struct error err = {0};

    scripted_engine_init(&scripted, &fixture->target, false);
    if (!look(fixture, &scripted, arena, found, &err))
        fail_msg("%s", err.message);
}

static const struct fixture_step three = {
    "1", "CREATE TABLE a (id INTEGER);\nALTER TABLE a ADD COLUMN b;\nCREATE INDEX i ON a (b);",
    NULL};

static void each_statement_is_told_and_where_it_stopped(void **state)
{
    struct job_fixture *fixture = *state;
    AUTO(arena) struct arena *arena = arena_new();
    struct examined_part found;

    stop_at(fixture, &three, "ADD COLUMN b");
    see(fixture, arena, &found);
    assert_int_equal(found.count, 3);
    assert_int_equal(found.states[0], STATEMENT_DONE);
    assert_int_equal(found.states[1], STATEMENT_BEGUN);
    assert_int_equal(found.states[2], STATEMENT_UNTOUCHED);
    assert_int_equal(found.statement, 2);
    assert_int_equal(found.trace, TRACE_RUN);
    assert_string_equal(found.class, "probeable");
    assert_string_equal(found.object, "a");
    assert_null(strstr(found.before, "b"));
    assert_non_null(strstr(found.now, "b"));
    assert_false(found.locked || found.back || found.probed);
}

static void looking_changes_nothing(void **state)
{
    struct job_fixture *fixture = *state;
    AUTO(arena) struct arena *arena = arena_new();
    AUTO_BUFFER struct buffer before = {0};
    AUTO_BUFFER struct buffer after = {0};
    struct examined_part first, second;

    stop_at(fixture, &three, "ADD COLUMN b");
    fixture_schema(fixture, &before);
    see(fixture, arena, &first);
    see(fixture, arena, &second);
    fixture_schema(fixture, &after);
    assert_string_equal(buffer_text(&before), buffer_text(&after));
    assert_true(digest_equal(&first.intents, &second.intents));
    assert_int_equal(fixture_count(fixture, "SELECT 1 FROM fleet_intent"), 2);
    assert_int_equal(fixture_count(fixture, "SELECT 1 FROM fleet_history"), 0);
}

static void what_somebody_else_changed_is_unclear(void **state)
{
    struct job_fixture *fixture = *state;
    AUTO(arena) struct arena *arena = arena_new();
    struct examined_part found;

    stop_at(fixture, &three, "ADD COLUMN b");
    fixture_do(fixture, "DROP TABLE a");
    see(fixture, arena, &found);
    assert_int_equal(found.trace, TRACE_UNCLEAR);
    assert_string_equal(found.now, "");
}

static void an_opaque_statement_is_unclear_and_a_probe_tells_of_it(void **state)
{
    struct job_fixture *fixture = *state;
    AUTO(arena) struct arena *arena = arena_new();
    const struct fixture_step plain = {"1", "CREATE TABLE a (n);\nEXPLAIN SELECT 1;", NULL};
    struct examined_part found;

    stop_at(fixture, &plain, "EXPLAIN");
    see(fixture, arena, &found);
    assert_int_equal(found.trace, TRACE_UNCLEAR);
    assert_string_equal(found.class, "opaque");
    fixture_do(fixture, "DROP TABLE a");
    fixture_do(fixture, "DELETE FROM fleet_intent");
    const struct fixture_step probed = {
        "1", "CREATE TABLE a (n);\n-- fleet: probe SELECT 1 FROM a\nEXPLAIN SELECT 1;", NULL};
    stop_at(fixture, &probed, "EXPLAIN");
    see(fixture, arena, &found);
    assert_int_equal(found.trace, TRACE_NOT_RUN);
    assert_true(found.probed);
}

static void nobody_is_judged_while_somebody_has_the_lock(void **state)
{
    struct job_fixture *fixture = *state;
    AUTO(arena) struct arena *arena = arena_new();
    struct scripted_engine scripted;
    struct examined_part found;
    struct error err = {0};

    stop_at(fixture, &three, "ADD COLUMN b");
    scripted_engine_init(&scripted, &fixture->target, false);
    scripted.lock_refusals = 1;
    assert_true(look(fixture, &scripted, arena, &found, &err));
    assert_true(found.locked);
    assert_int_equal(found.trace, TRACE_NOT_READ);
    assert_int_equal(found.statement, 2);
}

static void what_a_session_read_is_told_to_be_lost(void **state)
{
    struct job_fixture *fixture = *state;
    AUTO(arena) struct arena *arena = arena_new();
    const struct fixture_step step = {
        "1",
        "CREATE TEMPORARY TABLE kept (id INTEGER);\nCREATE TABLE a (id INTEGER);\n"
        "INSERT INTO a SELECT count(*) FROM kept;",
        NULL};
    struct examined_part found;

    stop_at(fixture, &step, "CREATE TABLE a");
    see(fixture, arena, &found);
    assert_int_equal(found.lost_session, 1);
    assert_int_equal(found.trace, TRACE_RUN);
}

static void another_plan_or_nothing_open_is_stale(void **state)
{
    struct job_fixture *fixture = *state;
    AUTO(arena) struct arena *arena = arena_new();
    struct scripted_engine scripted;
    struct examined_part found;
    struct error err = {0};

    stop_at(fixture, &three, "ADD COLUMN b");
    scripted_engine_init(&scripted, &fixture->target, false);
    fixture->plan.digest = digest_of_text("another");
    assert_false(look(fixture, &scripted, arena, &found, &err));
    assert_int_equal(err.code, ERROR_STALE);
    error_clear(&err);
    fixture_do(fixture, "DELETE FROM fleet_intent");
    assert_false(look(fixture, &scripted, arena, &found, &err));
    assert_int_equal(err.code, ERROR_STALE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_statement_is_told_and_where_it_stopped, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(looking_changes_nothing, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(what_somebody_else_changed_is_unclear, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(an_opaque_statement_is_unclear_and_a_probe_tells_of_it,
                                        fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(nobody_is_judged_while_somebody_has_the_lock,
                                        fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(what_a_session_read_is_told_to_be_lost, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(another_plan_or_nothing_open_is_stale, fixture_set_up,
                                        fixture_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
