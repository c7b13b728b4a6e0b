#include "orchestrator/rollout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/fault.h"
#include "common/memory.h"
#include "inventory/waves.h"
#include "orchestrator/agent_calls.h"
#include "plans/slice.h"

enum { OUTCOMES_AT_ONCE = 256, FLUSH_AFTER_MS = 500 };

/* What an agent's streams of one rollout have told. */
enum hearing { HEARD_NOTHING, HEARD_ALL, HEARD_IN_PART };

/* One wave, there or back, while its calls are under way. */
struct sending {
    struct arena *arena;
    size_t *members; /* jobs, in the order that the shares number them */
    size_t count;
    struct agent_shares shares;
    json_t **slices;
};

/* A rollout while it runs. */
struct running {
    const struct rollout_settings *settings;
    struct rollout_state *state;
    struct rollout_record record; /* of what runs: the plan, or its way back */
    struct sending *sending;
    char undone[ID_SIZE];       /* id of the rollout that the record takes back */
    enum rollout_action action; /* asked for last */
    size_t waves_sent;
    enum hearing *heard;         /* from each agent of the inventory */
    struct arena *pending_arena; /* texts of the outcomes below */
    struct outcome pending[OUTCOMES_AT_ONCE];
    size_t pending_count;
    int64_t flushed_ms;
    struct error store_error; /* the first failure to record; nothing more begins then */
};

static int64_t now_ms(const struct running *running)
{
    return running->settings->clock->monotonic_ms(running->settings->clock);
}

static void flush(struct running *running)
{
    if (running->store_error.code != ERROR_NONE)
        return;
    FAULT_POINT(outcomes_flush);
    bool ok = store_record(running->settings->store, &running->record, running->settings->plan,
                           running->pending, running->pending_count, &running->store_error);
    running->pending_count = 0;
    running->flushed_ms = now_ms(running);
    arena_free(running->pending_arena);
    running->pending_arena = arena_new();
    if (!ok)
        dispatcher_stop(running->settings->dispatcher);
}

static void note(struct running *running, struct outcome outcome, const struct error *err)
{
    struct arena *arena = running->pending_arena;

    if (running->pending_count == OUTCOMES_AT_ONCE) {
        flush(running);
        arena = running->pending_arena;
    }
    outcome.subject = arena_strdup(arena, outcome.subject);
    outcome.code = err != NULL ? err->code : ERROR_NONE;
    outcome.message = err != NULL ? arena_strdup(arena, err->message) : "";
    running->pending[running->pending_count++] = outcome;
}

static void note_event(struct running *running, const struct plan_target *target,
                       const struct run_event *event)
{
    if (event->kind == RUN_STEP && (event->step == STEP_DONE || event->step == STEP_FAILED)) {
        AUTO(text)
        char *subject =
            xasprintf("%s %s_%s", direction_name(event->direction), event->version, event->name);
        note(running,
             (struct outcome){.target = target->name,
                              .is_step = true,
                              .subject = subject,
                              .result = step_state_name(event->step)},
             event->error);
    } else if (event->kind == RUN_JOB && event->job != JOB_STARTED) {
        note(running,
             (struct outcome){
                 .target = target->name, .subject = "", .result = job_state_name(event->job)},
             event->error);
    }
}

static void step(struct running *running, const struct rollout_event *event)
{
    enum rollout_action action = rollout_step(running->state, event);

    if (action != ACTION_NONE)
        running->action = action;
    if (action == ACTION_STOP)
        dispatcher_stop(running->settings->dispatcher);
}

static void take_event(struct running *running, size_t job, const struct run_event *event)
{
    const struct rollout_settings *settings = running->settings;

    if (!rollout_awaits(running->state, job))
        return;
    FAULT_POINT(outcome_taken);
    note_event(running, running->state->jobs[job].target, event);
    step(running, &(struct rollout_event){
                      .kind = ROLLOUT_JOB, .job = job, .run = event, .now_ms = now_ms(running)});
    settings->observer(settings->context, running->state, job, event);
}

