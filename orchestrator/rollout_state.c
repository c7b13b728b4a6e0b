#include "orchestrator/rollout_jobs.h"

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

bool rollout_may_only_go_back(const struct rollout_state *state)
{
    return state->back_begun || jobs_spend_the_budget(state);
}

static bool is_begun_on_its_way_back(const struct rollout_state *state,
                                     const struct rollout_event *event)
{
    size_t oldest, wave;

    return is_begun(state, event) && rollout_may_only_go_back(state) &&
           find_oldest(state, &oldest) &&
           jobs_find_wave_back(state, state->wave + 1, oldest, &wave);
}

static bool is_begun_in_doubt(const struct rollout_state *state, const struct rollout_event *event)
{
    return is_begun(state, event) && rollout_may_only_go_back(state) && state->in_doubt > 0;
}

static bool is_begun_taken_back(const struct rollout_state *state,
                                const struct rollout_event *event)
{
    return is_begun(state, event) && state->back_begun;
}

static bool is_begun_spent(const struct rollout_state *state, const struct rollout_event *event)
{
    return is_begun(state, event) && jobs_spend_the_budget(state);
}

static bool is_begun_at_its_end(const struct rollout_state *state,
                                const struct rollout_event *event)
{
    return is_begun(state, event) && jobs_open(state, state->wave) == 0 &&
           (!state->is_checked || state->was_over);
}

static bool is_begun_in_its_last_soak(const struct rollout_state *state,
                                      const struct rollout_event *event)
{
    return is_begun(state, event) && jobs_open(state, state->wave) == 0;
}

/* Gone on with before anything of the wave was sent: the wave before it may be young. */
static bool is_begun_between_waves(const struct rollout_state *state,
                                   const struct rollout_event *event)
{
    if (!is_begun(state, event) || state->wave == 0)
        return false;
    for (size_t i = 0; i < state->count; i++) {
        const struct rollout_job *job = &state->jobs[i];

        if (job->wave == state->wave && (job->ended || job->unheard))
            return false;
    }
    return true;
}

static bool is_soaked(const struct rollout_state *state, const struct rollout_event *event)
{
    (void)state;
    return event->kind == ROLLOUT_SOAKED;
}

static bool is_soaked_at_last(const struct rollout_state *state, const struct rollout_event *event)
{
    return is_soaked(state, event) && state->wave + 1 == state->wave_count;
}

static bool is_unhealthy(const struct rollout_state *state, const struct rollout_event *event)
{
    (void)state;
    return event->kind == ROLLOUT_UNHEALTHY;
}

static bool is_unhealthy_to_take_back(const struct rollout_state *state,
                                      const struct rollout_event *event)
{
    size_t oldest, wave;

    return is_unhealthy(state, event) && find_oldest(state, &oldest) &&
           jobs_find_wave_back(state, state->wave + 1, oldest, &wave);
}

static bool is_closed(const struct rollout_state *state, const struct rollout_event *event)
{
    (void)state;
    return event->kind == ROLLOUT_CLOSED;
}

static bool is_stop_asked(const struct rollout_state *state, const struct rollout_event *event)
{
    (void)event;
    return state->stop_asked;
}

/* A job that was sent before the rollout was gone on with may have run. */
static bool is_given_up_in_doubt(const struct rollout_state *state,
                                 const struct rollout_event *event)
{
    if (!is_stop_asked(state, event) && !is_closed(state, event) && !is_unhealthy(state, event))
        return false;
    for (size_t i = 0; i < state->count; i++)
        if (state->jobs[i].unheard && !state->jobs[i].ended)
            return true;
    return false;
}

static bool is_budget_spent(const struct rollout_state *state, const struct rollout_event *event)
{
    (void)event;
    return jobs_spend_the_budget(state);
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
    return is_drained(state, event) && state->wave + 1 == state->wave_count && !state->is_checked;
}

