#include "orchestrator/rollout.h"

#include <stdio.h>
#include <string.h>

#include "common/fault.h"
#include "common/memory.h"
#include "orchestrator/health.h"
#include "orchestrator/rollout_parts.h"
#include "plans/plan_policy.h"

enum { CHECK_EVERY_MS = 10 * 1000, WAIT_PART_MS = 500 };

int64_t rollout_now_ms(const struct running *running)
{
    return running->settings->clock->monotonic_ms(running->settings->clock);
}

void rollout_advance(struct running *running, const struct rollout_event *event)
{
    enum rollout_action action = rollout_step(running->state, event);

    if (action != ACTION_NONE)
        running->action = action;
    if (action == ACTION_STOP)
        dispatcher_stop(running->settings->dispatcher);
}

static const char *result_of(const struct running *running)
{
    const struct rollout_state *state = running->state;

    if (running->record.back && state->phase == PHASE_TAKEN_BACK)
        return "rolled_back";
    if (running->record.back ? state->not_taken_back > 0 : state->stopped)
        return "stopped";
    if (running->request == REQUEST_ABORT && (state->skipped > 0 || state->in_doubt > 0))
        return "aborted";
    if (state->in_doubt > 0)
        return "halted";
    if (running->record.back || state->skipped > 0)
        return "paused";
    return state->applied == state->count ? "applied" : "failed";
}

/* Jobs of waves that were never sent. */
static void note_skipped(struct running *running)
{
    const struct rollout_state *state = running->state;

    for (size_t i = 0; i < state->count; i++)
        if (state->jobs[i].wave >= running->waves_sent && !state->jobs[i].adopted)
            outcomes_note_end(running, &state->jobs[i]);
}

static bool end_record(struct running *running, struct error *err)
{
    const struct rollout_settings *settings = running->settings;
    AUTO(arena) struct arena *arena = arena_new();
    const char **told = arena_calloc(arena, settings->inventory->agent_count + 1, sizeof *told);
    struct rollout_end end = {result_of(running), told, 0};

    if (!running->record.back)
        note_skipped(running);
    if (!outcomes_record(running, err))
        return false;
    for (size_t i = 0; i < settings->inventory->agent_count; i++)
        if (running->heard[i] == HEARD_ALL && running->state->unconfirmed == 0)
            told[end.agent_count++] = settings->inventory->agents[i].name;
    return store_end_rollout(settings->store, &running->record, settings->plan, &end, err);
}

/* The jobs of a record: those that are to run, or to be taken back. */
static size_t find_members(const struct rollout_state *state, bool back, size_t *members)
{
    size_t count = 0;

    for (size_t i = 0; i < state->count; i++) {
        const struct rollout_job *job = &state->jobs[i];
        bool stands = job->state == JOB_APPLIED && job->wave >= state->last_back;

        if (back ? stands : !job->adopted)
            members[count++] = i;
    }
    return count;
}

static bool begin_record(struct running *running, bool back, int64_t epoch_seen, struct error *err)
{
    const struct rollout_settings *settings = running->settings;
    AUTO(arena) struct arena *arena = arena_new();
    AUTO_BUFFER struct buffer terms = {0};
    size_t *members = arena_calloc(arena, running->state->count, sizeof *members);
    struct rollout_record *record = &running->record;

    rollout_terms_write(settings->terms, &terms);
    *record = (struct rollout_record){.operator_name = settings->operator_name,
                                      .back = back,
                                      .terms = buffer_text(&terms),
                                      .members = members,
                                      .member_count = find_members(running->state, back, members)};
    if (running->first[0] != '\0')
        record->first = running->first;
    memset(running->heard, 0, settings->inventory->agent_count * sizeof *running->heard);
    bool ok = store_begin_rollout(settings->store, settings->plan, epoch_seen, record, err);
    record->members = NULL;
    record->terms = NULL;
    if (record->first == NULL)
        memcpy(running->first, record->id, sizeof running->first);
    return ok;
}

