/* One wave, there or back: calls to its agents, and what they tell. */
#include "common/fault.h"
#include "orchestrator/agent_calls.h"
#include "orchestrator/rollout_parts.h"
#include "plans/slice.h"

enum { ASK_EVERY_MS = 200 };

struct sending {
    struct arena *arena;
    size_t *members; /* jobs, in the order that the shares number them */
    size_t count;
    struct agent_shares shares;
    json_t **slices;
};

static void take_event(struct running *running, size_t job, const struct run_event *event)
{
    const struct rollout_settings *settings = running->settings;

    if (!rollout_awaits(running->state, job))
        return;
    FAULT_POINT(outcome_taken);
    outcomes_note(running, running->state->jobs[job].target, event);
    rollout_advance(running, &(struct rollout_event){.kind = ROLLOUT_JOB,
                                                     .job = job,
                                                     .run = event,
                                                     .now_ms = rollout_now_ms(running)});
    settings->observer(settings->context, running->state, job, event);
}

/* A store that does not answer says so when the outcomes go there. */
static bool is_asked_from_elsewhere(struct running *running)
{
    struct error ignored = {0};
    int64_t now_ms = rollout_now_ms(running);

    if (running->request != REQUEST_NONE || now_ms - running->asked_ms < ASK_EVERY_MS)
        return running->request != REQUEST_NONE;
    running->asked_ms = now_ms;
    return store_read_request(running->settings->store, running->record.id, &running->request,
                              &ignored) &&
           running->request != REQUEST_NONE;
}

/* Before anything that the stop itself may bring about. */
void rollout_look_for_stop(struct running *running)
{
    const struct rollout_control *control = &running->settings->control;

    if (!running->state->stop_asked &&
        (control->stop_asked(control->context) || is_asked_from_elsewhere(running)))
        rollout_advance(running, &(struct rollout_event){.kind = ROLLOUT_STOP});
}

/* Jobs of an agent whose stream is over and that have no end of their own. A stream that broke may
   have lost the news of a beginning. */
static void close_share(struct running *running, const struct agent_share *share,
                        const struct error *err)
{
    bool stopping = running->state->stop_asked || running->state->stopped;
    bool withdrawn = stopping && err->code == ERROR_CANCELLED;

    for (size_t i = 0; i < share->count; i++) {
        size_t index = running->sending->members[share->members[i]];
        const struct rollout_job *job = &running->state->jobs[index];
        bool begun = job->going_back ? job->back_begun : job->begun;
        struct run_event event = {.kind = RUN_JOB, .target = job->target->name, .error = err};

        if (!rollout_awaits(running->state, index))
            continue;
        event.job = begun || err->code == ERROR_UNKNOWN ? JOB_UNKNOWN
                    : withdrawn                         ? JOB_SKIPPED
                                                        : JOB_REFUSED;
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

    rollout_look_for_stop(running);
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
    outcomes_record_if_due(running);
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
    rollout_share_parallel(running->settings->terms->max_parallel, jobs, count, shares);
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
                    .keep = settings->terms->on_failure == FAILURE_HALT,
                    .slice = sending->slices[i]},
        };
    }
    return calls;
}

bool rollout_send_wave(struct running *running, struct error *err)
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
    struct error unrecorded = {0};
    if (!outcomes_record(running, ok ? err : &unrecorded))
        ok = false;
    if (ok)
        rollout_advance(running, &(struct rollout_event){.kind = ROLLOUT_DRAINED});
    return ok;
}
