/* The store's part about what operators ask of a rollout from elsewhere; store.h documents it. */
#include <stdio.h>
#include <string.h>

#include "common/list.h"
#include "orchestrator/store/ledger.h"
#include "orchestrator/store/store_private.h"

static const char *const request_names[] = {
    [REQUEST_NONE] = "", [REQUEST_PAUSE] = "pause", [REQUEST_ABORT] = "abort"};

static bool take_text(void *context, const struct database_row *row)
{
    snprintf(context, ID_SIZE, "%s", row_text(row, 0));
    return false;
}

static bool note(struct store *store, const char *rollout, const char *environment,
                 const char *operator_name, const char *result, struct error *err)
{
    const struct ledger_entry entry = {
        .who = operator_name,
        .what = "request",
        .rollout = rollout,
        .plan = "",
        .target = "",
        .subject = environment,
        .result = result,
        .detail = "",
    };

    return ledger_append(store->database, store->clock, &entry, err);
}

static bool ask(struct store *store, const char *environment, enum rollout_request request,
                const char *operator_name, struct error *err)
{
    char rollout[ID_SIZE] = "";

    if (!database_query(store->database, err, take_text, rollout,
                        "SELECT id FROM rollout WHERE environment = ? AND state = 'running'"
                        " ORDER BY epoch DESC LIMIT 1",
                        "t", environment))
        return false;
    if (rollout[0] == '\0')
        return error_set(err, ERROR_STALE, "no rollout of %s is running", environment);
    return database_run(store->database, err,
                        "UPDATE course SET asked = ?, asked_by = ? WHERE rollout = ?", "ttt",
                        request_names[request], operator_name, rollout) &&
           note(store, rollout, environment, operator_name, request_names[request], err);
}

bool store_ask(struct store *store, const char *environment, enum rollout_request request,
               const char *operator_name, struct error *err)
{
    return database_begin(store->database, err) &&
           store_commit_or_undo(store, ask(store, environment, request, operator_name, err), err);
}

bool store_read_request(struct store *store, const char *rollout, enum rollout_request *request,
                        struct error *err)
{
    char asked[ID_SIZE] = "";

    if (!database_query(store->database, err, take_text, asked,
                        "SELECT asked FROM course WHERE rollout = ?", "t", rollout))
        return false;
    *request = REQUEST_NONE;
    for (size_t i = 0; i < COUNT_OF(request_names); i++)
        if (strcmp(asked, request_names[i]) == 0)
            *request = (enum rollout_request)i;
    return true;
}

bool store_abort(struct store *store, const struct course *course, const char *environment,
                 const char *operator_name, struct error *err)
{
    const char *rollout = course->rollouts[course->count - 1].id;

    if (!database_begin(store->database, err))
        return false;
    bool ok = database_run(store->database, err,
                           "UPDATE rollout SET state = 'aborted' WHERE id = ?"
                           " AND state <> 'running'",
                           "t", rollout) &&
              note(store, rollout, environment, operator_name, "aborted", err);
    return store_commit_or_undo(store, ok, err);
}

struct listing {
    struct arena *arena;
    struct listed_rollout *items;
    size_t count;
};

static bool take_rollout(void *context, const struct database_row *row)
{
    struct listing *listing = context;
    struct arena *arena = listing->arena;
    const char *ended_at = row_text(row, 4);

    listing->items = list_room(arena, listing->items, listing->count, sizeof *listing->items);
    listing->items[listing->count++] = (struct listed_rollout){
        .rollout = {.id = arena_strdup(arena, row_text(row, 0)),
                    .state = arena_strdup(arena, row_text(row, 1)),
                    .operator_name = arena_strdup(arena, row_text(row, 2)),
                    .started_at = arena_strdup(arena, row_text(row, 3)),
                    .ended_at = ended_at[0] != '\0' ? arena_strdup(arena, ended_at) : NULL,
                    .epoch = row_integer(row, 5),
                    .back = row_integer(row, 6) != 0},
        .environment = arena_strdup(arena, row_text(row, 7)),
        .first = arena_strdup(arena, row_text(row, 8)),
        .jobs = (size_t)row_integer(row, 9),
        .done = (size_t)row_integer(row, 10),
        .unknown = (size_t)row_integer(row, 11),
    };
    return true;
}

bool store_list_rollouts(struct store *store, size_t limit, struct arena *arena,
                         const struct listed_rollout **rollouts, size_t *count, struct error *err)
{
    struct listing listing = {.arena = arena};
    bool ok = database_query(
        store->database, err, take_rollout, &listing,
        "SELECT r.id, r.state, r.operator, r.started_at, coalesce(r.ended_at, ''), r.epoch,"
        " coalesce(c.back, 0), r.environment, coalesce(c.first, r.id), count(j.target),"
        " count(CASE WHEN j.state = CASE coalesce(c.back, 0) WHEN 1 THEN 'rolled_back'"
        " ELSE 'applied' END THEN 1 END), count(CASE WHEN j.state = 'unknown' THEN 1 END)"
        " FROM (SELECT * FROM rollout ORDER BY epoch DESC LIMIT ?) r"
        " LEFT JOIN course c ON c.rollout = r.id LEFT JOIN job j ON j.rollout = r.id"
        " GROUP BY r.id, r.state, r.operator, r.started_at, r.ended_at, r.epoch, c.back,"
        " r.environment, c.first ORDER BY r.epoch DESC",
        "i", (int64_t)limit);

    *rollouts = listing.items;
    *count = listing.count;
    return ok;
}
