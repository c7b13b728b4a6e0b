#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "orchestrator/rollout_state.h"

/* A begun rollout; waves gives each job's, as digits. */
static struct rollout_state state_of(const char *waves, int64_t allowed,
                                     enum failure_action on_failure)
{
    struct rollout_state state = {
        .jobs = calloc(strlen(waves), sizeof(struct rollout_job)),
        .count = strlen(waves),
        .failures_allowed = allowed,
        .on_failure = on_failure,
    };

    for (size_t i = 0; i < state.count; i++) {
        state.jobs[i].wave = (size_t)(waves[i] - '0');
        if (state.jobs[i].wave >= state.wave_count)
            state.wave_count = state.jobs[i].wave + 1;
    }
    assert_int_equal(rollout_step(&state, &(struct rollout_event){.kind = ROLLOUT_BEGIN}),
                     ACTION_DISPATCH);
    return state;
}

static enum rollout_action job(struct rollout_state *state, size_t index, enum job_state what)
{
    const struct run_event run = {.kind = RUN_JOB, .job = what};

    return rollout_step(state,
                        &(struct rollout_event){.kind = ROLLOUT_JOB, .job = index, .run = &run});
}

static enum rollout_action tell(struct rollout_state *state, enum rollout_event_kind kind)
{
    return rollout_step(state, &(struct rollout_event){.kind = kind});
}

