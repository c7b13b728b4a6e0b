#include "orchestrator/workers/worker.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "common/buffer.h"
#include "common/list.h"
#include "common/memory.h"
#include "orchestrator/store/lease.h"
#include "orchestrator/workers/slot.h"

enum { CLAIM_EVERY_MS = 50, LOOK_EVERY_MS = 200, AGAIN_MS = 1000, WORKER_NAME_SIZE = 33 };

/* Replies that go to the store together. */
struct batch {
    struct arena *arena; /* of their texts */
    struct task_reply *items;
    size_t count;
};

struct worker {
    const struct worker_settings *settings;
    struct slot_owner owner;
    char name[WORKER_NAME_SIZE];
    struct leases *leases;
    struct slot **slots;
    size_t slot_count;
    struct batch sending;       /* what the store does not have yet */
    int64_t looked_ms;          /* for tasks that were stopped */
    bool store_failed;          /* the last time; it was told */
    pthread_mutex_t store_lock; /* held while the store is used */
    pthread_mutex_t lock;       /* for the fields below */
    pthread_cond_t changed;
    struct batch filling;
    int64_t seq;
    bool has_news; /* a reply was left, or a slot became idle */
};

static void batch_begin(struct batch *batch)
{
    *batch = (struct batch){.arena = arena_new()};
}

static void leave(void *context, const struct task *task, const char *message, bool last)
{
    struct worker *worker = context;
    struct batch *batch = &worker->filling;

    pthread_mutex_lock(&worker->lock);
    batch->items = list_room(batch->arena, batch->items, batch->count, sizeof *batch->items);
    batch->items[batch->count++] = (struct task_reply){
        .rollout = arena_strdup(batch->arena, task->rollout),
        .number = task->number,
        .claim = task->claim,
        .seq = ++worker->seq,
        .message = arena_strdup(batch->arena, message),
        .last = last,
    };
    worker->has_news = true;
    pthread_cond_signal(&worker->changed);
    pthread_mutex_unlock(&worker->lock);
}

static void note_idle(void *context)
{
    struct worker *worker = context;

    pthread_mutex_lock(&worker->lock);
    worker->has_news = true;
    pthread_cond_signal(&worker->changed);
    pthread_mutex_unlock(&worker->lock);
}

static struct plan *read_plan(void *context, const struct digest *digest, struct error *err)
{
    struct worker *worker = context;
    AUTO_BUFFER struct buffer document = {0};
    bool found = false;

    pthread_mutex_lock(&worker->store_lock);
    bool ok = store_read_plan(worker->settings->store, digest, &document, &found, err);
    pthread_mutex_unlock(&worker->store_lock);
    if (ok && !found)
        error_set(err, ERROR_STALE, "the store does not have the plan");
    return ok && found ? plan_read(document.bytes, document.length, err) : NULL;
}

/* What the store has not confirmed stays to be sent again. */
static bool send_batch(struct worker *worker, struct error *err)
{
    if (worker->sending.count == 0) {
        arena_free(worker->sending.arena);
        pthread_mutex_lock(&worker->lock);
        worker->sending = worker->filling;
        batch_begin(&worker->filling);
        pthread_mutex_unlock(&worker->lock);
    }
    if (worker->sending.count == 0)
        return true;
    if (!store_leave_replies(worker->settings->store, worker->sending.items, worker->sending.count,
                             err))
        return false;
    worker->sending.count = 0;
    return true;
}

static size_t count_idle(const struct worker *worker)
{
    size_t count = 0;

    for (size_t i = 0; i < worker->slot_count; i++)
        count += slot_is_idle(worker->slots[i]);
    return count;
}

static bool claim(struct worker *worker, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    size_t idle = count_idle(worker);
    struct task *tasks;
    size_t count, begun = 0;

    if (idle == 0 || worker->settings->stop_asked(worker->settings->context))
        return true;
    if (!store_claim_tasks(worker->settings->store, worker->name, idle, arena, &tasks, &count, err))
        return false;
    for (size_t i = 0; begun < count && i < worker->slot_count; i++)
        if (slot_is_idle(worker->slots[i]))
            slot_begin(worker->slots[i], &tasks[begun++]);
    return true;
}

