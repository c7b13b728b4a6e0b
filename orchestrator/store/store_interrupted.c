/* The store's part about rollouts whose command was ended; store.h documents it. */
#include <stdio.h>
#include <string.h>

#include "common/list.h"
#include "orchestrator/store/ledger.h"
#include "orchestrator/store/store_private.h"

struct reading_jobs {
    struct arena *arena;
    struct unsettled_job *items;
    size_t count;
    bool malformed;
};

static bool take_job(void *context, const struct database_row *row)
{
    struct reading_jobs *reading = context;
    struct unsettled_job job = {
        .rollout = arena_strdup(reading->arena, row_text(row, 0)),
        .target = arena_strdup(reading->arena, row_text(row, 1)),
        .epoch = row_integer(row, 3),
    };

    reading->malformed = !digest_from_hex(row_text(row, 2), &job.plan);
    reading->items =
        list_room(reading->arena, reading->items, reading->count, sizeof *reading->items);
    reading->items[reading->count++] = job;
    return !reading->malformed;
}

bool store_read_unsettled(struct store *store, struct arena *arena,
                          const struct unsettled_job **jobs, size_t *count, struct error *err)
{
    struct reading_jobs reading = {.arena = arena};

    if (!database_query(
            store->database, err, take_job, &reading,
            "SELECT j.rollout, j.target, r.plan, r.epoch FROM job j"
            " JOIN rollout r ON r.id = j.rollout"
            " WHERE j.state = 'unknown' AND r.state <> 'running' ORDER BY r.epoch, j.target",
            ""))
        return false;
    if (reading.malformed)
        return error_set(err, ERROR_VERIFY, "store: a plan's digest is not one");
    *jobs = reading.items;
    *count = reading.count;
    return true;
}

struct reading {
    struct arena *arena;
    struct interrupted_rollout *items;
    size_t count;
};

static bool take_rollout(void *context, const struct database_row *row)
{
    struct reading *reading = context;

    reading->items =
        list_room(reading->arena, reading->items, reading->count, sizeof *reading->items);
    reading->items[reading->count++] = (struct interrupted_rollout){
        .id = arena_strdup(reading->arena, row_text(row, 0)),
        .environment = arena_strdup(reading->arena, row_text(row, 1)),
        .plan = arena_strdup(reading->arena, row_text(row, 2)),
        .operator_name = arena_strdup(reading->arena, row_text(row, 3)),
        .started_at = arena_strdup(reading->arena, row_text(row, 4)),
        .epoch = row_integer(row, 5),
    };
    return true;
}

static bool read_running(struct store *store, struct reading *reading, struct error *err)
{
    return database_query(store->database, err, take_rollout, reading,
                          "SELECT id, environment, plan, operator, started_at, epoch FROM rollout"
                          " WHERE state = 'running' ORDER BY epoch",
                          "");
}

/* What a job came to may still be told: by its agent's journal, or the target's history. */
static bool close_jobs(struct store *store, const char *rollout, const char *at, struct error *err)
{
    return database_run(store->database, err,
                        "UPDATE job SET state = ?, message = ?, ended_at = ?"
                        " WHERE rollout = ? AND state = 'dispatched'",
                        "tttt", job_state_name(JOB_UNKNOWN),
                        "the command was ended before it heard what came of it", at, rollout);
}

static bool close_rollout(struct store *store, const struct interrupted_rollout *rollout,
                          struct error *err)
{
    const struct ledger_entry entry = {
        .who = rollout->operator_name,
        .what = "rollout-end",
        .rollout = rollout->id,
        .plan = rollout->plan,
        .target = "",
        .subject = rollout->environment,
        .result = "interrupted",
        .detail = "the command was ended; the targets' histories say what it did",
    };
    char at[TIMESTAMP_SIZE];

    timestamp_format(store->clock->wall_ms(store->clock), at);
    return close_jobs(store, rollout->id, at, err) &&
           database_run(store->database, err,
                        "UPDATE rollout SET state = 'interrupted', ended_at = ? WHERE id = ?", "tt",
                        at, rollout->id) &&
           ledger_append(store->database, store->clock, &entry, err);
}

/* Within a transaction, so that nobody else closes them, and nobody begins one unseen. */
static bool close_all(struct store *store, struct reading *reading, struct error *err)
{
    size_t closed = 0;

    if (!read_running(store, reading, err))
        return false;
    for (size_t i = 0; i < reading->count; i++) {
        char holder[LEASE_HOLDER_SIZE];
        bool held;

        if (!liveness_is_held(store->liveness, reading->items[i].epoch, &held, holder, err) ||
            (!held && !close_rollout(store, &reading->items[i], err)))
            return false;
        if (!held)
            reading->items[closed++] = reading->items[i];
    }
    reading->count = closed;
    return true;
}

bool store_close_interrupted(struct store *store, struct arena *arena,
                             const struct interrupted_rollout **rollouts, size_t *count,
                             struct error *err)
{
    struct reading running = {.arena = arena};
    struct reading closed = {.arena = arena};

    *count = 0;
    if (!read_running(store, &running, err))
        return false;
    if (running.count == 0)
        return true;
    if (!store_open_liveness(store, err) || !database_begin(store->database, err))
        return false;
    if (!store_commit_or_undo(store, close_all(store, &closed, err), err))
        return false;
    *rollouts = closed.items;
    *count = closed.count;
    return true;
}