/* Before anything that the stop itself may bring about. */
static void look_for_stop(struct running *running)
{
    const struct rollout_control *control = &running->settings->control;

    if (!running->state->stop_asked && control->stop_asked(control->context))
        step(running, &(struct rollout_event){.kind = ROLLOUT_STOP});
}

/* Jobs of an agent whose stream is over and that have no end of their own. A stream that broke may
   have lost the news of a beginning. */
static void close_share(struct running *running, const struct agent_share *share,
                        const struct error *err)
{
    for (size_t i = 0; i < share->count; i++) {
        size_t index = running->sending->members[share->members[i]];
        const struct rollout_job *job = &running->state->jobs[index];
        bool begun = job->going_back ? job->back_begun : job->begun;
        struct run_event event = {.kind = RUN_JOB, .target = job->target->name, .error = err};

        if (!rollout_awaits(running->state, index))
            continue;
        event.job = begun || err->code == ERROR_UNKNOWN ? JOB_UNKNOWN : JOB_REFUSED;
        take_event(running, index, &event);
    }
}

/* An outcome that one of its streams may have lost is the agent's to keep. */
static void hear(struct running *running, const struct agent_share *share, enum hearing hearing)
{
    const struct rollout_job *job =
        &running->state->jobs[running->sending->members[share->members[0]]];
    const struct inventory_agent *agent = job->inventory_target->agent;

    if (agent == NULL)
        return;
    enum hearing *heard = &running->heard[agent - running->settings->inventory->agents];
    if (*heard != HEARD_IN_PART)
        *heard = hearing;
}

static void on_reply(void *context, size_t call, const struct reply *reply)
{
    struct running *running = context;
    const struct sending *sending = running->sending;
    const struct agent_share *share = &sending->shares.items[call];
    struct error silent = {0};
    size_t place;

    look_for_stop(running);
    if (reply->kind == REPLY_EVENT && reply->event.kind != RUN_ACCEPTED) {
        if (agent_share_find(share, reply->event.target, &place))
            take_event(running, sending->members[place], &reply->event);
    } else if (reply->kind == REPLY_ERROR) {
        hear(running, share, HEARD_IN_PART);
        close_share(running, share, &reply->error);
    } else if (reply->kind == REPLY_END) {
        error_set(&silent, ERROR_PROTOCOL, "agent %s ended without saying what became of it",
                  share->agent);
        close_share(running, share, &silent);
        hear(running, share, HEARD_ALL);
    } else {
        running->settings->observer(running->settings->context, running->state, 0, NULL);
    }
    if (now_ms(running) - running->flushed_ms > FLUSH_AFTER_MS)
        flush(running);
}

static const struct target **inventory_targets(const struct running *running)
{
    const struct sending *sending = running->sending;
    const struct target **targets = arena_calloc(sending->arena, sending->count, sizeof *targets);

    for (size_t i = 0; i < sending->count; i++)
        targets[i] = running->state->jobs[sending->members[i]].inventory_target;
    return targets;
}

static int *parallel_shares(const struct running *running)
{
    const struct sending *sending = running->sending;
    size_t count = sending->shares.count;
    size_t *jobs = arena_calloc(sending->arena, count, sizeof *jobs);
    int *shares = arena_calloc(sending->arena, count, sizeof *shares);

    for (size_t i = 0; i < count; i++)
        jobs[i] = sending->shares.items[i].count;
    rollout_share_parallel(running->settings->policy->max_parallel, jobs, count, shares);
    return shares;
}

static json_t *slice_of(const struct running *running, const struct agent_share *share)
{
    const struct sending *sending = running->sending;
    size_t *targets = arena_calloc(sending->arena, share->count, sizeof *targets);

    for (size_t i = 0; i < share->count; i++)
        targets[i] = sending->members[share->members[i]];
    return slice_encode(running->settings->plan, targets, share->count);
}

static struct call *make_calls(const struct running *running)
{
    const struct rollout_settings *settings = running->settings;
    struct sending *sending = running->sending;
    size_t count = sending->shares.count;
    struct call *calls = arena_calloc(sending->arena, count, sizeof *calls);
    const int *parallel = parallel_shares(running);