/* An operator who stops a rollout decides alone what then becomes of it. */
static bool is_to_take_back(const struct rollout_state *state, const struct rollout_event *event)
{
    size_t oldest, wave;

    return is_drained(state, event) && state->stopped && !state->stop_asked &&
           find_oldest(state, &oldest) &&
           jobs_find_wave_back(state, state->wave + 1, oldest, &wave);
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

    return is_drained(state, event) &&
           jobs_find_wave_back(state, state->wave, state->last_back, &wave);
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
    {PHASE_PLANNED, is_begun_on_its_way_back, PHASE_BACK, ACTION_TAKE_BACK,
     "resumed: its way back goes on"},
    {PHASE_PLANNED, is_begun_in_doubt, PHASE_HALTED, ACTION_END, "resumed: an outcome is unknown"},
    {PHASE_PLANNED, is_begun_taken_back, PHASE_TAKEN_BACK, ACTION_END,
     "resumed: all of it is taken back"},
    {PHASE_PLANNED, is_begun_spent, PHASE_STOPPED, ACTION_END, "resumed: the budget is spent"},
    {PHASE_PLANNED, is_begun_at_its_end, PHASE_DONE, ACTION_END, "resumed: the last wave is over"},
    {PHASE_PLANNED, is_begun_in_its_last_soak, PHASE_SOAK, ACTION_SOAK,
     "resumed: the last wave soaks anew"},
    {PHASE_PLANNED, is_begun_between_waves, PHASE_SOAK, ACTION_SOAK,
     "resumed: the wave before soaks anew"},
    {PHASE_PLANNED, is_begun, PHASE_WAVE, ACTION_DISPATCH, "the wave begins"},
    {PHASE_PLANNED, is_stop_asked, PHASE_STOPPED, ACTION_END, "the operator stops it"},
    {PHASE_WAVE, is_budget_spent, PHASE_STOPPING, ACTION_STOP,
     "more failures than max_failures allows"},
    {PHASE_WAVE, is_stop_asked, PHASE_STOPPING, ACTION_STOP, "the operator stops it"},
    {PHASE_WAVE, is_drained_in_doubt, PHASE_HALTED, ACTION_END, "an outcome is unknown"},
    {PHASE_WAVE, is_cut_short, PHASE_STOPPED, ACTION_END, "an agent began no further jobs"},
    {PHASE_WAVE, is_last_wave_over, PHASE_DONE, ACTION_END, "the last wave is over"},
    {PHASE_WAVE, is_drained, PHASE_SOAK, ACTION_SOAK, "the wave is over"},
    {PHASE_SOAK, is_unhealthy_to_take_back, PHASE_BACK, ACTION_TAKE_BACK, "a health check failed"},
    {PHASE_SOAK, is_given_up_in_doubt, PHASE_HALTED, ACTION_END,
     "it ends here, and an outcome is unknown"},
    {PHASE_SOAK, is_stop_asked, PHASE_STOPPED, ACTION_END, "the operator stops it"},
    {PHASE_SOAK, is_unhealthy, PHASE_STOPPED, ACTION_END,
     "a health check failed, and on_failure takes nothing back"},
    {PHASE_SOAK, is_soaked_at_last, PHASE_DONE, ACTION_END, "soak of the last wave is over"},
    {PHASE_SOAK, is_closed, PHASE_STOPPED, ACTION_END, "the window is closed"},
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

static void enter(struct rollout_state *state, const struct transition *transition)
{
    size_t wave = state->wave;

    if (transition->to == PHASE_WAVE) {
        state->wave += transition->from == PHASE_SOAK;
        state->left = jobs_open(state, state->wave);
    } else if (transition->from == PHASE_PLANNED && transition->to == PHASE_SOAK) {
        state->wave -= jobs_open(state, state->wave) > 0;
    } else if (transition->to == PHASE_STOPPING) {
        state->stopped = is_budget_spent(state, NULL);
    } else if (transition->from == PHASE_BACK && transition->to == PHASE_BACK) {
        if (jobs_find_wave_back(state, state->wave, state->last_back, &wave))
            jobs_begin_way_back(state, wave);
    } else if (transition->to == PHASE_BACK) {
        state->stopped = state->stopped || jobs_spend_the_budget(state);
        if (find_oldest(state, &state->last_back) &&
            jobs_find_wave_back(state, state->wave + 1, state->last_back, &wave))
            jobs_begin_way_back(state, wave);
        jobs_skip_the_rest(state);
    } else if (transition->action == ACTION_END) {
        jobs_skip_the_rest(state);
    }
    state->phase = transition->to;
}

static size_t first_open_wave(const struct rollout_state *state)
{
    size_t wave = 0;

    while (wave + 1 < state->wave_count && jobs_open(state, wave) == 0)
        wave++;
    return wave;
}

static size_t newest_begun_wave(const struct rollout_state *state)
{
    size_t wave = 0;

    for (size_t i = 0; i < state->count; i++) {
        const struct rollout_job *job = &state->jobs[i];

        if (job->ended && job->state != JOB_SKIPPED && job->wave > wave)
            wave = job->wave;
    }
    return wave;
}

enum rollout_action rollout_adopt_end(struct rollout_state *state)
{
    const struct rollout_event begin = {.kind = ROLLOUT_BEGIN};

    state->wave =
        rollout_may_only_go_back(state) ? newest_begun_wave(state) : first_open_wave(state);
    for (size_t i = 0; rollout_may_only_go_back(state) && i < state->count; i++)
        if (state->jobs[i].unheard && !state->jobs[i].ended && state->jobs[i].wave <= state->wave)
            rollout_adopt(state, i, JOB_APPLIED);
    return find_transition(state, &begin)->action;
}

enum rollout_action rollout_step(struct rollout_state *state, const struct rollout_event *event)
{
    jobs_take(state, event);
    const struct transition *transition = find_transition(state, event);
    if (transition == NULL)
        return ACTION_NONE;
    enter(state, transition);
    return transition->action;
}

bool rollout_has_ended(const struct rollout_state *state)
{
    return state->phase >= PHASE_DONE;
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
