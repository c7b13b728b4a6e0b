#include "orchestrator/rollout.h"

#include <stdio.h>
#include <string.h>

#include "common/fault.h"
#include "common/memory.h"
#include "inventory/waves.h"
#include "inventory/window.h"
#include "orchestrator/rollout_parts.h"

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

    if (running->record.takes_back != NULL)
        return state->phase == PHASE_TAKEN_BACK ? "rolled_back" : "stopped";
    if (state->stopped || state->skipped > 0)
        return "stopped";
    return state->applied == state->count ? "applied" : "failed";
}

/* Jobs of waves that were never sent. */
static void note_skipped(struct running *running)
{
    const struct rollout_state *state = running->state;

    for (size_t i = 0; i < state->count; i++)
        if (state->jobs[i].wave >= running->waves_sent)
            outcomes_note_end(running, &state->jobs[i]);
}

static bool end_record(struct running *running, struct error *err)
{
    const struct rollout_settings *settings = running->settings;
    AUTO(arena) struct arena *arena = arena_new();
    const char **told = arena_calloc(arena, settings->inventory->agent_count + 1, sizeof *told);
    struct rollout_end end = {result_of(running), told, 0};

    if (running->record.takes_back == NULL)
        note_skipped(running);
    if (!outcomes_record(running, err))
        return false;
    for (size_t i = 0; i < settings->inventory->agent_count; i++)
        if (running->heard[i] == HEARD_ALL)
            told[end.agent_count++] = settings->inventory->agents[i].name;
    return store_end_rollout(settings->store, &running->record, settings->plan, &end, err);
}

static size_t find_taken_back(const struct rollout_state *state, size_t *members)
{
    size_t count = 0;

    for (size_t i = 0; i < state->count; i++)
        if (state->jobs[i].state == JOB_APPLIED && state->jobs[i].wave >= state->last_back)
            members[count++] = i;
    return count;
}

/* What was done comes to its end in the store, and the way back begins as one of its own. */
static bool begin_way_back(struct running *running, struct error *err)
{
    const struct rollout_settings *settings = running->settings;
    AUTO(arena) struct arena *arena = arena_new();
    size_t *members = arena_calloc(arena, running->state->count, sizeof *members);
    const struct rollout_record done = running->record;
    struct rollout_record *record = &running->record;

    if (done.takes_back != NULL)
        return true;
    if (!end_record(running, err))
        return false;
    *record = (struct rollout_record){.operator_name = settings->operator_name,
                                      .members = members,
                                      .member_count = find_taken_back(running->state, members)};
    memcpy(running->undone, done.id, sizeof running->undone);
    record->takes_back = running->undone;
    memset(running->heard, 0, settings->inventory->agent_count * sizeof *running->heard);
    bool ok = store_begin_rollout(settings->store, settings->plan, done.epoch, record, err);
    record->members = NULL;
    return ok;
}

/* A rollout in one wave says all of it by itself. */
static bool record_wave(struct running *running, struct error *err)
{
    const struct rollout_state *state = running->state;
    char subject[64], detail[64];

    if (state->wave_count < 2)
        return true;
    snprintf(subject, sizeof subject, "%zu of %zu", state->wave + 1, state->wave_count);
    snprintf(detail, sizeof detail, "%zu %s", state->left, state->left == 1 ? "target" : "targets");
    return store_begin_wave(running->settings->store, &running->record, running->settings->plan,
                            subject, detail, err);
}

static void soak(struct running *running)
{
    const struct rollout_settings *settings = running->settings;
    const struct rollout_control *control = &settings->control;

    control->pause(control->context, settings->policy->soak_ms);
    rollout_look_for_stop(running);
    struct error closed = {0};
    bool open = window_require_open(settings->plan->header.policy.window, settings->clock, &closed);
    rollout_advance(running, &(struct rollout_event){.kind = open ? ROLLOUT_SOAKED : ROLLOUT_CLOSED,
                                                     .error = &closed});
}

static bool carry_out(struct running *running, struct error *err)
{
    const struct rollout_settings *settings = running->settings;

    settings->announce(settings->context, running->state);
    switch (running->action) {
    case ACTION_DISPATCH:
        running->waves_sent = running->state->wave + 1;
        return record_wave(running, err) && rollout_send_wave(running, err);
    case ACTION_TAKE_BACK:
        return begin_way_back(running, err) && record_wave(running, err) &&
               rollout_send_wave(running, err);
    case ACTION_SOAK:
        soak(running);
        return true;
    case ACTION_NONE:
    case ACTION_STOP:
    case ACTION_END:
        break;
    }
    return error_set(err, ERROR_INTERNAL, "the rollout does not know what to do next");
}

bool rollout_prepare(const struct rollout_settings *settings, struct rollout_state *state,
                     struct error *err)
{
    const struct plan *plan = settings->plan;
    AUTO(arena) struct arena *arena = arena_new();
    const struct target **targets = arena_calloc(arena, plan->target_count, sizeof *targets);
    size_t *waves = arena_calloc(arena, plan->target_count, sizeof *waves);

    *state = (struct rollout_state){
        .jobs = xcalloc(plan->target_count, sizeof *state->jobs),
        .count = plan->target_count,
        .failed_before = settings->failed_before,
        .failures_allowed =
            amount_of(&settings->policy->max_failures.amount, (int64_t)settings->total),
        .failures_in_a_row = settings->policy->max_failures.is_consecutive,
        .on_failure = settings->on_failure,
    };
    for (size_t i = 0; i < plan->target_count; i++) {
        targets[i] = inventory_target(settings->inventory, plan->targets[i].name);
        state->jobs[i].target = &plan->targets[i];
        state->jobs[i].inventory_target = targets[i];
        if (targets[i] == NULL)
            return error_set(err, ERROR_STALE, "target %s of the plan is not in the inventory",
                             plan->targets[i].name);
    }
    state->wave_count = waves_assign(&settings->policy->waves, targets, plan->target_count, waves);
    for (size_t i = 0; i < plan->target_count; i++)
        state->jobs[i].wave = waves[i];
    return true;
}

static bool run_to_the_end(struct running *running, struct error *err)
{
    bool ok = true;

    rollout_advance(running, &(struct rollout_event){.kind = ROLLOUT_BEGIN});
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
    running->record.operator_name = settings->operator_name;
    if (!store_begin_rollout(settings->store, settings->plan, settings->epoch_seen,
                             &running->record, err))
        return false;
    FAULT_POINT(rollout_begun);
    running->pending_arena = arena_new();
    running->flushed_ms = rollout_now_ms(running);
    bool ok = run_to_the_end(running, err);
    arena_free(running->pending_arena);
    return ok;
}
