#include "agents/session_cache.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "common/memory.h"

struct idle {
    struct session *session;
    int64_t since_ms; /* monotonic */
    enum session_use use;
};

struct session_cache {
    pthread_mutex_t mutex;
    const struct clock *clock;
    int64_t keep_ms;
    size_t limit;
    size_t count;
    struct idle *items; /* the longest idle first; room for limit */
};

struct session_cache *session_cache_new(size_t limit, int64_t keep_ms, const struct clock *clock)
{
    struct session_cache *cache = xcalloc(1, sizeof *cache);

    pthread_mutex_init(&cache->mutex, NULL);
    cache->clock = clock;
    cache->keep_ms = keep_ms;
    cache->limit = limit;
    cache->items = xcalloc(limit > 0 ? limit : 1, sizeof *cache->items);
    return cache;
}

void session_cache_free(struct session_cache *cache)
{
    if (cache == NULL)
        return;
    for (size_t i = 0; i < cache->count; i++)
        session_free(cache->items[i].session);
    pthread_mutex_destroy(&cache->mutex);
    free(cache->items);
    free(cache);
}

/* Takes one item out; the mutex is held. */
static struct idle remove_at(struct session_cache *cache, size_t index)
{
    struct idle item = cache->items[index];

    cache->count--;
    for (size_t i = index; i < cache->count; i++)
        cache->items[i] = cache->items[i + 1];
    return item;
}

/* The session on this target that was used last; none has a NULL session. */
static struct idle take_idle(struct session_cache *cache, const struct agent_target *target)
{
    struct idle item = {0};

    pthread_mutex_lock(&cache->mutex);
    for (size_t i = cache->count; i > 0; i--)
        if (cache->items[i - 1].session->target == target) {
            item = remove_at(cache, i - 1);
            break;
        }
    pthread_mutex_unlock(&cache->mutex);
    return item;
}

static bool past_its_time(const struct session_cache *cache, const struct idle *item)
{
    return cache->clock->monotonic_ms(cache->clock) - item->since_ms > cache->keep_ms;
}

/* Whether an idle session can serve again. */
static bool revive(const struct session_cache *cache, const struct idle *item)
{
    struct session *session = item->session;
    struct error ignored = {0};

    if (past_its_time(cache, item) || !session->engine->alive(session))
        return false;
    return item->use == SESSION_READ_ONLY || session->engine->reset(session, &ignored);
}

struct session *session_cache_take(struct session_cache *cache, const struct agent_target *target,
                                   bool *kept, struct error *err)
{
    struct idle item;

    *kept = true;
    while ((item = take_idle(cache, target)).session != NULL) {
        if (revive(cache, &item))
            return item.session;
        session_free(item.session);
    }
    *kept = false;
    return session_open(target, cache->clock, err);
}

/* A full cache keeps what it has: requests go over the targets in the same order again, and the one
   that came first would be gone just when it is wanted. */
void session_cache_put(struct session_cache *cache, struct session *session, enum session_use use)
{
    struct session *surplus = session;

    if (session == NULL)
        return;
    session->deadline_ms = 0;
    pthread_mutex_lock(&cache->mutex);
    if (!session->broken && cache->count < cache->limit) {
        surplus = NULL;
        cache->items[cache->count++] =
            (struct idle){session, cache->clock->monotonic_ms(cache->clock), use};
    }
    pthread_mutex_unlock(&cache->mutex);
    session_free(surplus);
}

/* The longest idle session if it is past its time; NULL otherwise. */
static struct session *take_expired(struct session_cache *cache)
{
    struct session *session = NULL;

    pthread_mutex_lock(&cache->mutex);
    if (cache->count > 0 && past_its_time(cache, &cache->items[0]))
        session = remove_at(cache, 0).session;
    pthread_mutex_unlock(&cache->mutex);
    return session;
}

void session_cache_tidy(struct session_cache *cache)
{
    struct session *session;

    while ((session = take_expired(cache)) != NULL)
        session_free(session);
}

size_t session_cache_size(struct session_cache *cache)
{
    pthread_mutex_lock(&cache->mutex);
    size_t count = cache->count;

    pthread_mutex_unlock(&cache->mutex);
    return count;
}
