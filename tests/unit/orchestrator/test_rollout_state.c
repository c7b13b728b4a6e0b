#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "orchestrator/rollout.h"

/* A state of count jobs that allows so many failures. */
static struct rollout_state state_of(size_t count, int64_t allowed)
{
    return (struct rollout_state){
        .jobs = calloc(count, sizeof(struct rollout_job)),
        .count = count,
        .failures_allowed = allowed,
    };
}

static bool job_event(struct rollout_state *state, size_t job, enum job_state what)
{
    const struct run_event event = {.kind = RUN_JOB, .job = what};

    return rollout_take_event(state, job, &event, 0);
}

static void the_rollout_stops_once_when_the_budget_is_spent(void **unused)
{
    (void)unused;
    struct rollout_state state = state_of(5, 1);

    assert_false(job_event(&state, 0, JOB_FAILED_CLEAN));
    assert_false(job_event(&state, 1, JOB_APPLIED));
    assert_true(job_event(&state, 2, JOB_ROLLED_BACK));
    assert_true(state.stopped);
    assert_false(job_event(&state, 3, JOB_FAILED_CLEAN));
    assert_int_equal(state.failed, 3);
    rollout_state_free(&state);
}

static void targets_out_of_reach_count_as_failures(void **unused)
{
    (void)unused;
    struct rollout_state state = state_of(3, 1);

    state.failed_before = 1;
    assert_true(job_event(&state, 0, JOB_REFUSED));
    rollout_state_free(&state);
}

static void a_skipped_job_is_no_failure(void **unused)
{
    (void)unused;
    struct rollout_state state = state_of(2, 0);

    assert_false(job_event(&state, 0, JOB_SKIPPED));
    assert_int_equal(state.failed, 0);
    assert_int_equal(state.skipped, 1);
    assert_false(state.stopped);
    rollout_state_free(&state);
}

static void a_second_end_of_a_job_changes_nothing(void **unused)
{
    (void)unused;
    struct rollout_state state = state_of(1, 5);

    assert_false(job_event(&state, 0, JOB_STARTED));
    assert_int_equal(state.running, 1);
    assert_false(job_event(&state, 0, JOB_APPLIED));
    assert_false(job_event(&state, 0, JOB_FAILED_CLEAN));
    assert_int_equal(state.running, 0);
    assert_int_equal(state.applied, 1);
    assert_int_equal(state.failed, 0);
    assert_int_equal(state.jobs[0].state, JOB_APPLIED);
    rollout_state_free(&state);
}

static void an_unknown_outcome_counts_against_the_budget(void **unused)
{
    (void)unused;
    struct rollout_state state = state_of(2, 0);

    assert_true(job_event(&state, 0, JOB_UNKNOWN));
    rollout_state_free(&state);
}

static void shares_of_max_parallel_add_up_to_it_at_most(void **unused)
{
    (void)unused;
    const size_t jobs[] = {100, 50, 1, 1};
    int shares[4];

    for (int max_parallel = 4; max_parallel < 200; max_parallel++) {
        int sum = 0;

        rollout_share_parallel(max_parallel, jobs, 4, shares);
        for (int i = 0; i < 4; i++) {
            assert_true(shares[i] >= 1);
            sum += shares[i];
        }
        assert_true(sum <= max_parallel);
        assert_true(shares[0] >= shares[1] && shares[1] >= shares[2]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rollout_stops_once_when_the_budget_is_spent),
        cmocka_unit_test(targets_out_of_reach_count_as_failures),
        cmocka_unit_test(a_skipped_job_is_no_failure),
        cmocka_unit_test(a_second_end_of_a_job_changes_nothing),
        cmocka_unit_test(an_unknown_outcome_counts_against_the_budget),
        cmocka_unit_test(shares_of_max_parallel_add_up_to_it_at_most),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
