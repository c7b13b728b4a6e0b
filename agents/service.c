#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "agents/service_parts.h"
#include "common/memory.h"

static int compare_targets(const void *a, const void *b)
{
    const struct agent_target *const *left = a;
    const struct agent_target *const *right = b;

    return strcmp((*left)->name, (*right)->name);
}

static bool index_targets(struct service *service, struct error *err)
{
    const struct service_settings *settings = &service->settings;
    size_t count = settings->target_count;

    service->by_name = xcalloc(count > 0 ? count : 1, sizeof *service->by_name);
    for (size_t i = 0; i < count; i++)
        service->by_name[i] = &settings->targets[i];
    qsort(service->by_name, count, sizeof *service->by_name, compare_targets);
    for (size_t i = 1; i < count; i++)
        if (strcmp(service->by_name[i - 1]->name, service->by_name[i]->name) == 0)
            return error_set(err, ERROR_CONFIG, "target %s is there twice",
                             service->by_name[i]->name);
    return true;
}

struct service *service_new(const struct service_settings *settings, struct error *err)
{
    assert(settings->workers >= 1 && settings->workers <= 512 && settings->kept_sessions >= 0);
    AUTO(service) struct service *service = xcalloc(1, sizeof *service);

    engines_prepare();
    service->settings = *settings;
    pthread_rwlock_init(&service->trust_lock, NULL);
    service->pool = worker_pool_new((size_t)settings->workers);
    service->cache =
        session_cache_new((size_t)settings->kept_sessions, settings->keep_ms, settings->clock);
    service->runs = runs_new(settings->target_count);
    if (!index_targets(service, err))
        return NULL;
    service_trust(service, settings->keys, settings->key_count);
    return service_begin_ways_back(service, err) ? TAKE(service) : NULL;
}

void service_free(struct service *service)
{
    if (service == NULL)
        return;
    service_end_ways_back(service);
    worker_pool_free(service->pool);
    session_cache_free(service->cache);
    runs_free(service->runs);
    pthread_rwlock_destroy(&service->trust_lock);
    arena_free(service->trust);
    free(service->by_name);
    free(service);
}

void service_trust(struct service *service, const struct trusted_key *keys, size_t count)
{
    struct arena *arena = arena_new();
    struct trusted_key *copy = arena_calloc(arena, count > 0 ? count : 1, sizeof *copy);

    for (size_t i = 0; i < count; i++)
        copy[i] = (struct trusted_key){keys[i].key, arena_strdup(arena, keys[i].person)};
    pthread_rwlock_wrlock(&service->trust_lock);
    arena_free(service->trust);
    service->trust = arena;
    service->keys = copy;
    service->key_count = count;
    pthread_rwlock_unlock(&service->trust_lock);
}

static int compare_name(const void *name, const void *target)
{
    const struct agent_target *const *candidate = target;

    return strcmp(name, (*candidate)->name);
}

const struct agent_target *service_target(const struct service *service, const char *name)
{
    const struct agent_target **found =
        bsearch(name, service->by_name, service->settings.target_count, sizeof *service->by_name,
                compare_name);

    return found != NULL ? *found : NULL;
}

bool service_refuse_foreign(const struct service *service, const char *name, struct error *err)
{
    error_set(err, ERROR_IDENTITY,
              "agent %s does not own target %s; compare the inventory with its agent.ini",
              service->settings.agent, name);
    error_at_target(err, name);
    return false;
}

void service_stop(struct service *service, const char *rollout)
{
    runs_stop(service->runs, rollout);
}

void service_abandon(struct service *service, const void *context)
{
    runs_abandon(service->runs, context);
}

void service_stop_all(struct service *service)
{
    runs_stop_all(service->runs);
}

void service_tidy(struct service *service)
{
    session_cache_tidy(service->cache);
}
