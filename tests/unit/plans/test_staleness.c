#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "plan_fixture.h"
#include "plans/staleness.h"

enum { TARGETS = 5 };

/* The states from which the fixture's plan was made, in another order. */
static void as_planned(const struct plan *plan, struct target_state states[TARGETS])
{
    for (size_t i = 0; i < TARGETS; i++) {
        const struct plan_target *target = &plan->targets[TARGETS - 1 - i];

        states[i] = (struct target_state){.name = target->name,
                                          .agent = target->agent,
                                          .engine = target->engine,
                                          .head = target->head};
    }
}

static void a_plan_is_fresh_while_nothing_moved(void **state)
{
    (void)state;
    AUTO(plan) struct plan *plan = fixture_plan(TARGETS);
    AUTO_STALE_TARGETS struct stale_targets stale;
    struct target_state states[TARGETS];

    as_planned(plan, states);
    stale_targets_find(plan, states, TARGETS, &stale);
    assert_int_equal(stale.count, 0);
}

static void each_stale_target_is_named_with_its_reason(void **state)
{
    (void)state;
    AUTO(plan) struct plan *plan = fixture_plan(TARGETS);
    AUTO_STALE_TARGETS struct stale_targets stale;
    struct target_state states[TARGETS];

    as_planned(plan, states);
    states[0].engine = ENGINE_MYSQL;
    states[1].agent = "db-2";
    states[2].head = digest_of_text("moved");
    states[3].name = "u-000";
    stale_targets_find(plan, states, TARGETS, &stale);
    assert_int_equal(stale.count, 4);
    assert_string_equal(stale.items[0].target->name, "t-001");
    assert_int_equal(stale.items[0].reason, STALE_GONE);
    assert_null(stale.items[0].state);
    assert_int_equal(stale.items[1].reason, STALE_MOVED);
    assert_ptr_equal(stale.items[1].state, &states[2]);
    assert_int_equal(stale.items[2].reason, STALE_AGENT);
    assert_int_equal(stale.items[3].reason, STALE_ENGINE);
    assert_string_equal(stale_reason_text(STALE_MOVED), "has moved on");
}

static void another_release_is_stale_and_an_update_within_one_is_not(void **state)
{
    (void)state;
    struct plan_target target = {.engine = ENGINE_POSTGRESQL, .release = "PostgreSQL 15"};

    assert_true(plan_target_fits_version(&target, "PostgreSQL 15.7"));
    assert_true(plan_target_fits_version(&target, "PostgreSQL 15"));
    assert_false(plan_target_fits_version(&target, "PostgreSQL 16.1"));
    assert_false(plan_target_fits_version(&target, "PostgreSQL 1.5"));
    assert_true(plan_target_fits_version(&target, ""));
    assert_true(plan_target_fits_version(&target, NULL));
    target.release = "";
    assert_true(plan_target_fits_version(&target, "PostgreSQL 16.1"));
}

static void another_database_or_timeline_is_stale_and_an_unknown_one_is_not(void **state)
{
    (void)state;
    struct plan_target target = {.identity = "7:1", .timeline = 2};

    assert_true(plan_target_is_on(&target, "7:1", 2));
    assert_false(plan_target_is_on(&target, "8:1", 2));
    assert_false(plan_target_is_on(&target, "7:1", 3));
    assert_true(plan_target_is_on(&target, "7:1", 0));
    assert_true(plan_target_is_on(&target, "", 0));
    target.identity = "";
    assert_true(plan_target_is_on(&target, "8:1", 3));
}

static void targets_that_the_plan_leaves_out_do_not_matter(void **state)
{
    (void)state;
    AUTO(plan) struct plan *plan = fixture_plan(1);
    AUTO_STALE_TARGETS struct stale_targets stale;
    struct target_state states[] = {
        {.name = "zz"},
        {.name = "t-000", .agent = "local", .engine = plan->targets[0].engine},
        {.name = "aa"},
    };

    stale_targets_find(plan, states, COUNT_OF(states), &stale);
    assert_int_equal(stale.count, 0);
}

static void only_rows_of_the_plan_continue_it(void **state)
{
    (void)state;
    struct digest ours = digest_of_text("our plan");
    struct digest theirs = digest_of_text("their plan");
    struct digest none = {0};
    struct history_row rows[] = {
        {.plan = theirs, .hash = digest_of_text("row 1")},
        {.plan = ours, .hash = digest_of_text("row 2")},
        {.plan = ours, .hash = digest_of_text("row 3")},
        {.plan = theirs, .hash = digest_of_text("row 4")},
    };

    assert_true(history_continues_plan(rows, 3, &rows[0].hash, &ours));
    assert_true(history_continues_plan(rows, 1, &rows[0].hash, &ours));
    assert_true(history_continues_plan(rows + 1, 2, &none, &ours));
    assert_true(history_continues_plan(rows, 0, &none, &ours));
    assert_false(history_continues_plan(rows, 4, &rows[0].hash, &ours));
    assert_false(history_continues_plan(rows, 3, &none, &ours));
    assert_false(history_continues_plan(rows + 1, 2, &rows[0].hash, &ours));
    assert_false(history_continues_plan(rows, 0, &rows[0].hash, &ours));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plan_is_fresh_while_nothing_moved),
        cmocka_unit_test(each_stale_target_is_named_with_its_reason),
        cmocka_unit_test(another_release_is_stale_and_an_update_within_one_is_not),
        cmocka_unit_test(another_database_or_timeline_is_stale_and_an_unknown_one_is_not),
        cmocka_unit_test(targets_that_the_plan_leaves_out_do_not_matter),
        cmocka_unit_test(only_rows_of_the_plan_continue_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
