#include "orchestrator/rollout.h"

#include <stdlib.h>
#include <string.h>

#include "common/fault.h"
#include "common/memory.h"
#include "orchestrator/agent_calls.h"
#include "plans/slice.h"

enum { OUTCOMES_AT_ONCE = 256, FLUSH_AFTER_MS = 500 };

/* A rollout while it runs. */
struct running {
    const struct rollout_settings *settings;
    struct rollout_state *state;
    struct rollout_record record;
    struct arena *arena;
    struct agent_shares shares;
    json_t **slices;   /* of the calls under way */
    const char **told; /* agents whose streams came to their end */
    size_t told_count;
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

static void take_event(struct running *running, size_t job, const struct run_event *event)
{
    const struct rollout_settings *settings = running->settings;

    if (running->state->jobs[job].ended)
        return;
    FAULT_POINT(outcome_taken);
    note_event(running, running->state->jobs[job].target, event);
    if (rollout_take_event(running->state, job, event, now_ms(running)))
        dispatcher_stop(settings->dispatcher);
    settings->observer(settings->context, running->state, job, event);
}

/* Jobs of an agent whose stream is over and that have no end of their own. A stream that broke may
   have lost the news of a beginning. */
static void close_share(struct running *running, const struct agent_share *share,
                        const struct error *err)
{
    for (size_t i = 0; i < share->count; i++) {
        size_t index = share->members[i];
        const struct rollout_job *job = &running->state->jobs[index];
        struct run_event event = {.kind = RUN_JOB, .target = job->target->name, .error = err};

        if (job->ended)
            continue;
        event.job = job->begun || err->code == ERROR_UNKNOWN ? JOB_UNKNOWN : JOB_REFUSED;
        take_event(running, index, &event);
    }
}

static void on_reply(void *context, size_t call, const struct reply *reply)
{
    struct running *running = context;
    const struct agent_share *share = &running->shares.items[call];
    struct error silent = {0};
    size_t place;

    if (reply->kind == REPLY_EVENT && reply->event.kind != RUN_ACCEPTED) {
        if (agent_share_find(share, reply->event.target, &place))
            take_event(running, place, &reply->event);
    } else if (reply->kind == REPLY_ERROR) {
        close_share(running, share, &reply->error);
    } else if (reply->kind == REPLY_END) {
        error_set(&silent, ERROR_PROTOCOL, "agent %s ended without saying what became of it",
                  share->agent);
        close_share(running, share, &silent);
        if (share->address != NULL)
            running->told[running->told_count++] = share->agent;
    } else {
        running->settings->observer(running->settings->context, running->state, 0, NULL);
    }
    if (now_ms(running) - running->flushed_ms > FLUSH_AFTER_MS)
        flush(running);
}

static const struct target **inventory_targets(struct running *running)
{
    const struct rollout_settings *settings = running->settings;
    const struct target **targets =
        arena_calloc(running->arena, settings->plan->target_count, sizeof *targets);

    for (size_t i = 0; i < settings->plan->target_count; i++)
        targets[i] = running->state->jobs[i].inventory_target;
    return targets;
}

static int *parallel_shares(struct running *running)
{
    size_t count = running->shares.count;
    size_t *jobs = arena_calloc(running->arena, count, sizeof *jobs);
    int *shares = arena_calloc(running->arena, count, sizeof *shares);

    for (size_t i = 0; i < count; i++)
        jobs[i] = running->shares.items[i].count;
    rollout_share_parallel(running->settings->policy->max_parallel, jobs, count, shares);
    return shares;
}

static struct call *make_calls(struct running *running)
{
    const struct rollout_settings *settings = running->settings;
    struct arena *arena = running->arena;
    size_t count = running->shares.count;
    struct call *calls = arena_calloc(arena, count, sizeof *calls);
    const int *parallel = parallel_shares(running);

    running->slices = arena_calloc(arena, count, sizeof(json_t *));
    running->told = arena_calloc(arena, count, sizeof *running->told);
    for (size_t i = 0; i < count; i++) {
        const struct agent_share *share = &running->shares.items[i];

        running->slices[i] = slice_encode(settings->plan, share->members, share->count);
        calls[i] = (struct call){
            .kind = CALL_RUN,
            .agent = share->agent,
            .address = share->address,
            .run = {.store = store_id(settings->store),
                    .rollout = running->record.id,
                    .operator_name = settings->operator_name,
                    .epoch = running->record.epoch,
                    .max_parallel = parallel[i],
                    .slice = running->slices[i]},
        };
    }
    return calls;
}

static void free_slices(struct running *running)
{
    for (size_t i = 0; i < running->shares.count; i++)
        json_decref(running->slices[i]);
}

static bool start_state(const struct rollout_settings *settings, struct rollout_state *state,
                        struct error *err)
{
    const struct plan *plan = settings->plan;

    state->count = plan->target_count;
    state->jobs = xcalloc(plan->target_count, sizeof *state->jobs);
    state->failed_before = settings->failed_before;
    state->failures_allowed = amount_of(&settings->policy->max_failures, (int64_t)settings->total);
    for (size_t i = 0; i < plan->target_count; i++) {
        state->jobs[i].target = &plan->targets[i];
        state->jobs[i].inventory_target =
            inventory_target(settings->inventory, plan->targets[i].name);
        if (state->jobs[i].inventory_target == NULL)
            return error_set(err, ERROR_STALE, "target %s of the plan is not in the inventory",
                             plan->targets[i].name);
    }
    return true;
}

static const char *result_of(const struct rollout_state *state)
{
    if (state->stopped || state->skipped > 0)
        return "stopped";
    return state->applied == state->count ? "applied" : "failed";
}

static bool dispatch(struct running *running, struct error *err)
{
    const struct rollout_settings *settings = running->settings;
    struct call *calls = make_calls(running);
    bool ok =
        !FAULT_ERROR(dispatch, err) &&
        dispatcher_run(settings->dispatcher, calls, running->shares.count, on_reply, running, err);

    FAULT_POINT(dispatch_ended);

    free_slices(running);
    flush(running);
    if (ok && running->store_error.code != ERROR_NONE) {
        *err = running->store_error;
        ok = false;
    }
    const struct rollout_end end = {result_of(running->state), running->told, running->told_count};
    return ok && store_end_rollout(settings->store, &running->record, settings->plan, &end, err);
}

bool rollout_run(const struct rollout_settings *settings, struct rollout_state *state,
                 struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct running *running = arena_calloc(arena, 1, sizeof *running);

    *state = (struct rollout_state){0};
    running->settings = settings;
    running->state = state;
    running->arena = arena;
    running->record.operator_name = settings->operator_name;
    if (!start_state(settings, state, err) ||
        !store_begin_rollout(settings->store, settings->plan, settings->epoch_seen,
                             &running->record, err))
        return false;
    FAULT_POINT(rollout_begun);
    running->pending_arena = arena_new();
    running->flushed_ms = now_ms(running);
    running->shares = agent_shares_of(arena, settings->inventory, inventory_targets(running),
                                      settings->plan->target_count);
    bool ok = dispatch(running, err);
    FAULT_POINT(rollout_ended);
    agent_shares_free(&running->shares);
    arena_free(running->pending_arena);
    return ok;
}