static void stop_task(void *context, const char *rollout, int64_t number)
{
    struct worker *worker = context;

    for (size_t i = 0; i < worker->slot_count; i++)
        slot_stop(worker->slots[i], rollout, number);
}

static bool look_for_stops(struct worker *worker, struct error *err)
{
    int64_t now_ms = worker->settings->clock->monotonic_ms(worker->settings->clock);

    if (now_ms - worker->looked_ms < LOOK_EVERY_MS)
        return true;
    worker->looked_ms = now_ms;
    return store_find_stopped(worker->settings->store, worker->name, stop_task, worker, err);
}

/* A store that is away is waited for: what agents said meanwhile is told when it is back. */
static void tick(struct worker *worker)
{
    struct error err = {0};

    pthread_mutex_lock(&worker->store_lock);
    bool ok = send_batch(worker, &err) && claim(worker, &err) && look_for_stops(worker, &err);
    pthread_mutex_unlock(&worker->store_lock);
    if (!ok && !worker->store_failed)
        fprintf(worker->settings->messages, "fleet worker: %s; tries again\n", err.message);
    worker->store_failed = !ok;
}

static void wait_for_news(struct worker *worker)
{
    int64_t wait_ms = worker->store_failed ? AGAIN_MS : CLAIM_EVERY_MS;
    struct timespec end;

    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_nsec += wait_ms % 1000 * 1000000L;
    end.tv_sec += wait_ms / 1000 + end.tv_nsec / 1000000000L;
    end.tv_nsec %= 1000000000L;
    pthread_mutex_lock(&worker->lock);
    while ((!worker->has_news || worker->store_failed) &&
           pthread_cond_timedwait(&worker->changed, &worker->lock, &end) == 0) {
    }
    worker->has_news = false;
    pthread_mutex_unlock(&worker->lock);
}

static bool has_work(struct worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    bool untold = worker->filling.count > 0;
    pthread_mutex_unlock(&worker->lock);
    return untold || worker->sending.count > 0 || count_idle(worker) < worker->slot_count;
}

static bool open_slots(struct worker *worker, struct error *err)
{
    worker->slots = xcalloc(worker->settings->parallel, sizeof(struct slot *));
    for (; worker->slot_count < worker->settings->parallel; worker->slot_count++) {
        worker->slots[worker->slot_count] = slot_new(&worker->owner, err);
        if (worker->slots[worker->slot_count] == NULL)
            return false;
    }
    return true;
}

static struct worker *worker_new(const struct worker_settings *settings)
{
    struct worker *worker = xcalloc(1, sizeof *worker);
    pthread_condattr_t attributes;

    worker->settings = settings;
    worker->owner = (struct slot_owner){settings, leave, note_idle, read_plan, worker};
    random_hex(settings->random, (WORKER_NAME_SIZE - 1) / 2, worker->name);
    batch_begin(&worker->filling);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&worker->store_lock, NULL);
    pthread_mutex_init(&worker->lock, NULL);
    pthread_cond_init(&worker->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    return worker;
}

static void worker_free(struct worker *worker)
{
    if (worker == NULL)
        return;
    for (size_t i = 0; i < worker->slot_count; i++)
        slot_free(worker->slots[i]);
    free(worker->slots);
    leases_free(worker->leases);
    arena_free(worker->sending.arena);
    arena_free(worker->filling.arena);
    pthread_cond_destroy(&worker->changed);
    pthread_mutex_destroy(&worker->lock);
    pthread_mutex_destroy(&worker->store_lock);
    free(worker);
}

AUTO_DEFINE(worker)

bool worker_run(const struct worker_settings *settings, struct error *err)
{
    AUTO(worker) struct worker *worker = worker_new(settings);
    AUTO(text) char *lease = xasprintf("worker %s", worker->name);

    worker->leases = leases_open(&settings->place, err);
    if (worker->leases == NULL || !lease_hold(worker->leases, lease, err) ||
        !open_slots(worker, err))
        return false;
    while (!settings->stop_asked(settings->context) || has_work(worker)) {
        tick(worker);
        wait_for_news(worker);
    }
    return true;
}
