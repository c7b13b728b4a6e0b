/* The store's part about outcomes that agents keep; store.h documents it. */
#include <stdio.h>
#include <string.h>

#include "common/buffer.h"
#include "common/fault.h"
#include "orchestrator/store/store_private.h"

enum { HAD_MAX = 10000 };

bool store_put_had_all(struct store *store, const char *rollout, const struct rollout_end *end,
                       struct error *err)
{
    bool ok = true;

    /* The survey before this rollout has told the agent of the earlier ones. One that it missed is
       told again, and recorded once all the same. */
    for (size_t i = 0; ok && i < end->agent_count; i++)
        ok = database_run(store->database, err, "DELETE FROM had WHERE agent = ?", "t",
                          end->agents[i]) &&
             database_run(store->database, err, "INSERT INTO had VALUES (?, ?, ?)", "tti",
                          end->agents[i], rollout, OUTCOMES_ALL);
    return ok;
}

struct reading_had {
    struct arena *arena;
    struct acknowledgement *items;
    size_t count;
};

static bool take_had(void *context, const struct database_row *row)
{
    struct reading_had *reading = context;

    reading->items[reading->count++] = (struct acknowledgement){
        arena_strdup(reading->arena, row_text(row, 0)), row_integer(row, 1)};
    return reading->count < HAD_MAX;
}

static bool count_had(void *context, const struct database_row *row)
{
    *(int64_t *)context = row_integer(row, 0);
    return true;
}

bool store_read_had(struct store *store, const char *agent, struct arena *arena,
                    struct outcomes_request *request, struct error *err)
{
    struct reading_had reading = {.arena = arena};
    int64_t count = 0;

    if (!database_query(store->database, err, count_had, &count,
                        "SELECT count(*) FROM had WHERE agent = ?", "t", agent))
        return false;
    count = count < HAD_MAX ? count : HAD_MAX;
    reading.items = arena_calloc(arena, (size_t)count + 1, sizeof *reading.items);
    if (count > 0 && !database_query(store->database, err, take_had, &reading,
                                     "SELECT rollout, through FROM had WHERE agent = ? LIMIT ?",
                                     "ti", agent, count))
        return false;
    *request = (struct outcomes_request){
        .store = store->id, .had = reading.items, .had_count = reading.count};
    return true;
}

/* Who sent a job, and where it stands; found stays false if this store did not. */
struct sent_job {
    bool found;
    char who[256];
    char plan[DIGEST_HEX_SIZE];
    char state[32];
};

static bool take_job(void *context, const struct database_row *row)
{
    struct sent_job *job = context;

    job->found = true;
    snprintf(job->who, sizeof job->who, "%s", row_text(row, 0));
    snprintf(job->plan, sizeof job->plan, "%s", row_text(row, 1));
    snprintf(job->state, sizeof job->state, "%s", row_text(row, 2));
    return false;
}

/* A job that has an end keeps it; "unknown" is none. What was applied may go back by itself,
   without a confirmation. */
static bool may_end(const struct sent_job *job, const struct outcome *outcome)
{
    if (strcmp(job->state, job_state_name(JOB_APPLIED)) == 0)
        return strcmp(outcome->result, job_state_name(JOB_ROLLED_BACK)) == 0;
    return strcmp(job->state, "dispatched") == 0 ||
           strcmp(job->state, job_state_name(JOB_UNKNOWN)) == 0;
}

static bool collect_one(struct store *store, struct kept_outcome *kept, struct error *err)
{
    struct sent_job job = {0};
    struct rollout_record rollout = {0};

    if (!database_query(store->database, err, take_job, &job,
                        "SELECT r.operator, r.plan, j.state FROM job j JOIN rollout r"
                        " ON r.id = j.rollout WHERE j.rollout = ? AND j.target = ?",
                        "tt", kept->rollout, kept->outcome.target))
        return false;
    if (!job.found)
        return true;
    snprintf(rollout.id, sizeof rollout.id, "%s", kept->rollout);
    rollout.operator_name = job.who;
    if ((kept->outcome.is_step || may_end(&job, &kept->outcome)) &&
        !store_record_outcome(store, &rollout, job.plan, &kept->outcome, &kept->is_news, err))
        return false;
    if (kept->agent == NULL)
        return true;
    return database_run(store->database, err,
                        "INSERT INTO had VALUES (?, ?, ?) ON CONFLICT (agent, rollout)"
                        " DO UPDATE SET through = excluded.through"
                        " WHERE had.through < excluded.through",
                        "tti", kept->agent, kept->rollout, kept->seq);
}

bool store_collect(struct store *store, struct kept_outcome *outcomes, size_t count,
                   struct error *err)
{
    bool ok = true;

    if (count == 0)
        return true;
    if (!database_begin(store->database, err))
        return false;
    for (size_t i = 0; ok && i < count; i++)
        ok = collect_one(store, &outcomes[i], err);
    return store_commit_or_undo(store, ok, err);
}
