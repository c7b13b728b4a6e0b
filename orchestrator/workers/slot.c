#include "orchestrator/workers/slot.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "orchestrator/workers/takeover.h"

struct slot {
    const struct slot_owner *owner;
    struct tls_identity *identity; /* not shared: what OpenSSL keeps in it is not for two threads */
    struct dispatcher *dispatcher;
    pthread_t thread;
    bool in_thread;
    pthread_mutex_t lock; /* for the fields below */
    pthread_cond_t changed;
    struct arena *arena; /* of the task */
    struct task task;
    bool busy;
    bool stopped; /* the agent was asked to begin nothing more */
    bool ending;
};

/* What the task's conductor is told. */
static void leave(struct slot *slot, const struct reply *reply)
{
    AUTO(json) json_t *message = reply_encode(reply);
    AUTO(text) char *text = json_dumps(message, JSON_COMPACT);
    bool last = reply->kind == REPLY_END || reply->kind == REPLY_ERROR;

    slot->owner->leave(slot->owner->context, &slot->task, text, last);
}

static void fail(struct slot *slot, const struct error *err)
{
    leave(slot, &(struct reply){.kind = REPLY_ERROR, .error = *err});
}

static void on_reply(void *context, size_t call, const struct reply *reply)
{
    (void)call;
    if (reply->kind != REPLY_HEARTBEAT)
        leave(context, reply);
}

/* A share of the share: the jobs of which nobody knows an end. */
static json_t *slice_left(const struct slot *slot, const struct slice *slice, const size_t *left,
                          size_t count, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    size_t *targets = arena_calloc(arena, count, sizeof *targets);
    AUTO(plan)
    struct plan *plan = slot->owner->read_plan(slot->owner->context, &slice->plan.digest, err);

    if (plan == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        const struct plan_target *target =
            plan_find_target(plan, slice->plan.targets[left[i]].name);

        if (target == NULL) {
            error_set(err, ERROR_VERIFY, "the plan has no target %s",
                      slice->plan.targets[left[i]].name);
            return NULL;
        }
        targets[i] = (size_t)(target - plan->targets);
    }
    return slice_encode(plan, targets, count);
}

/* What an earlier worker asked for may be done, in part, or under way. *rest is what is to be asked
   for now; NULL: nothing. */
static bool settle(struct slot *slot, const struct call *call, json_t **rest, struct error *err)
{
    AUTO(slice) struct slice *slice = slice_decode(call->run.slice, err);
    size_t count = 0;

    *rest = NULL;
    if (slice == NULL)
        return false;
    size_t *left = arena_calloc(slot->arena, slice->plan.target_count, sizeof *left);
    if (!takeover_settle(slot->dispatcher, call, slice, on_reply, slot, left, &count, err)) {
        err->code = ERROR_UNKNOWN;
        return error_wrap(err, "the worker that asked for it died");
    }
    if (count == 0)
        return true;
    *rest = slice_left(slot, slice, left, count, err);
    return *rest != NULL;
}

static bool make_call(struct slot *slot, const json_t *request, struct call *call,
                      struct error *err)
{
    const struct inventory *inventory = slot->owner->settings->inventory;

    *call = (struct call){.kind = CALL_RUN, .agent = slot->task.agent};
    for (size_t i = 0; i < inventory->agent_count; i++)
        if (strcmp(inventory->agents[i].name, call->agent) == 0)
            call->address = inventory->agents[i].address;
    if (call->address == NULL)
        return error_set(err, ERROR_CONFIG, "the worker's inventory has no agent %s", call->agent);
    return run_request_decode(request, slot->arena, &call->run, err);
}

static bool run_task(struct slot *slot, struct error *err)
{
    AUTO(json)
    json_t *request = json_parse(slot->task.request, strlen(slot->task.request), err);
    AUTO(json) json_t *rest = NULL;
    struct call call;

    if (request == NULL || !make_call(slot, request, &call, err))
        return false;
    if (slot->task.claim > 1) {
        if (!settle(slot, &call, &rest, err))
            return false;
        if (rest == NULL) {
            leave(slot, &(struct reply){.kind = REPLY_END});
            return true;
        }
        call.run.slice = rest;
    }
    return dispatcher_run(slot->dispatcher, &call, 1, on_reply, slot, err);
}

static void *work(void *context)
{
    struct slot *slot = context;

    pthread_mutex_lock(&slot->lock);
    while (!slot->ending || slot->busy) {
        if (!slot->busy) {
            pthread_cond_wait(&slot->changed, &slot->lock);
            continue;
        }
        pthread_mutex_unlock(&slot->lock);
        struct error err = {0};
        if (!run_task(slot, &err))
            fail(slot, &err);
        pthread_mutex_lock(&slot->lock);
        slot->busy = false;
        slot->owner->idle(slot->owner->context);
    }
    pthread_mutex_unlock(&slot->lock);
    return NULL;
}

struct slot *slot_new(const struct slot_owner *owner, struct error *err)
{
    AUTO(slot) struct slot *slot = xcalloc(1, sizeof *slot);

    slot->owner = owner;
    slot->arena = arena_new();
    pthread_mutex_init(&slot->lock, NULL);
    pthread_cond_init(&slot->changed, NULL);
    slot->identity = tls_identity_load(&owner->settings->files, err);
    if (slot->identity == NULL)
        return NULL;
    slot->dispatcher = dispatcher_new(&(struct dispatcher_settings){
        .identity = slot->identity, .max_streams = 1, .clock = owner->settings->clock});
    int code = pthread_create(&slot->thread, NULL, work, slot);
    slot->in_thread = code == 0;
    if (slot->in_thread)
        return TAKE(slot);
    error_set_errno(err, code, "cannot start a thread");
    return NULL;
}

void slot_free(struct slot *slot)
{
    if (slot == NULL)
        return;
    pthread_mutex_lock(&slot->lock);
    slot->ending = true;
    pthread_cond_signal(&slot->changed);
    pthread_mutex_unlock(&slot->lock);
    if (slot->in_thread)
        pthread_join(slot->thread, NULL);
    dispatcher_free(slot->dispatcher);
    tls_identity_free(slot->identity);
    pthread_cond_destroy(&slot->changed);
    pthread_mutex_destroy(&slot->lock);
    arena_free(slot->arena);
    free(slot);
}

bool slot_is_idle(struct slot *slot)
{
    pthread_mutex_lock(&slot->lock);
    bool idle = !slot->busy;
    pthread_mutex_unlock(&slot->lock);
    return idle;
}

void slot_begin(struct slot *slot, const struct task *task)
{
    pthread_mutex_lock(&slot->lock);
    arena_free(slot->arena);
    slot->arena = arena_new();
    slot->task = (struct task){
        .rollout = arena_strdup(slot->arena, task->rollout),
        .number = task->number,
        .claim = task->claim,
        .agent = arena_strdup(slot->arena, task->agent),
        .request = arena_strdup(slot->arena, task->request),
    };
    slot->busy = true;
    slot->stopped = false;
    pthread_cond_signal(&slot->changed);
    pthread_mutex_unlock(&slot->lock);
}

void slot_stop(struct slot *slot, const char *rollout, int64_t number)
{
    pthread_mutex_lock(&slot->lock);
    bool is_it = slot->busy && !slot->stopped && slot->task.number == number &&
                 strcmp(slot->task.rollout, rollout) == 0;
    slot->stopped |= is_it;
    pthread_mutex_unlock(&slot->lock);
    if (is_it)
        dispatcher_interrupt(slot->dispatcher);
}