static void expect_members(const struct rollout_state *state, size_t first, size_t count)
{
    size_t members[16];

    assert_int_equal(rollout_members(state, members), count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(members[i], first + i);
}

static void waves_follow_one_another(void **unused)
{
    (void)unused;
    struct rollout_state state = state_of("011", 0, FAILURE_ROLLBACK_TARGET);

    expect_members(&state, 0, 1);
    assert_int_equal(job(&state, 0, JOB_APPLIED), ACTION_NONE);
    assert_int_equal(tell(&state, ROLLOUT_DRAINED), ACTION_SOAK);
    assert_int_equal(tell(&state, ROLLOUT_SOAKED), ACTION_DISPATCH);
    expect_members(&state, 1, 2);
    assert_int_equal(job(&state, 1, JOB_APPLIED), ACTION_NONE);
    assert_int_equal(job(&state, 2, JOB_APPLIED), ACTION_NONE);
    assert_int_equal(tell(&state, ROLLOUT_DRAINED), ACTION_END);
    assert_int_equal(state.phase, PHASE_DONE);
    assert_int_equal(state.applied, 3);
    rollout_state_free(&state);
}

static void the_rollout_stops_once_when_the_budget_is_spent(void **unused)
{
    (void)unused;
    struct rollout_state state = state_of("000001", 1, FAILURE_ROLLBACK_TARGET);

    assert_int_equal(job(&state, 0, JOB_FAILED_CLEAN), ACTION_NONE);
    assert_int_equal(job(&state, 1, JOB_APPLIED), ACTION_NONE);
    assert_int_equal(job(&state, 2, JOB_ROLLED_BACK), ACTION_STOP);
    assert_true(state.stopped);
    assert_int_equal(job(&state, 3, JOB_FAILED_CLEAN), ACTION_NONE);
    assert_int_equal(job(&state, 4, JOB_SKIPPED), ACTION_NONE);
    assert_int_equal(tell(&state, ROLLOUT_DRAINED), ACTION_END);
    assert_int_equal(state.phase, PHASE_STOPPED);
    assert_int_equal(state.failed, 3);
    /* The wave that never began is skipped, and says why. */
    assert_int_equal(state.skipped, 2);
    assert_int_equal(state.jobs[5].state, JOB_SKIPPED);
    assert_int_equal(state.jobs[5].error.code, ERROR_CANCELLED);
    rollout_state_free(&state);
}

static void targets_out_of_reach_count_as_failures(void **unused)
{
    (void)unused;
    struct rollout_state state = state_of("000", 1, FAILURE_ROLLBACK_TARGET);

    state.failed_before = 1;
    assert_int_equal(job(&state, 0, JOB_REFUSED), ACTION_STOP);
    rollout_state_free(&state);
}

static void a_skipped_job_is_no_failure_but_ends_the_rollout(void **unused)
{
    (void)unused;
    struct rollout_state state = state_of("001", 0, FAILURE_ROLLBACK_ALL);

    assert_int_equal(job(&state, 0, JOB_SKIPPED), ACTION_NONE);
    assert_int_equal(job(&state, 1, JOB_APPLIED), ACTION_NONE);
    assert_int_equal(state.failed, 0);
    assert_int_equal(tell(&state, ROLLOUT_DRAINED), ACTION_END);
    assert_int_equal(state.phase, PHASE_STOPPED);
    assert_false(state.stopped);
    rollout_state_free(&state);
}

static void a_second_end_of_a_job_changes_nothing(void **unused)
{
    (void)unused;
    struct rollout_state state = state_of("0", 5, FAILURE_ROLLBACK_TARGET);

    assert_int_equal(job(&state, 0, JOB_STARTED), ACTION_NONE);
    assert_int_equal(state.running, 1);
    assert_int_equal(job(&state, 0, JOB_APPLIED), ACTION_NONE);
    assert_int_equal(job(&state, 0, JOB_FAILED_CLEAN), ACTION_NONE);
    assert_int_equal(state.running, 0);
    assert_int_equal(state.applied, 1);
    assert_int_equal(state.failed, 0);
    assert_int_equal(state.jobs[0].state, JOB_APPLIED);
    rollout_state_free(&state);
}

static void an_unknown_outcome_counts_and_lets_no_further_wave_begin(void **unused)
{
    (void)unused;
    struct rollout_state strict = state_of("00", 0, FAILURE_ROLLBACK_TARGET);
    struct rollout_state lenient = state_of("01", 1, FAILURE_ROLLBACK_TARGET);

    assert_int_equal(job(&strict, 0, JOB_UNKNOWN), ACTION_STOP);
    assert_int_equal(job(&lenient, 0, JOB_UNKNOWN), ACTION_NONE);
    assert_int_equal(tell(&lenient, ROLLOUT_DRAINED), ACTION_END);
    assert_int_equal(lenient.phase, PHASE_HALTED);
    rollout_state_free(&strict);
    rollout_state_free(&lenient);
}

static void finished_waves_are_taken_back_newest_first(void **unused)
{
    (void)unused;
    struct rollout_state state = state_of("0112", 0, FAILURE_ROLLBACK_ALL);

    (void)job(&state, 0, JOB_APPLIED), (void)tell(&state, ROLLOUT_DRAINED);
    (void)tell(&state, ROLLOUT_SOAKED);
    (void)job(&state, 1, JOB_APPLIED);
    assert_int_equal(job(&state, 2, JOB_FAILED_CLEAN), ACTION_STOP);
    assert_int_equal(tell(&state, ROLLOUT_DRAINED), ACTION_TAKE_BACK);
    expect_members(&state, 1, 1);
    assert_int_equal(job(&state, 1, JOB_ROLLED_BACK), ACTION_NONE);
    assert_int_equal(tell(&state, ROLLOUT_DRAINED), ACTION_TAKE_BACK);
    expect_members(&state, 0, 1);
    assert_int_equal(job(&state, 0, JOB_ROLLED_BACK), ACTION_NONE);
    assert_int_equal(tell(&state, ROLLOUT_DRAINED), ACTION_END);
    assert_int_equal(state.phase, PHASE_TAKEN_BACK);
    assert_int_equal(state.taken_back, 2);
    assert_int_equal(state.applied, 0);
    assert_int_equal(state.jobs[3].state, JOB_SKIPPED);
    rollout_state_free(&state);
}

static void only_the_wave_that_failed_is_taken_back_if_that_is_said(void **unused)
{
    (void)unused;
    struct rollout_state state = state_of("011", 0, FAILURE_ROLLBACK_WAVE);

    (void)job(&state, 0, JOB_APPLIED), (void)tell(&state, ROLLOUT_DRAINED);
    (void)tell(&state, ROLLOUT_SOAKED);
    (void)job(&state, 1, JOB_APPLIED), (void)job(&state, 2, JOB_FAILED_CLEAN);
    assert_int_equal(tell(&state, ROLLOUT_DRAINED), ACTION_TAKE_BACK);
    expect_members(&state, 1, 1);
    (void)job(&state, 1, JOB_ROLLED_BACK);
    assert_int_equal(tell(&state, ROLLOUT_DRAINED), ACTION_END);
    assert_int_equal(state.jobs[0].state, JOB_APPLIED);
    rollout_state_free(&state);
}

static void a_way_back_that_fails_stops_everything(void **unused)
{
    (void)unused;
    struct rollout_state state = state_of("01111", 0, FAILURE_ROLLBACK_ALL);

    (void)job(&state, 0, JOB_APPLIED), (void)tell(&state, ROLLOUT_DRAINED);
    (void)tell(&state, ROLLOUT_SOAKED);
    (void)job(&state, 1, JOB_APPLIED), (void)job(&state, 2, JOB_APPLIED);
    (void)job(&state, 3, JOB_UNKNOWN), (void)job(&state, 4, JOB_SKIPPED);
    assert_int_equal(tell(&state, ROLLOUT_DRAINED), ACTION_TAKE_BACK);
    /* What is not known to be applied is not taken back. */
    expect_members(&state, 1, 2);
    assert_int_equal(job(&state, 1, JOB_HALTED), ACTION_STOP);
    assert_int_equal(job(&state, 2, JOB_SKIPPED), ACTION_NONE);
    assert_int_equal(tell(&state, ROLLOUT_DRAINED), ACTION_END);
    assert_int_equal(state.phase, PHASE_HALTED);
    assert_int_equal(state.not_taken_back, 1);
    assert_int_equal(state.jobs[2].state, JOB_APPLIED);
    assert_int_equal(state.jobs[0].state, JOB_APPLIED);
    rollout_state_free(&state);
}

static void an_operator_who_stops_it_takes_nothing_back(void **unused)
{
    (void)unused;
    struct rollout_state state = state_of("001", 0, FAILURE_ROLLBACK_ALL);

    assert_int_equal(job(&state, 0, JOB_APPLIED), ACTION_NONE);
    assert_int_equal(tell(&state, ROLLOUT_STOP), ACTION_STOP);
    assert_int_equal(job(&state, 1, JOB_FAILED_CLEAN), ACTION_NONE);
    assert_int_equal(tell(&state, ROLLOUT_DRAINED), ACTION_END);
    assert_int_equal(state.phase, PHASE_STOPPED);
    assert_int_equal(state.applied, 1);
    rollout_state_free(&state);
}

static void outside_its_window_no_wave_begins(void **unused)
{
    (void)unused;
    struct rollout_state state = state_of("011", 0, FAILURE_ROLLBACK_ALL);
    struct error why = {0};
    const struct rollout_event closed = {.kind = ROLLOUT_CLOSED, .error = &why};

    error_set(&why, ERROR_CANCELLED, "the window is closed");
    assert_int_equal(job(&state, 0, JOB_APPLIED), ACTION_NONE);
    assert_int_equal(rollout_step(&state, &closed), ACTION_NONE);
    assert_int_equal(tell(&state, ROLLOUT_DRAINED), ACTION_SOAK);
    assert_int_equal(rollout_step(&state, &closed), ACTION_END);
    assert_int_equal(state.phase, PHASE_STOPPED);
    assert_int_equal(state.applied, 1);
    assert_int_equal(state.skipped, 2);
    assert_string_equal(state.obstacle.message, "the window is closed");
    assert_string_equal(state.jobs[2].error.message, "the window is closed");
    rollout_state_free(&state);
}

static enum rollout_action fall_ill(struct rollout_state *state)
{
    struct error why = {0};

    error_set(&why, ERROR_CHECK, "it is ill");
    return rollout_step(state, &(struct rollout_event){.kind = ROLLOUT_UNHEALTHY, .error = &why});
}

static void a_failed_health_check_takes_back_as_on_failure_says(void **unused)
{
    (void)unused;
    struct rollout_state state = state_of("0112", 3, FAILURE_ROLLBACK_ALL);

    state.is_checked = true;
    assert_int_equal(fall_ill(&state), ACTION_NONE); /* only what soaks is checked */
    assert_int_equal(job(&state, 0, JOB_APPLIED), ACTION_NONE);
    assert_int_equal(tell(&state, ROLLOUT_DRAINED), ACTION_SOAK);
    assert_int_equal(tell(&state, ROLLOUT_SOAKED), ACTION_DISPATCH);
    assert_int_equal(job(&state, 1, JOB_APPLIED), ACTION_NONE);
    assert_int_equal(job(&state, 2, JOB_FAILED_CLEAN), ACTION_NONE);
    assert_int_equal(tell(&state, ROLLOUT_DRAINED), ACTION_SOAK);
    assert_int_equal(fall_ill(&state), ACTION_TAKE_BACK);
    assert_true(state.stopped);
    assert_string_equal(state.jobs[3].error.message, "it is ill");
    expect_members(&state, 1, 1);
    assert_int_equal(job(&state, 1, JOB_ROLLED_BACK), ACTION_NONE);
    assert_int_equal(tell(&state, ROLLOUT_DRAINED), ACTION_TAKE_BACK);
    expect_members(&state, 0, 1);
    assert_int_equal(job(&state, 0, JOB_ROLLED_BACK), ACTION_NONE);
    assert_int_equal(tell(&state, ROLLOUT_DRAINED), ACTION_END);
    assert_int_equal(state.phase, PHASE_TAKEN_BACK);
    assert_string_equal(state.obstacle.message, "it is ill");
    rollout_state_free(&state);
}

static void the_last_wave_soaks_too_where_health_is_checked(void **unused)
{
    (void)unused;
    const enum rollout_event_kind ends[] = {ROLLOUT_SOAKED, ROLLOUT_UNHEALTHY};

    for (size_t i = 0; i < COUNT_OF(ends); i++) {
        struct rollout_state state = state_of("00", 0, FAILURE_HALT);

        state.is_checked = true;
        assert_int_equal(job(&state, 0, JOB_APPLIED), ACTION_NONE);
        assert_int_equal(job(&state, 1, JOB_APPLIED), ACTION_NONE);
        assert_int_equal(tell(&state, ROLLOUT_DRAINED), ACTION_SOAK);
        assert_int_equal(i == 0 ? tell(&state, ends[i]) : fall_ill(&state), ACTION_END);
        assert_int_equal(state.phase, i == 0 ? PHASE_DONE : PHASE_STOPPED);
        assert_int_equal(state.applied, 2);
        rollout_state_free(&state);
    }
}

static void a_row_of_failures_ends_with_a_success(void **unused)
{
    (void)unused;
    struct rollout_state state = state_of("0000000", 2, FAILURE_ROLLBACK_TARGET);

    state.failures_in_a_row = true;
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(job(&state, i, i == 2 ? JOB_APPLIED : JOB_FAILED_CLEAN), ACTION_NONE);
    assert_int_equal(job(&state, 5, JOB_HALTED), ACTION_STOP);
    /* What ran on and succeeds does not make it whole again. */
    assert_int_equal(job(&state, 6, JOB_APPLIED), ACTION_NONE);
    assert_int_equal(tell(&state, ROLLOUT_DRAINED), ACTION_END);
    assert_int_equal(state.phase, PHASE_STOPPED);
    assert_true(state.stopped);
    rollout_state_free(&state);
}

static void targets_out_of_reach_begin_the_row(void **unused)
{
    (void)unused;
    struct rollout_state reached = state_of("000", 1, FAILURE_ROLLBACK_TARGET);
    struct rollout_state unreached = state_of("000", 1, FAILURE_ROLLBACK_TARGET);

    reached.failures_in_a_row = unreached.failures_in_a_row = true;
    reached.failed_before = unreached.failed_before = 1;
    assert_int_equal(job(&reached, 0, JOB_APPLIED), ACTION_NONE);
    assert_int_equal(job(&reached, 1, JOB_FAILED_CLEAN), ACTION_NONE);
    assert_int_equal(job(&unreached, 0, JOB_FAILED_CLEAN), ACTION_STOP);
    rollout_state_free(&reached);
    rollout_state_free(&unreached);
}

/* Of a rollout that was cut off; ends gives what is known of each job: a for applied, f for failed,
   b for taken back, u for unheard, - for nothing. */
static struct rollout_state adopted(const char *waves, const char *ends, int64_t allowed,
                                    enum failure_action on_failure)
{
    struct rollout_state state = {
        .jobs = calloc(strlen(waves), sizeof(struct rollout_job)),
        .count = strlen(waves),
        .failures_allowed = allowed,
        .on_failure = on_failure,
        .back_begun = strchr(ends, 'b') != NULL,
    };

    for (size_t i = 0; i < state.count; i++) {
        state.jobs[i].wave = (size_t)(waves[i] - '0');
        state.jobs[i].unheard = ends[i] == 'u';
        if (state.jobs[i].wave >= state.wave_count)
            state.wave_count = state.jobs[i].wave + 1;
        if (ends[i] == 'a' || ends[i] == 'b')
            rollout_adopt(&state, i, JOB_APPLIED);
        if (ends[i] == 'b')
            rollout_adopt_way_back(&state, i);
        if (ends[i] == 'f')
            rollout_adopt(&state, i, JOB_FAILED_CLEAN);
    }
    return state;
}

static void what_was_cut_off_goes_on_in_its_wave(void **unused)
{
    (void)unused;
    struct rollout_state state = adopted("01111", "aauu-", 0, FAILURE_ROLLBACK_ALL);

    assert_int_equal(rollout_adopt_end(&state), ACTION_DISPATCH);
    assert_int_equal(tell(&state, ROLLOUT_BEGIN), ACTION_DISPATCH);
    expect_members(&state, 2, 3);
    for (size_t i = 2; i < 5; i++)
        assert_int_equal(job(&state, i, JOB_APPLIED), ACTION_NONE);
    assert_int_equal(tell(&state, ROLLOUT_DRAINED), ACTION_END);
    assert_int_equal(state.phase, PHASE_DONE);
    assert_int_equal(state.applied, 5);
    rollout_state_free(&state);
}

static void between_two_waves_the_older_one_soaks_anew(void **unused)
{
    (void)unused;
    struct rollout_state state = adopted("011", "a--", 0, FAILURE_ROLLBACK_ALL);

    assert_int_equal(rollout_adopt_end(&state), ACTION_SOAK);
    assert_int_equal(tell(&state, ROLLOUT_BEGIN), ACTION_SOAK);
    assert_int_equal(tell(&state, ROLLOUT_SOAKED), ACTION_DISPATCH);
    expect_members(&state, 1, 2);
    rollout_state_free(&state);
}

static void a_last_wave_soaks_anew_unless_it_had(void **unused)
{
    (void)unused;
    struct rollout_state cut_off = adopted("011", "aaa", 0, FAILURE_ROLLBACK_WAVE);
    struct rollout_state over = adopted("011", "aaa", 0, FAILURE_ROLLBACK_WAVE);

    cut_off.is_checked = over.is_checked = over.was_over = true;
    assert_int_equal(rollout_adopt_end(&cut_off), ACTION_SOAK);
    assert_int_equal(tell(&cut_off, ROLLOUT_BEGIN), ACTION_SOAK);
    assert_int_equal(fall_ill(&cut_off), ACTION_TAKE_BACK);
    expect_members(&cut_off, 1, 2);
    assert_int_equal(rollout_adopt_end(&over), ACTION_END);
    rollout_state_free(&cut_off);
    rollout_state_free(&over);
}

static void a_spent_budget_stays_spent_and_its_way_back_takes_the_unheard_too(void **unused)
{
    (void)unused;
    struct rollout_state state = adopted("0011122", "aafua--", 0, FAILURE_ROLLBACK_ALL);

    assert_int_equal(rollout_adopt_end(&state), ACTION_TAKE_BACK);
    assert_int_equal(tell(&state, ROLLOUT_BEGIN), ACTION_TAKE_BACK);
    assert_true(state.stopped);
    expect_members(&state, 3, 2);
    assert_int_equal(job(&state, 3, JOB_ROLLED_BACK), ACTION_NONE);
    assert_int_equal(job(&state, 4, JOB_ROLLED_BACK), ACTION_NONE);
    assert_int_equal(tell(&state, ROLLOUT_DRAINED), ACTION_TAKE_BACK);
    expect_members(&state, 0, 2);
    assert_int_equal(state.jobs[5].state, JOB_SKIPPED);
    rollout_state_free(&state);
}

static void a_way_back_goes_on_with_what_still_stands(void **unused)
{
    (void)unused;
    struct rollout_state state = adopted("00111", "aafba", 0, FAILURE_ROLLBACK_WAVE);

    assert_int_equal(rollout_adopt_end(&state), ACTION_TAKE_BACK);
    assert_int_equal(tell(&state, ROLLOUT_BEGIN), ACTION_TAKE_BACK);
    expect_members(&state, 4, 1);
    assert_int_equal(job(&state, 4, JOB_ROLLED_BACK), ACTION_NONE);
    assert_int_equal(tell(&state, ROLLOUT_DRAINED), ACTION_END);
    assert_int_equal(state.phase, PHASE_TAKEN_BACK);
    assert_int_equal(state.taken_back, 2);
    assert_int_equal(state.applied, 2);
    rollout_state_free(&state);
}

static void what_is_over_is_not_gone_on_with(void **unused)
{
    (void)unused;
    const struct {
        const char *ends;
        enum rollout_phase phase;
    } cases[] = {{"aaa", PHASE_DONE}, {"af-", PHASE_STOPPED}, {"bfb", PHASE_TAKEN_BACK}};

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct rollout_state state = adopted("001", cases[i].ends, 0, FAILURE_ROLLBACK_TARGET);

        assert_int_equal(rollout_adopt_end(&state), ACTION_END);
        assert_int_equal(tell(&state, ROLLOUT_BEGIN), ACTION_END);
        assert_int_equal(state.phase, cases[i].phase);
        rollout_state_free(&state);
    }
}