    sending->slices = arena_calloc(sending->arena, count, sizeof(json_t *));
    for (size_t i = 0; i < count; i++) {
        const struct agent_share *share = &sending->shares.items[i];

        sending->slices[i] = slice_of(running, share);
        calls[i] = (struct call){
            .kind = CALL_RUN,
            .agent = share->agent,
            .address = share->address,
            .run = {.store = store_id(settings->store),
                    .rollout = running->record.id,
                    .operator_name = settings->operator_name,
                    .epoch = running->record.epoch,
                    .max_parallel = parallel[i],
                    .back = running->state->phase == PHASE_BACK,
                    .keep = settings->on_failure == FAILURE_HALT,
                    .slice = sending->slices[i]},
        };
    }
    return calls;
}

/* Sends the wave that the state means, and returns when each of its jobs has an end. */
static bool send_wave(struct running *running, struct error *err)
{
    const struct rollout_settings *settings = running->settings;
    AUTO(arena) struct arena *arena = arena_new();
    struct sending sending = {.arena = arena};

    running->sending = &sending;
    running->action = ACTION_NONE;
    sending.members = arena_calloc(arena, running->state->count, sizeof *sending.members);
    sending.count = rollout_members(running->state, sending.members);
    sending.shares =
        agent_shares_of(arena, settings->inventory, inventory_targets(running), sending.count);
    const struct call *calls = make_calls(running);
    bool ok =
        !FAULT_ERROR(dispatch, err) &&
        dispatcher_run(settings->dispatcher, calls, sending.shares.count, on_reply, running, err);
    FAULT_POINT(dispatch_ended);
    for (size_t i = 0; i < sending.shares.count; i++)
        json_decref(sending.slices[i]);
    agent_shares_free(&sending.shares);
    running->sending = NULL;
    flush(running);
    if (ok && running->store_error.code != ERROR_NONE) {
        *err = running->store_error;
        ok = false;
    }
    if (ok)
        step(running, &(struct rollout_event){.kind = ROLLOUT_DRAINED});
    return ok;
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

    for (size_t i = 0; i < state->count; i++) {
        const struct rollout_job *job = &state->jobs[i];

        if (job->wave >= running->waves_sent)
            note(running,
                 (struct outcome){.target = job->target->name,
                                  .subject = "",
                                  .result = job_state_name(job->state)},
                 &job->error);
    }
}

static bool end_record(struct running *running, struct error *err)
{
    const struct rollout_settings *settings = running->settings;
    AUTO(arena) struct arena *arena = arena_new();
    const char **told = arena_calloc(arena, settings->inventory->agent_count + 1, sizeof *told);
    struct rollout_end end = {result_of(running), told, 0};

    if (running->record.takes_back == NULL)
        note_skipped(running);
    flush(running);
    if (running->store_error.code != ERROR_NONE) {
        *err = running->store_error;
        return false;
    }
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
    const struct rollout_control *control = &running->settings->control;

    control->pause(control->context, running->settings->policy->soak_ms);
    look_for_stop(running);
    step(running, &(struct rollout_event){.kind = ROLLOUT_SOAKED});
}

static bool carry_out(struct running *running, struct error *err)
{
    const struct rollout_settings *settings = running->settings;

    settings->announce(settings->context, running->state);
    switch (running->action) {
    case ACTION_DISPATCH:
        running->waves_sent = running->state->wave + 1;
        return record_wave(running, err) && send_wave(running, err);
    case ACTION_TAKE_BACK:
        return begin_way_back(running, err) && record_wave(running, err) && send_wave(running, err);
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
        .failures_allowed = amount_of(&settings->policy->max_failures, (int64_t)settings->total),
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

    step(running, &(struct rollout_event){.kind = ROLLOUT_BEGIN});
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
    running->flushed_ms = now_ms(running);
    bool ok = run_to_the_end(running, err);
    arena_free(running->pending_arena);
    return ok;
}
