#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "orchestrator/resumption.h"

enum { JOBS = 4 };

static const struct plan_target targets[JOBS] = {
    {.name = "a"}, {.name = "b"}, {.name = "c"}, {.name = "d"}};

/* A canary, then the rest. */
static struct rollout_state prepared(struct rollout_job *jobs, int64_t allowed)
{
    for (size_t i = 0; i < JOBS; i++)
        jobs[i] = (struct rollout_job){.target = &targets[i], .wave = i > 0};
    return (struct rollout_state){.jobs = jobs,
                                  .count = JOBS,
                                  .wave_count = 2,
                                  .failures_allowed = allowed,
                                  .on_failure = FAILURE_ROLLBACK_ALL};
}

static const struct course_rollout there = {.id = "1", .state = "interrupted"};
static const struct course_rollout there_and_back[] = {
    {.id = "1", .state = "stopped"}, {.id = "2", .state = "interrupted", .back = true}};

static enum rollout_action adopt(struct rollout_state *state, const struct course *course,
                                 const struct course_job *jobs, size_t count)
{
    struct error err = {0};

    if (!resumption_adopt(course, jobs, count, state, &err))
        fail_msg("%s", err.message);
    return rollout_adopt_end(state);
}

static void what_ended_keeps_its_end_and_the_newest_row_counts(void **unused)
{
    (void)unused;
    const struct course course = {.rollouts = &there, .count = 1, .waves_sent = 2};
    const struct course_job rows[] = {
        {.target = "a", .state = "applied"},
        {.target = "b", .state = "unknown"},
        {.target = "c", .state = "skipped"},
        {.target = "d", .state = "failed_clean", .code = ERROR_SQL, .message = "no such table"},
        {.target = "b", .state = "applied"},
    };
    struct rollout_job jobs[JOBS];
    struct rollout_state state = prepared(jobs, 1);

    assert_int_equal(adopt(&state, &course, rows, COUNT_OF(rows)), ACTION_DISPATCH);
    assert_int_equal(state.applied, 2);
    assert_int_equal(state.failed, 1);
    assert_string_equal(jobs[3].error.message, "no such table");
    assert_false(jobs[2].ended);
    assert_false(jobs[2].unheard);
}

static void only_what_was_sent_can_be_unheard(void **unused)
{
    (void)unused;
    const struct course course = {.rollouts = &there, .count = 1, .waves_sent = 1};
    const struct course_job rows[] = {{.target = "a", .state = "unknown"},
                                      {.target = "b", .state = "unknown"},
                                      {.target = "c", .state = "dispatched"},
                                      {.target = "a", .state = "skipped"}};
    struct rollout_job jobs[JOBS];
    struct rollout_state state = prepared(jobs, 0);

    assert_int_equal(adopt(&state, &course, rows, COUNT_OF(rows)), ACTION_DISPATCH);
    assert_int_equal(state.wave, 0);
    assert_true(jobs[0].unheard); /* skipped when it was asked again: still nobody knows */
    assert_false(jobs[1].unheard);
    assert_false(jobs[2].unheard);
}

static void a_way_back_takes_what_stands_and_what_may_stand(void **unused)
{
    (void)unused;
    const struct course course = {.rollouts = there_and_back, .count = 2, .waves_sent = 2};
    const struct course_job rows[] = {
        {.target = "a", .state = "applied"},
        {.target = "b", .state = "failed_clean"},
        {.target = "c", .state = "unknown"},
        {.target = "d", .state = "applied"},
        {.target = "a", .state = "unknown", .back = true},
        {.target = "d", .state = "rolled_back", .back = true},
    };
    struct rollout_job jobs[JOBS];
    struct rollout_state state = prepared(jobs, 0);

    assert_int_equal(adopt(&state, &course, rows, COUNT_OF(rows)), ACTION_TAKE_BACK);
    assert_int_equal(jobs[0].state, JOB_APPLIED);
    assert_int_equal(jobs[2].state, JOB_APPLIED);
    assert_int_equal(jobs[3].state, JOB_ROLLED_BACK);
    assert_int_equal(state.taken_back, 1);
    assert_int_equal(state.wave, 1);
}

static void a_way_back_that_failed_is_tried_again(void **unused)
{
    (void)unused;
    const struct course course = {.rollouts = there_and_back, .count = 2, .waves_sent = 2};
    const struct course_job rows[] = {{.target = "a", .state = "applied"},
                                      {.target = "b", .state = "failed_clean"},
                                      {.target = "a", .state = "halted", .back = true}};
    struct rollout_job jobs[JOBS];
    struct rollout_state state = prepared(jobs, 0);

    assert_int_equal(adopt(&state, &course, rows, COUNT_OF(rows)), ACTION_TAKE_BACK);
    assert_int_equal(jobs[0].state, JOB_APPLIED);
    assert_int_equal(state.not_taken_back, 0);
}

static void what_stopped_inside_a_step_is_sent_again_but_never_taken_back(void **unused)
{
    (void)unused;
    const struct course forward = {.rollouts = &there, .count = 1, .waves_sent = 2};
    const struct course back = {.rollouts = there_and_back, .count = 2, .waves_sent = 2};
    const struct course_job rows[] = {{.target = "a", .state = "applied"},
                                      {.target = "b", .state = "needs_operator"}};
    struct rollout_job jobs[JOBS];
    struct rollout_state state = prepared(jobs, 0);

    assert_int_equal(adopt(&state, &forward, rows, 2), ACTION_DISPATCH);
    assert_false(jobs[1].ended);
    state = prepared(jobs, 0);
    assert_int_equal(adopt(&state, &back, rows, 2), ACTION_TAKE_BACK);
    assert_int_equal(jobs[1].state, JOB_NEEDS_OPERATOR);
    assert_int_equal(state.in_doubt, 1);
}

static void a_job_that_the_plan_does_not_have_is_refused(void **unused)
{
    (void)unused;
    const struct course course = {.rollouts = &there, .count = 1, .waves_sent = 1};
    const struct course_job row = {.target = "stranger", .state = "applied"};
    struct rollout_job jobs[JOBS];
    struct rollout_state state = prepared(jobs, 0);
    struct error err = {0};

    assert_false(resumption_adopt(&course, &row, 1, &state, &err));
    assert_non_null(strstr(err.message, "stranger"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_ended_keeps_its_end_and_the_newest_row_counts),
        cmocka_unit_test(only_what_was_sent_can_be_unheard),
        cmocka_unit_test(a_way_back_takes_what_stands_and_what_may_stand),
        cmocka_unit_test(a_way_back_that_failed_is_tried_again),
        cmocka_unit_test(what_stopped_inside_a_step_is_sent_again_but_never_taken_back),
        cmocka_unit_test(a_job_that_the_plan_does_not_have_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
