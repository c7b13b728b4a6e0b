/* The jobs of a rollout's state: how they begin and end, there and back. */
#include "orchestrator/rollout_jobs.h"

#include <assert.h>
#include <stdlib.h>

void rollout_state_free(struct rollout_state *state)
{
    free(state->jobs);
    state->jobs = NULL;
}

static bool is_in_doubt(enum job_state state)
{
    return state == JOB_UNKNOWN || state == JOB_NEEDS_OPERATOR;
}

static void begin_job(struct rollout_state *state, struct rollout_job *job, int64_t now_ms)
{
    bool *begun = job->going_back ? &job->back_begun : &job->begun;

    if (*begun)
        return;
    *begun = true;
    state->running++;
    if (!job->going_back)
        job->began_ms = now_ms;
}

static void count_in_a_row(struct rollout_state *state, bool failed)
{
    state->row_broken = state->row_broken || !failed;
    state->failing = failed ? state->failing + 1 : 0;
    size_t row = state->failing + (state->row_broken ? 0 : state->failed_before);
    if (row > state->failed_in_a_row)
        state->failed_in_a_row = row;
}

/* What does not begin now may have been begun before, if nobody told. */
static void end_job(struct rollout_state *state, struct rollout_job *job, enum job_state end)
{
    if (end == JOB_SKIPPED && job->unheard)
        end = JOB_UNKNOWN;
    if (job->begun)
        state->running--;
    job->ended = true;
    job->state = end;
    if (end != JOB_SKIPPED)
        count_in_a_row(state, end != JOB_APPLIED);
    if (end == JOB_APPLIED)
        state->applied++;
    else if (end == JOB_SKIPPED)
        state->skipped++;
    else
        state->failed++;
    state->in_doubt += is_in_doubt(end);
}

/* A job that was stopped before its way back began is what it was: applied. */
static void end_way_back(struct rollout_state *state, struct rollout_job *job, enum job_state end)
{
    if (job->back_begun)
        state->running--;
    job->going_back = false;
    if (end == JOB_SKIPPED) {
        state->ways_back_skipped++;
        return;
    }
    job->state = end == JOB_ROLLED_BACK || is_in_doubt(end) ? end : JOB_HALTED;
    state->applied--;
    if (end == JOB_ROLLED_BACK)
        state->taken_back++;
    else
        state->not_taken_back++;
    state->in_doubt += is_in_doubt(end);
}

static void take_end(struct rollout_state *state, struct rollout_job *job,
                     const struct run_event *run, int64_t now_ms)
{
    bool stays = job->going_back && run->job == JOB_SKIPPED;

    if (job->going_back)
        end_way_back(state, job, run->job);
    else
        end_job(state, job, run->job);
    job->ended_ms = now_ms;
    state->left--;
    if (run->error != NULL && !stays)
        job->error = *run->error;
}

/* Whether the job is one of those that were sent and have no end yet. */
static bool is_out(const struct rollout_state *state, const struct rollout_job *job)
{
    if (state->phase == PHASE_BACK || state->phase == PHASE_BACK_STOPPING)
        return job->going_back;
    return (state->phase == PHASE_WAVE || state->phase == PHASE_STOPPING) &&
           job->wave == state->wave && !job->ended;
}

void rollout_adopt(struct rollout_state *state, size_t job, enum job_state end)
{
    state->jobs[job].adopted = true;
    end_job(state, &state->jobs[job], end);
}

void rollout_adopt_way_back(struct rollout_state *state, size_t job)
{
    end_way_back(state, &state->jobs[job], JOB_ROLLED_BACK);
}

void jobs_take(struct rollout_state *state, const struct rollout_event *event)
{
    if (event->kind == ROLLOUT_STOP)
        state->stop_asked = true;
    if (state->phase == PHASE_SOAK && !state->stop_asked &&
        (event->kind == ROLLOUT_CLOSED || event->kind == ROLLOUT_UNHEALTHY)) {
        state->obstacle = *event->error;
        state->stopped = event->kind == ROLLOUT_UNHEALTHY;
    }
    assert(event->kind != ROLLOUT_DRAINED || state->left == 0);
    if (event->kind != ROLLOUT_JOB)
        return;
    assert(event->job < state->count);
    struct rollout_job *job = &state->jobs[event->job];
    const struct run_event *run = event->run;

    if (!is_out(state, job))
        return;
    if (run->kind == RUN_JOB && run->job != JOB_STARTED) {
        take_end(state, job, run, event->now_ms);
        return;
    }
    begin_job(state, job, event->now_ms);
    if (run->kind == RUN_STEP && run->step == STEP_DONE && !job->going_back)
        job->steps_done++;
}

bool jobs_spend_the_budget(const struct rollout_state *state)
{
    size_t failed =
        state->failures_in_a_row ? state->failed_in_a_row : state->failed + state->failed_before;

    return (int64_t)failed > state->failures_allowed;
}

size_t jobs_open(const struct rollout_state *state, size_t wave)
{
    size_t count = 0;

    for (size_t i = 0; i < state->count; i++)
        count += state->jobs[i].wave == wave && !state->jobs[i].ended;
    return count;
}

/* The newest wave with something to take back, below a limit; false, and 0, if there is none. */
bool jobs_find_wave_back(const struct rollout_state *state, size_t below, size_t oldest,
                         size_t *wave)
{
    bool found = false;

    *wave = 0;
    for (size_t i = 0; i < state->count; i++) {
        const struct rollout_job *job = &state->jobs[i];

        if (job->ended && job->state == JOB_APPLIED && job->wave < below && job->wave >= oldest &&
            (!found || job->wave > *wave)) {
            *wave = job->wave;
            found = true;
        }
    }
    return found;
}

void jobs_begin_way_back(struct rollout_state *state, size_t wave)
{
    state->wave = wave;
    state->left = 0;
    for (size_t i = 0; i < state->count; i++) {
        struct rollout_job *job = &state->jobs[i];

        job->going_back = job->wave == wave && job->ended && job->state == JOB_APPLIED;
        state->left += job->going_back;
    }
}

void jobs_skip_the_rest(struct rollout_state *state)
{
    for (size_t i = 0; i < state->count; i++) {
        struct rollout_job *job = &state->jobs[i];

        if (job->ended)
            continue;
        end_job(state, job, JOB_SKIPPED);
        if (!job->unheard && state->obstacle.code != ERROR_NONE) {
            job->error = state->obstacle;
            continue;
        }
        error_set(&job->error, job->unheard ? ERROR_UNKNOWN : ERROR_CANCELLED, "%s",
                  job->unheard ? "the rollout was stopped again before it asked what became of it"
                               : "the rollout was stopped before this job began");
    }
}

bool rollout_awaits(const struct rollout_state *state, size_t job)
{
    return is_out(state, &state->jobs[job]);
}

size_t rollout_members(const struct rollout_state *state, size_t *members)
{
    size_t count = 0;

    for (size_t i = 0; i < state->count; i++)
        if (is_out(state, &state->jobs[i]))
            members[count++] = i;
    return count;
}
