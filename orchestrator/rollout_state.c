/* The rollout's decisions; rollout.h documents them. No clock, socket or file in here. */
#include <assert.h>
#include <stdlib.h>

#include "orchestrator/rollout.h"

void rollout_state_free(struct rollout_state *state)
{
    free(state->jobs);
    state->jobs = NULL;
}

static bool over_budget(const struct rollout_state *state)
{
    return (int64_t)(state->failed + state->failed_before) > state->failures_allowed;
}

/* Whether this end spends the budget that was not spent before. */
static bool end_job(struct rollout_state *state, struct rollout_job *job, enum job_state end,
                    const struct error *err, int64_t now_ms)
{
    if (job->ended)
        return false;
    if (job->begun)
        state->running--;
    job->ended = true;
    job->state = end;
    job->ended_ms = now_ms;
    if (err != NULL)
        job->error = *err;
    if (end == JOB_APPLIED)
        state->applied++;
    else if (end == JOB_SKIPPED)
        state->skipped++;
    else
        state->failed++;
    bool spent = !state->stopped && over_budget(state);
    state->stopped = state->stopped || spent;
    return spent;
}

static void begin_job(struct rollout_state *state, struct rollout_job *job, int64_t now_ms)
{
    if (job->begun || job->ended)
        return;
    job->begun = true;
    job->began_ms = now_ms;
    state->running++;
}

bool rollout_take_event(struct rollout_state *state, size_t index, const struct run_event *event,
                        int64_t now_ms)
{
    assert(index < state->count);
    struct rollout_job *job = &state->jobs[index];

    if (event->kind == RUN_STEP) {
        begin_job(state, job, now_ms);
        job->steps_done += event->step == STEP_DONE;
        return false;
    }
    if (event->job == JOB_STARTED) {
        begin_job(state, job, now_ms);
        return false;
    }
    return end_job(state, job, event->job, event->error, now_ms);
}

void rollout_share_parallel(int max_parallel, const size_t *jobs, size_t agents, int *shares)
{
    size_t total = 0;
    int64_t left = max_parallel > (int)agents ? max_parallel - (int64_t)agents : 0;

    for (size_t i = 0; i < agents; i++)
        total += jobs[i];
    for (size_t i = 0; i < agents; i++)
        shares[i] = 1 + (int)(total > 0 ? left * (int64_t)jobs[i] / (int64_t)total : 0);
}