/* What was done comes to its end in the store, and the way back begins as one of its own. */
static bool begin_way_back(struct running *running, struct error *err)
{
    return running->record.back ||
           (end_record(running, err) && begin_record(running, true, running->record.epoch, err));
}

/* A rollout in one wave says all of it by itself. */
static bool record_wave(struct running *running, struct error *err)
{
    const struct rollout_state *state = running->state;
    const struct wave_record wave = {state->wave + 1, state->wave_count, state->left};

    return state->wave_count < 2 || store_begin_wave(running->settings->store, &running->record,
                                                     running->settings->plan, &wave, err);
}

static bool check_health(struct running *running, struct error *err)
{
    const struct rollout_settings *settings = running->settings;
    const struct rollout_control *control = &settings->control;
    const struct health_patience patience = {control->stop_asked, control->pause, control->context};
    const struct health_moment moment = {.environment = settings->plan->header.environment,
                                         .wave = running->state->wave + 1,
                                         .waves = running->state->wave_count,
                                         .version = plan_newest_version(settings->plan)};

    return rollout_check_targets(running, err) &&
           health_check(&settings->terms->health, &moment, &patience, err);
}

/* Whether the operator who goes on with it wants the first wave at once. */
static bool is_hurried(const struct running *running)
{
    return running->settings->at_once && running->waves_sent == 0;
}

/* The next wave is not to overtake a request. */
static void look_for_request(struct running *running)
{
    running->asked_ms = 0;
    rollout_look_for_stop(running);
}

/* In parts, so that what is asked from elsewhere is heard soon. */
static void wait_for(struct running *running, int64_t ms)
{
    const struct rollout_control *control = &running->settings->control;
    int64_t left_ms = ms;

    do {
        int64_t part_ms = left_ms < WAIT_PART_MS ? left_ms : WAIT_PART_MS;

        control->pause(control->context, part_ms);
        left_ms -= part_ms;
        look_for_request(running);
    } while (left_ms > 0 && !running->state->stop_asked);
}

/* Health is checked at once, now and then, and at the end. */
static bool wait_in_health(struct running *running, struct error *err)
{
    int64_t soak_ms = is_hurried(running) ? 0 : running->settings->terms->soak_ms;
    int64_t end_ms = rollout_now_ms(running) + soak_ms;

    if (!running->state->is_checked) {
        wait_for(running, soak_ms);
        return true;
    }
    while (check_health(running, err)) {
        int64_t left_ms = end_ms - rollout_now_ms(running);

        if (left_ms <= 0 || running->state->stop_asked)
            return true;
        wait_for(running, left_ms < CHECK_EVERY_MS ? left_ms : CHECK_EVERY_MS);
    }
    return false;
}

/* What keeps the next wave from beginning, now that the soak is over. */
static bool may_go_on(const struct running *running, struct error *err)
{
    const struct rollout_settings *settings = running->settings;
    const struct rollout_state *state = running->state;

    if (state->wave + 1 == state->wave_count)
        return true;
    if (settings->terms->manual_gate && !is_hurried(running))
        return error_set(err, ERROR_CANCELLED,
                         "wave %zu of %zu is over and its gate is manual: fleet rollout continue",
                         state->wave + 1, state->wave_count);
    return plan_policy_may_begin(&settings->plan->header.policy, settings->clock, err);
}

static bool soak(struct running *running, struct error *err)
{
    struct error obstacle = {0};
    enum rollout_event_kind kind = ROLLOUT_SOAKED;

    if (!wait_in_health(running, &obstacle))
        kind = ROLLOUT_UNHEALTHY;
    else if (!may_go_on(running, &obstacle))
        kind = ROLLOUT_CLOSED;
    if (kind == ROLLOUT_SOAKED && !running->state->stop_asked &&
        !rollout_confirm_targets(running, &obstacle))
        kind = ROLLOUT_UNHEALTHY;
    look_for_request(running);
    if (kind == ROLLOUT_UNHEALTHY && running->state->phase == PHASE_SOAK &&
        !store_note_health(running->settings->store, &running->record, running->settings->plan,
                           running->state->wave + 1, obstacle.message, err))
        return false;
    rollout_advance(running, &(struct rollout_event){.kind = kind, .error = &obstacle});
    return true;
}

