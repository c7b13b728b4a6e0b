#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "agents/runs.h"

static void stopping_a_rollout_stops_its_runs_alone(void **state)
{
    (void)state;
    AUTO(runs) struct runs *runs = runs_new(1);
    struct run *first = runs_begin(runs, "one", NULL);
    struct run *second = runs_begin(runs, "one", NULL);
    struct run *other = runs_begin(runs, "two", NULL);

    runs_stop(runs, "one");
    assert_true(run_is_stopped(first) && run_is_stopped(second));
    assert_false(run_is_stopped(other));
    runs_stop_all(runs);
    assert_true(run_is_stopped(other));
    runs_end(runs, first);
    runs_end(runs, other);
    runs_end(runs, second);
    struct run *late = runs_begin(runs, "three", NULL);
    assert_true(run_is_stopped(late));
    runs_end(runs, late);
}

static void a_rollout_that_was_stopped_before_it_came_begins_nothing(void **state)
{
    (void)state;
    AUTO(runs) struct runs *runs = runs_new(1);

    runs_stop(runs, "one");
    runs_stop(runs, "one");
    struct run *late = runs_begin(runs, "one", NULL);
    struct run *other = runs_begin(runs, "two", NULL);
    assert_true(run_is_stopped(late));
    assert_false(run_is_stopped(other));
    runs_end(runs, late);
    runs_end(runs, other);
}

static void the_oldest_stop_is_forgotten(void **state)
{
    (void)state;
    AUTO(runs) struct runs *runs = runs_new(1);
    char rollout[16];

    for (int i = 0; i <= 1024; i++) {
        snprintf(rollout, sizeof rollout, "%d", i);
        runs_stop(runs, rollout);
    }
    struct run *oldest = runs_begin(runs, "0", NULL);
    struct run *next = runs_begin(runs, "1", NULL);
    struct run *newest = runs_begin(runs, "1024", NULL);
    assert_false(run_is_stopped(oldest));
    assert_true(run_is_stopped(next) && run_is_stopped(newest));
    runs_end(runs, oldest);
    runs_end(runs, next);
    runs_end(runs, newest);
}

static void a_claimed_target_names_its_holder(void **state)
{
    (void)state;
    AUTO(runs) struct runs *runs = runs_new(2);
    struct run *holder = runs_begin(runs, "one", NULL);
    struct run *other = runs_begin(runs, "two", NULL);
    struct error err = {0};

    AUTO(arena) struct arena *arena = arena_new();
    assert_string_equal(runs_holder(runs, 1, arena), "");
    assert_true(runs_claim(runs, holder, 1, &err));
    assert_string_equal(runs_holder(runs, 1, arena), "one");
    assert_true(runs_claim(runs, other, 0, &err));
    assert_false(runs_claim(runs, other, 1, &err));
    assert_int_equal(err.code, ERROR_LOCKED);
    assert_non_null(strstr(err.message, "rollout one"));
    error_clear(&err);
    runs_release(runs, 1);
    assert_true(runs_claim(runs, other, 1, &err));
    runs_release(runs, 0);
    runs_release(runs, 1);
    runs_end(runs, holder);
    runs_end(runs, other);
}

static void a_plan_is_known_until_its_time_is_over(void **state)
{
    (void)state;
    AUTO(runs) struct runs *runs = runs_new(1);
    const struct digest early = digest_of_text("early");
    const struct digest late = digest_of_text("late");

    assert_false(runs_knows_plan(runs, &early));
    runs_note_plan(runs, &early, 100, 1);
    assert_true(runs_knows_plan(runs, &early));
    runs_note_plan(runs, &late, 1000, 101);
    assert_false(runs_knows_plan(runs, &early));
    assert_true(runs_knows_plan(runs, &late));
}

static void only_so_many_plans_are_kept(void **state)
{
    (void)state;
    AUTO(runs) struct runs *runs = runs_new(1);
    struct digest first = {{0}};

    for (uint8_t i = 0; i < 255; i++)
        for (uint8_t j = 0; j < 5; j++) {
            const struct digest plan = {{i, j, 1}};

            first = i == 0 && j == 0 ? plan : first;
            runs_note_plan(runs, &plan, 100, 1);
        }
    assert_false(runs_knows_plan(runs, &first));
    assert_true(runs_knows_plan(runs, &(struct digest){{254, 4, 1}}));
}

static void a_run_without_a_listener_stops_and_its_rollout_may_come_again(void **state)
{
    (void)state;
    AUTO(runs) struct runs *runs = runs_new(1);
    int here, there;
    struct run *first = runs_begin(runs, "one", &here);
    struct run *second = runs_begin(runs, "one", &there);

    runs_abandon(runs, &here);
    assert_true(run_is_stopped(first));
    assert_false(run_is_stopped(second));
    runs_end(runs, first);
    struct run *again = runs_begin(runs, "one", &here);
    assert_false(run_is_stopped(again));
    runs_end(runs, second);
    runs_end(runs, again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_without_a_listener_stops_and_its_rollout_may_come_again),
        cmocka_unit_test(stopping_a_rollout_stops_its_runs_alone),
        cmocka_unit_test(a_rollout_that_was_stopped_before_it_came_begins_nothing),
        cmocka_unit_test(the_oldest_stop_is_forgotten),
        cmocka_unit_test(a_claimed_target_names_its_holder),
        cmocka_unit_test(a_plan_is_known_until_its_time_is_over),
        cmocka_unit_test(only_so_many_plans_are_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
