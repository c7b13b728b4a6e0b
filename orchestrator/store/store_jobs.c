/* The store's memory of jobs; store.h documents it. */
#include "orchestrator/store/store_private.h"

enum { JOBS_MAX = 100 };

struct reading_jobs {
    struct arena *arena;
    struct past_job *items;
    size_t count;
};

static bool take_job(void *context, const struct database_row *row)
{
    struct reading_jobs *reading = context;
    struct past_job *job = &reading->items[reading->count];

    if (!digest_from_hex(row_text(row, 0), &job->plan))
        return true;
    job->rollout = arena_strdup(reading->arena, row_text(row, 1));
    job->operator_name = arena_strdup(reading->arena, row_text(row, 2));
    job->state = arena_strdup(reading->arena, row_text(row, 3));
    job->message = arena_strdup(reading->arena, row_text(row, 4));
    reading->count++;
    return reading->count < JOBS_MAX;
}

bool store_read_jobs(struct store *store, const char *target, struct arena *arena,
                     struct past_job **jobs, size_t *count, struct error *err)
{
    struct reading_jobs reading = {.arena = arena};

    reading.items = arena_calloc(arena, JOBS_MAX, sizeof *reading.items);
    if (!database_query(store->database, err, take_job, &reading,
                        "SELECT rollout.plan, rollout.id, rollout.operator, job.state, job.message"
                        " FROM job JOIN rollout ON rollout.id = job.rollout"
                        " WHERE job.target = ? ORDER BY rollout.epoch DESC",
                        "t", target))
        return false;
    *jobs = reading.items;
    *count = reading.count;
    return true;
}