/* What the wave has applied, until it is confirmed. */
static void note_unconfirmed(struct running *running)
{
    struct rollout_state *state = running->state;

    state->unconfirmed = 0;
    if (running->settings->plan->header.policy.confirm_within_ms == 0)
        return;
    for (size_t i = 0; i < state->count; i++)
        state->unconfirmed +=
            state->jobs[i].wave == running->waves_sent - 1 && state->jobs[i].state == JOB_APPLIED;
}

static bool send_wave(struct running *running, struct error *err)
{
    running->waves_sent = running->state->wave + 1;
    bool ok = record_wave(running, err) && rollout_send_wave(running, err);
    note_unconfirmed(running);
    return ok;
}

static bool send_back(struct running *running, struct error *err)
{
    running->state->unconfirmed = 0;
    return begin_way_back(running, err) && record_wave(running, err) &&
           rollout_send_wave(running, err);
}

static bool carry_out(struct running *running, struct error *err)
{
    const struct rollout_settings *settings = running->settings;

    settings->announce(settings->context, running->state);
    switch (running->action) {
    case ACTION_DISPATCH:
        return send_wave(running, err);
    case ACTION_TAKE_BACK:
        return send_back(running, err);
    case ACTION_SOAK:
        return soak(running, err);
    case ACTION_NONE:
    case ACTION_STOP:
    case ACTION_END:
        break;
    }
    return error_set(err, ERROR_INTERNAL, "the rollout does not know what to do next");
}

bool rollout_prepare(const struct plan *plan, const struct inventory *inventory,
                     const struct rollout_terms *terms, struct rollout_state *state,
                     struct error *err)
{
    *state = (struct rollout_state){
        .jobs = xcalloc(plan->target_count, sizeof *state->jobs),
        .count = plan->target_count,
        .failed_before = terms->failed_before,
        .failures_allowed = terms->failures_allowed,
        .failures_in_a_row = terms->failures_in_a_row,
        .on_failure = terms->on_failure,
        .is_checked = terms->health.url != NULL || terms->health.command != NULL ||
                      plan_policy_has_health(&plan->header.policy) ||
                      plan->header.policy.confirm_within_ms > 0,
    };
    for (size_t i = 0; i < plan->target_count; i++) {
        struct rollout_job *job = &state->jobs[i];

        job->target = &plan->targets[i];
        job->inventory_target = inventory_target(inventory, plan->targets[i].name);
        job->wave = terms->waves[i];
        if (job->wave >= state->wave_count)
            state->wave_count = job->wave + 1;
        if (job->inventory_target == NULL)
            return error_set(err, ERROR_STALE, "target %s of the plan is not in the inventory",
                             plan->targets[i].name);
    }
    return true;
}

static bool run_to_the_end(struct running *running, struct error *err)
{
    bool ok = true;

    while (ok && !rollout_has_ended(running->state))
        ok = carry_out(running, err);
    ok = ok && end_record(running, err);
    FAULT_POINT(rollout_ended);
    return ok;
}

bool rollout_run(const struct rollout_settings *settings, struct rollout_state *state,
                 struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct running *running = arena_calloc(arena, 1, sizeof *running);

    running->settings = settings;
    running->state = state;
    running->heard =
        arena_calloc(arena, settings->inventory->agent_count + 1, sizeof *running->heard);
    if (settings->first != NULL)
        snprintf(running->first, sizeof running->first, "%s", settings->first);
    rollout_advance(running, &(struct rollout_event){.kind = ROLLOUT_BEGIN});
    if (!begin_record(running, state->phase == PHASE_BACK, settings->epoch_seen, err))
        return false;
    FAULT_POINT(rollout_begun);
    running->pending_arena = arena_new();
    running->flushed_ms = rollout_now_ms(running);
    bool ok = run_to_the_end(running, err);
    arena_free(running->pending_arena);
    return ok;
}
