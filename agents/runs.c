#include "agents/runs.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

enum { PLANS_MAX = 1024, STOPPED_MAX = 1024 };

struct run {
    struct run *next;
    char *rollout;
    const void *listener;
    atomic_bool stopped;
};

struct known_plan {
    struct digest digest;
    int64_t until_ms;
};

struct runs {
    pthread_mutex_t mutex;
    bool stop_all;
    char *stopped[STOPPED_MAX]; /* rollouts; the newest take the places of the oldest */
    size_t stopped_count;       /* ever */
    struct run *first;
    const struct run **holders; /* by target; NULL for a free one */
    struct known_plan *plans;   /* the oldest first */
    size_t plan_count;
    size_t plan_room;
};

struct runs *runs_new(size_t target_count)
{
    struct runs *runs = xcalloc(1, sizeof *runs);

    pthread_mutex_init(&runs->mutex, NULL);
    runs->holders = xcalloc(target_count > 0 ? target_count : 1, sizeof(struct run *));
    return runs;
}

void runs_free(struct runs *runs)
{
    if (runs == NULL)
        return;
    assert(runs->first == NULL);
    pthread_mutex_destroy(&runs->mutex);
    for (size_t i = 0; i < STOPPED_MAX; i++)
        free(runs->stopped[i]);
    free(runs->holders);
    free(runs->plans);
    free(runs);
}

static bool was_stopped(const struct runs *runs, const char *rollout)
{
    for (size_t i = 0; i < STOPPED_MAX && runs->stopped[i] != NULL; i++)
        if (strcmp(runs->stopped[i], rollout) == 0)
            return true;
    return false;
}

struct run *runs_begin(struct runs *runs, const char *rollout, const void *listener)
{
    struct run *run = xcalloc(1, sizeof *run);

    run->rollout = xstrdup(rollout);
    run->listener = listener;
    pthread_mutex_lock(&runs->mutex);
    atomic_init(&run->stopped, runs->stop_all || was_stopped(runs, rollout));
    run->next = runs->first;
    runs->first = run;
    pthread_mutex_unlock(&runs->mutex);
    return run;
}

void runs_end(struct runs *runs, struct run *run)
{
    pthread_mutex_lock(&runs->mutex);
    for (struct run **place = &runs->first; *place != NULL; place = &(*place)->next)
        if (*place == run) {
            *place = run->next;
            break;
        }
    pthread_mutex_unlock(&runs->mutex);
    free(run->rollout);
    free(run);
}

void runs_stop(struct runs *runs, const char *rollout)
{
    pthread_mutex_lock(&runs->mutex);
    if (!was_stopped(runs, rollout)) {
        char **place = &runs->stopped[runs->stopped_count++ % STOPPED_MAX];

        free(*place);
        *place = xstrdup(rollout);
    }
    for (struct run *run = runs->first; run != NULL; run = run->next)
        if (strcmp(run->rollout, rollout) == 0)
            atomic_store(&run->stopped, true);
    pthread_mutex_unlock(&runs->mutex);
}

void runs_abandon(struct runs *runs, const void *listener)
{
    pthread_mutex_lock(&runs->mutex);
    for (struct run *run = runs->first; run != NULL; run = run->next)
        if (run->listener == listener)
            atomic_store(&run->stopped, true);
    pthread_mutex_unlock(&runs->mutex);
}

void runs_stop_all(struct runs *runs)
{
    pthread_mutex_lock(&runs->mutex);
    runs->stop_all = true;
    for (struct run *run = runs->first; run != NULL; run = run->next)
        atomic_store(&run->stopped, true);
    pthread_mutex_unlock(&runs->mutex);
}

bool run_is_stopped(const struct run *run)
{
    return atomic_load(&run->stopped);
}

bool runs_claim(struct runs *runs, const struct run *run, size_t target, struct error *err)
{
    pthread_mutex_lock(&runs->mutex);
    const struct run *holder = runs->holders[target];

    if (holder == NULL)
        runs->holders[target] = run;
    else
        error_set(err, ERROR_LOCKED,
                  "rollout %s is at work on this target; wait for its end, then try again",
                  holder->rollout);
    pthread_mutex_unlock(&runs->mutex);
    return holder == NULL;
}

const char *runs_holder(struct runs *runs, size_t target, struct arena *arena)
{
    pthread_mutex_lock(&runs->mutex);
    const struct run *holder = runs->holders[target];
    const char *rollout = holder != NULL ? arena_strdup(arena, holder->rollout) : "";
    pthread_mutex_unlock(&runs->mutex);
    return rollout;
}

void runs_release(struct runs *runs, size_t target)
{
    pthread_mutex_lock(&runs->mutex);
    runs->holders[target] = NULL;
    pthread_mutex_unlock(&runs->mutex);
}

bool runs_knows_plan(struct runs *runs, const struct digest *plan)
{
    bool known = false;

    pthread_mutex_lock(&runs->mutex);
    for (size_t i = 0; i < runs->plan_count && !known; i++)
        known = digest_equal(&runs->plans[i].digest, plan);
    pthread_mutex_unlock(&runs->mutex);
    return known;
}

/* Drops plans that are past their time, and the oldest if there is no room; the mutex is held. */
static void forget_plans(struct runs *runs, int64_t now_ms)
{
    size_t kept = 0;
    size_t from = runs->plan_count == PLANS_MAX ? 1 : 0;

    for (size_t i = from; i < runs->plan_count; i++)
        if (runs->plans[i].until_ms >= now_ms)
            runs->plans[kept++] = runs->plans[i];
    runs->plan_count = kept;
}

void runs_note_plan(struct runs *runs, const struct digest *plan, int64_t until_ms, int64_t now_ms)
{
    if (runs_knows_plan(runs, plan))
        return;
    pthread_mutex_lock(&runs->mutex);
    forget_plans(runs, now_ms);
    if (runs->plan_count == runs->plan_room) {
        runs->plan_room += 16;
        runs->plans = xreallocarray(runs->plans, runs->plan_room, sizeof *runs->plans);
    }
    runs->plans[runs->plan_count++] = (struct known_plan){*plan, until_ms};
    pthread_mutex_unlock(&runs->mutex);
}