static void an_unheard_job_that_is_stopped_again_is_unknown_not_skipped(void **unused)
{
    (void)unused;
    struct rollout_state state = adopted("000", "au-", 0, FAILURE_ROLLBACK_TARGET);

    assert_int_equal(rollout_adopt_end(&state), ACTION_DISPATCH);
    assert_int_equal(tell(&state, ROLLOUT_BEGIN), ACTION_DISPATCH);
    assert_int_equal(tell(&state, ROLLOUT_STOP), ACTION_STOP);
    assert_int_equal(job(&state, 1, JOB_SKIPPED), ACTION_NONE);
    assert_int_equal(job(&state, 2, JOB_SKIPPED), ACTION_NONE);
    assert_int_equal(tell(&state, ROLLOUT_DRAINED), ACTION_END);
    assert_int_equal(state.phase, PHASE_HALTED);
    assert_int_equal(state.jobs[1].state, JOB_UNKNOWN);
    assert_int_equal(state.jobs[2].state, JOB_SKIPPED);
    rollout_state_free(&state);
}

static void the_manual_shows_the_table_as_it_is(void **unused)
{
    (void)unused;
    AUTO_BUFFER struct buffer diagram = {0};
    AUTO_BUFFER struct buffer manual = {0};
    struct error err = {0};

    rollout_diagram(&diagram);
    assert_true(file_read(TEST_DATA "/../../docs/rollouts.md", 1024 * 1024, &manual, &err));
    if (strstr(buffer_text(&manual), buffer_text(&diagram)) == NULL) {
        fputs(buffer_text(&diagram), stderr);
        fail_msg("docs/rollouts.md lacks this diagram");
    }
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
        cmocka_unit_test(waves_follow_one_another),
        cmocka_unit_test(the_rollout_stops_once_when_the_budget_is_spent),
        cmocka_unit_test(targets_out_of_reach_count_as_failures),
        cmocka_unit_test(a_skipped_job_is_no_failure_but_ends_the_rollout),
        cmocka_unit_test(a_second_end_of_a_job_changes_nothing),
        cmocka_unit_test(an_unknown_outcome_counts_and_lets_no_further_wave_begin),
        cmocka_unit_test(finished_waves_are_taken_back_newest_first),
        cmocka_unit_test(only_the_wave_that_failed_is_taken_back_if_that_is_said),
        cmocka_unit_test(a_way_back_that_fails_stops_everything),
        cmocka_unit_test(an_operator_who_stops_it_takes_nothing_back),
        cmocka_unit_test(outside_its_window_no_wave_begins),
        cmocka_unit_test(a_failed_health_check_takes_back_as_on_failure_says),
        cmocka_unit_test(the_last_wave_soaks_too_where_health_is_checked),
        cmocka_unit_test(a_last_wave_soaks_anew_unless_it_had),
        cmocka_unit_test(a_row_of_failures_ends_with_a_success),
        cmocka_unit_test(targets_out_of_reach_begin_the_row),
        cmocka_unit_test(what_was_cut_off_goes_on_in_its_wave),
        cmocka_unit_test(between_two_waves_the_older_one_soaks_anew),
        cmocka_unit_test(a_spent_budget_stays_spent_and_its_way_back_takes_the_unheard_too),
        cmocka_unit_test(a_way_back_goes_on_with_what_still_stands),
        cmocka_unit_test(what_is_over_is_not_gone_on_with),
        cmocka_unit_test(an_unheard_job_that_is_stopped_again_is_unknown_not_skipped),
        cmocka_unit_test(the_manual_shows_the_table_as_it_is),
        cmocka_unit_test(shares_of_max_parallel_add_up_to_it_at_most),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
