#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "orchestrator/reconciliation.h"

#define UP(v)                                                                \
    {                                                                        \
        .version = v, .name = "n", .direction = DIRECTION_UP, .rollout = "r" \
    }
#define DOWN(v)                                                                \
    {                                                                          \
        .version = v, .name = "n", .direction = DIRECTION_DOWN, .rollout = "r" \
    }

static const struct plan_step ups[] = {
    {.version = "1", .name = "n", .direction = DIRECTION_UP},
    {.version = "2", .name = "n", .direction = DIRECTION_UP},
};
static const struct plan_step downs[] = {
    {.version = "2", .name = "n", .direction = DIRECTION_DOWN},
};
static const struct plan_recipe forward = {.steps = ups, .step_count = 2};
static const struct plan_recipe backward = {.steps = downs, .step_count = 1};

static void a_job_ends_as_its_rows_say(void **state)
{
    (void)state;
    static const struct {
        const struct plan_recipe *recipe;
        struct history_row rows[5];
        size_t count;
        enum job_state open;   /* while something may still come */
        enum job_state fenced; /* once nothing can */
    } cases[] = {
        {&forward, {UP("1"), UP("2")}, 2, JOB_APPLIED, JOB_APPLIED},
        {&forward, {UP("1")}, 1, JOB_UNKNOWN, JOB_HALTED},
        {&forward, {UP("1"), DOWN("1")}, 2, JOB_UNKNOWN, JOB_ROLLED_BACK},
        {&forward, {UP("1"), UP("2"), DOWN("2")}, 3, JOB_UNKNOWN, JOB_HALTED},
        {&forward, {DOWN("2"), DOWN("1")}, 2, JOB_ROLLED_BACK, JOB_ROLLED_BACK},
        {&forward, {DOWN("2")}, 1, JOB_UNKNOWN, JOB_HALTED},
        {&forward, {{0}}, 0, JOB_UNKNOWN, JOB_FAILED_CLEAN},
        {&backward, {DOWN("2")}, 1, JOB_APPLIED, JOB_APPLIED},
        {&backward,
         {{.version = "2", .name = "n", .direction = DIRECTION_DOWN, .rollout = "other"}},
         1,
         JOB_UNKNOWN,
         JOB_FAILED_CLEAN},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(
            reconciliation_judge(cases[i].recipe, "r", cases[i].rows, cases[i].count, false),
            cases[i].open);
        assert_int_equal(
            reconciliation_judge(cases[i].recipe, "r", cases[i].rows, cases[i].count, true),
            cases[i].fenced);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_ends_as_its_rows_say),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
