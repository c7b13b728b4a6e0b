#include "orchestrator/rollout_state.h"

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

static void end_job(struct rollout_state *state, struct rollout_job *job, enum job_state end)
{
    if (job->begun)
        state->running--;
    job->ended = true;
    job->state = end;
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

static void take_event(struct rollout_state *state, const struct rollout_event *event)
{
    if (event->kind == ROLLOUT_STOP)
        state->stop_asked = true;
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

/* The newest wave with something to take back, below a limit; false, and 0, if there is none. */
static bool find_wave_back(const struct rollout_state *state, size_t below, size_t oldest,
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

/* How far back on_failure reaches from the wave that failed; false if it takes nothing back. */
static bool find_oldest(const struct rollout_state *state, size_t *oldest)
{
    *oldest = state->on_failure == FAILURE_ROLLBACK_ALL ? 0 : state->wave;
    return state->on_failure == FAILURE_ROLLBACK_ALL || state->on_failure == FAILURE_ROLLBACK_WAVE;
}

/* What must hold for a transition. */
typedef bool condition(const struct rollout_state *state, const struct rollout_event *event);

static bool is_begun(const struct rollout_state *state, const struct rollout_event *event)
{
    (void)state;
    return event->kind == ROLLOUT_BEGIN;
}

static bool is_soaked(const struct rollout_state *state, const struct rollout_event *event)
{
    (void)state;
    return event->kind == ROLLOUT_SOAKED;
}

static bool is_stop_asked(const struct rollout_state *state, const struct rollout_event *event)
{
    (void)event;
    return state->stop_asked;
}

static bool is_budget_spent(const struct rollout_state *state, const struct rollout_event *event)
{
    (void)event;
    return (int64_t)(state->failed + state->failed_before) > state->failures_allowed;
}

static bool is_drained(const struct rollout_state *state, const struct rollout_event *event)
{
    (void)state;
    return event->kind == ROLLOUT_DRAINED;
}

static bool is_drained_in_doubt(const struct rollout_state *state,
                                const struct rollout_event *event)
{
    return is_drained(state, event) && state->in_doubt > 0;
}

/* An agent that is being stopped begins no job; so may the next one be. */
static bool is_cut_short(const struct rollout_state *state, const struct rollout_event *event)
{
    return is_drained(state, event) && state->skipped > 0;
}

static bool is_last_wave_over(const struct rollout_state *state, const struct rollout_event *event)
{
    return is_drained(state, event) && state->wave + 1 == state->wave_count;
}

/* An operator who stops a rollout decides alone what then becomes of it. */
static bool is_to_take_back(const struct rollout_state *state, const struct rollout_event *event)
{
    size_t oldest, wave;

    return is_drained(state, event) && state->stopped && !state->stop_asked &&
           find_oldest(state, &oldest) && find_wave_back(state, state->wave + 1, oldest, &wave);
}

static bool is_way_back_cut_short(const struct rollout_state *state,
                                  const struct rollout_event *event)
{
    return is_drained(state, event) && state->ways_back_skipped > 0;
}

static bool is_older_to_take_back(const struct rollout_state *state,
                                  const struct rollout_event *event)
{
    size_t wave;

    return is_drained(state, event) && find_wave_back(state, state->wave, state->last_back, &wave);
}

static bool is_way_back_failed(const struct rollout_state *state, const struct rollout_event *event)
{
    (void)event;
    return state->not_taken_back > 0;
}

struct transition {
    enum rollout_phase from;
    condition *when;
    enum rollout_phase to;
    enum rollout_action action;
    const char *why;
};

/* The first row that fits is taken. */
static const struct transition transitions[] = {
    {PHASE_PLANNED, is_begun, PHASE_WAVE, ACTION_DISPATCH, "the first wave begins"},
    {PHASE_PLANNED, is_stop_asked, PHASE_STOPPED, ACTION_END, "the operator stops it"},
    {PHASE_WAVE, is_budget_spent, PHASE_STOPPING, ACTION_STOP,
     "more failures than max_failures allows"},
    {PHASE_WAVE, is_stop_asked, PHASE_STOPPING, ACTION_STOP, "the operator stops it"},
    {PHASE_WAVE, is_drained_in_doubt, PHASE_HALTED, ACTION_END, "an outcome is unknown"},
    {PHASE_WAVE, is_cut_short, PHASE_STOPPED, ACTION_END, "an agent began no further jobs"},
    {PHASE_WAVE, is_last_wave_over, PHASE_DONE, ACTION_END, "the last wave is over"},
    {PHASE_WAVE, is_drained, PHASE_SOAK, ACTION_SOAK, "the wave is over"},
    {PHASE_SOAK, is_stop_asked, PHASE_STOPPED, ACTION_END, "the operator stops it"},
    {PHASE_SOAK, is_soaked, PHASE_WAVE, ACTION_DISPATCH, "soak is over"},
    {PHASE_STOPPING, is_to_take_back, PHASE_BACK, ACTION_TAKE_BACK,
     "on_failure takes back, the newest wave first"},
    {PHASE_STOPPING, is_drained_in_doubt, PHASE_HALTED, ACTION_END, "an outcome is unknown"},
    {PHASE_STOPPING, is_drained, PHASE_STOPPED, ACTION_END, "nothing runs any more"},
    {PHASE_BACK, is_way_back_failed, PHASE_BACK_STOPPING, ACTION_STOP, "a way back failed"},
    {PHASE_BACK, is_stop_asked, PHASE_BACK_STOPPING, ACTION_STOP, "the operator stops it"},
    {PHASE_BACK, is_way_back_cut_short, PHASE_HALTED, ACTION_END,
     "an agent began no further way back"},
    {PHASE_BACK, is_older_to_take_back, PHASE_BACK, ACTION_TAKE_BACK, "the next older wave"},
    {PHASE_BACK, is_drained_in_doubt, PHASE_HALTED, ACTION_END, "an outcome is unknown"},
    {PHASE_BACK, is_drained, PHASE_TAKEN_BACK, ACTION_END, "all of it is taken back"},
    {PHASE_BACK_STOPPING, is_drained, PHASE_HALTED, ACTION_END, "nothing runs any more"},
};

static const struct transition *find_transition(const struct rollout_state *state,
                                                const struct rollout_event *event)
{
    for (size_t i = 0; i < COUNT_OF(transitions); i++)
        if (transitions[i].from == state->phase && transitions[i].when(state, event))
            return &transitions[i];
    return NULL;
}

static void begin_wave(struct rollout_state *state)
{
    state->left = 0;
    for (size_t i = 0; i < state->count; i++)
        state->left += state->jobs[i].wave == state->wave;
}

static void begin_way_back(struct rollout_state *state, size_t wave)
{
    state->wave = wave;
    state->left = 0;
    for (size_t i = 0; i < state->count; i++) {
        struct rollout_job *job = &state->jobs[i];

        job->going_back = job->wave == wave && job->ended && job->state == JOB_APPLIED;
        state->left += job->going_back;
    }
}

static void skip_the_rest(struct rollout_state *state)
{
    for (size_t i = 0; i < state->count; i++) {
        struct rollout_job *job = &state->jobs[i];

        if (job->ended)
            continue;
        end_job(state, job, JOB_SKIPPED);
        error_set(&job->error, ERROR_CANCELLED, "the rollout was stopped before this job began");
    }
}

static void enter(struct rollout_state *state, const struct transition *transition)
{
    size_t wave = state->wave;

    if (transition->to == PHASE_WAVE) {
        state->wave += transition->from == PHASE_SOAK;
        begin_wave(state);
    } else if (transition->to == PHASE_STOPPING) {
        state->stopped = is_budget_spent(state, NULL);
    } else if (transition->from == PHASE_BACK && transition->to == PHASE_BACK) {
        if (find_wave_back(state, state->wave, state->last_back, &wave))
            begin_way_back(state, wave);
    } else if (transition->to == PHASE_BACK) {
        if (find_oldest(state, &state->last_back) &&
            find_wave_back(state, state->wave + 1, state->last_back, &wave))
            begin_way_back(state, wave);
        skip_the_rest(state);
    } else if (transition->action == ACTION_END) {
        skip_the_rest(state);
    }
    state->phase = transition->to;
}

enum rollout_action rollout_step(struct rollout_state *state, const struct rollout_event *event)
{
    take_event(state, event);
    const struct transition *transition = find_transition(state, event);
    if (transition == NULL)
        return ACTION_NONE;
    enter(state, transition);
    return transition->action;
}

bool rollout_awaits(const struct rollout_state *state, size_t job)
{
    return is_out(state, &state->jobs[job]);
}

bool rollout_has_ended(const struct rollout_state *state)
{
    return state->phase >= PHASE_DONE;
}

size_t rollout_members(const struct rollout_state *state, size_t *members)
{
    size_t count = 0;

    for (size_t i = 0; i < state->count; i++)
        if (is_out(state, &state->jobs[i]))
            members[count++] = i;
    return count;
}

void rollout_diagram(struct buffer *out)
{
    static const char *const names[] = {
        [PHASE_PLANNED] = "planned",
        [PHASE_WAVE] = "wave",
        [PHASE_SOAK] = "soak",
        [PHASE_STOPPING] = "stopping",
        [PHASE_BACK] = "taking_back",
        [PHASE_BACK_STOPPING] = "stopping_the_way_back",
        [PHASE_DONE] = "done",
        [PHASE_STOPPED] = "stopped",
        [PHASE_TAKEN_BACK] = "taken_back",
        [PHASE_HALTED] = "halted",
    };

    buffer_append_text(out, "stateDiagram-v2\n    [*] --> planned\n");
    for (size_t i = 0; i < COUNT_OF(transitions); i++)
        buffer_printf(out, "    %s --> %s: %s\n", names[transitions[i].from],
                      names[transitions[i].to], transitions[i].why);
    for (size_t i = PHASE_DONE; i < PHASE_COUNT; i++)
        buffer_printf(out, "    %s --> [*]\n", names[i]);
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
