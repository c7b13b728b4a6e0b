#include "agents/worker_pool.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "common/memory.h"

/* SQLite's parser and code generator recurse: legal SQL (1,000 terms, 900 nested views) overran
   512 kB and fitted in 1 MB. Pages that are never touched cost address space only. */
enum { STACK_SIZE = 2 * 1024 * 1024 };

enum { LINGER_S = 5 };

struct entry {
    struct entry *next;
    worker_task task;
    void *context;
};

struct worker_pool {
    pthread_mutex_t mutex;
    pthread_cond_t work;   /* an entry came, or the pool closes */
    pthread_cond_t change; /* a thread ended, or a batch may be complete */
    struct entry *first;
    struct entry **last;
    size_t limit;
    size_t threads; /* that live */
    size_t waiting; /* of them, without work */
    size_t queued;
    pthread_t *ended; /* to be joined; room for limit */
    size_t ended_count;
    bool closing;
};

struct worker_pool *worker_pool_new(size_t threads)
{
    assert(threads > 0);
    struct worker_pool *pool = xcalloc(1, sizeof *pool);
    pthread_condattr_t attributes;

    pthread_mutex_init(&pool->mutex, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&pool->work, &attributes);
    pthread_cond_init(&pool->change, NULL);
    pthread_condattr_destroy(&attributes);
    pool->last = &pool->first;
    pool->limit = threads;
    pool->ended = xcalloc(threads, sizeof *pool->ended);
    return pool;
}

static void join_ended(struct worker_pool *pool)
{
    while (pool->ended_count > 0)
        pthread_join(pool->ended[--pool->ended_count], NULL);
}

void worker_pool_free(struct worker_pool *pool)
{
    if (pool == NULL)
        return;
    pthread_mutex_lock(&pool->mutex);
    pool->closing = true;
    pthread_cond_broadcast(&pool->work);
    while (pool->threads > 0)
        pthread_cond_wait(&pool->change, &pool->mutex);
    join_ended(pool);
    pthread_mutex_unlock(&pool->mutex);
    assert(pool->first == NULL);
    pthread_cond_destroy(&pool->change);
    pthread_cond_destroy(&pool->work);
    pthread_mutex_destroy(&pool->mutex);
    free(pool->ended);
    free(pool);
}

static struct entry *pop(struct worker_pool *pool)
{
    struct entry *entry = pool->first;

    if (entry == NULL)
        return NULL;
    pool->first = entry->next;
    if (pool->first == NULL)
        pool->last = &pool->first;
    pool->queued--;
    return entry;
}

static void push(struct worker_pool *pool, struct entry *entry)
{
    entry->next = NULL;
    *pool->last = entry;
    pool->last = &entry->next;
    pool->queued++;
}

/* Waits for an entry; NULL when the thread has lingered long enough or the pool closes. */
static struct entry *wait_for_entry(struct worker_pool *pool)
{
    struct timespec until;
    int outcome = 0;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += LINGER_S;
    pool->waiting++;
    while (pool->first == NULL && !pool->closing && outcome == 0)
        outcome = pthread_cond_timedwait(&pool->work, &pool->mutex, &until);
    pool->waiting--;
    return pop(pool);
}

static void *thread_main(void *context)
{
    struct worker_pool *pool = context;
    struct entry *entry;

    pthread_mutex_lock(&pool->mutex);
    while ((entry = wait_for_entry(pool)) != NULL) {
        pthread_mutex_unlock(&pool->mutex);
        entry->task(entry->context);
        free(entry);
        pthread_mutex_lock(&pool->mutex);
    }
    pool->threads--;
    pool->ended[pool->ended_count++] = pthread_self();
    pthread_cond_broadcast(&pool->change);
    pthread_mutex_unlock(&pool->mutex);
    return NULL;
}

/* Sees to it that a thread will come for the newest entry; false if there is none and none can be
   started. */
static bool ensure_thread(struct worker_pool *pool)
{
    pthread_attr_t attributes;
    pthread_t thread;

    if (pool->waiting >= pool->queued || pool->threads == pool->limit)
        return true;
    join_ended(pool);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_SIZE);
    if (pthread_create(&thread, &attributes, thread_main, pool) == 0)
        pool->threads++;
    pthread_attr_destroy(&attributes);
    return pool->threads > 0;
}

void worker_pool_submit(struct worker_pool *pool, worker_task task, void *context)
{
    struct entry *entry = xcalloc(1, sizeof *entry);
    bool inline_run = false;

    *entry = (struct entry){.task = task, .context = context};
    pthread_mutex_lock(&pool->mutex);
    push(pool, entry);
    if (!ensure_thread(pool)) {
        entry = pop(pool);
        inline_run = true;
    }
    pthread_cond_signal(&pool->work);
    pthread_mutex_unlock(&pool->mutex);
    if (inline_run) {
        entry->task(entry->context);
        free(entry);
    }
}

/* The items of one for_each; lives on its caller's stack, guarded by the pool's mutex. */
struct batch {
    struct worker_pool *pool;
    worker_item work;
    void *context;
    size_t next;
    size_t count;
    size_t helpers; /* tasks that are queued or run for it */
};

static bool batch_next(struct batch *batch, size_t *index)
{
    pthread_mutex_lock(&batch->pool->mutex);
    bool more = batch->next < batch->count;

    if (more)
        *index = batch->next++;
    pthread_mutex_unlock(&batch->pool->mutex);
    return more;
}

/* Whether tasks of others wait for a thread while this batch still has items for another turn. */
static bool batch_gives_way(struct batch *batch)
{
    struct worker_pool *pool = batch->pool;

    pthread_mutex_lock(&pool->mutex);
    bool wait = pool->queued > pool->waiting && batch->next < batch->count;

    pthread_mutex_unlock(&pool->mutex);
    return wait;
}

static void batch_help(void *context)
{
    struct batch *batch = context;
    struct worker_pool *pool = batch->pool;
    size_t index;

    while (batch_next(batch, &index)) {
        batch->work(batch->context, index);
        if (batch_gives_way(batch)) {
            worker_pool_submit(pool, batch_help, batch);
            return;
        }
    }
    pthread_mutex_lock(&pool->mutex);
    batch->helpers--;
    pthread_cond_broadcast(&pool->change);
    pthread_mutex_unlock(&pool->mutex);
}

/* Takes the batch's tasks that no thread has begun out of the queue: nothing is left for them. */
static void batch_withdraw(struct batch *batch)
{
    struct worker_pool *pool = batch->pool;
    struct entry **place = &pool->first;

    while (*place != NULL) {
        struct entry *entry = *place;

        if (entry->task != batch_help || entry->context != batch) {
            place = &entry->next;
            continue;
        }
        *place = entry->next;
        pool->queued--;
        batch->helpers--;
        free(entry);
    }
    pool->last = place;
}

void worker_pool_for_each(struct worker_pool *pool, size_t count, size_t parallel, worker_item work,
                          void *context)
{
    assert(parallel > 0);
    struct batch batch = {pool, work, context, 0, count, 0};
    size_t index;

    if (count > 1)
        batch.helpers = (parallel < count ? parallel : count) - 1;
    if (batch.helpers > pool->limit)
        batch.helpers = pool->limit;
    for (size_t i = batch.helpers; i > 0; i--)
        worker_pool_submit(pool, batch_help, &batch);
    while (batch_next(&batch, &index))
        work(context, index);
    pthread_mutex_lock(&pool->mutex);
    batch_withdraw(&batch);
    while (batch.helpers > 0) {
        pthread_cond_wait(&pool->change, &pool->mutex);
        batch_withdraw(&batch);
    }
    pthread_mutex_unlock(&pool->mutex);
}
