/* The store's part about what others are told; store.h documents it. */
#include "orchestrator/store/store_private.h"

bool store_begin_notices(struct store *store, const char *environment, struct error *err)
{
    return database_run(
        store->database, err,
        "INSERT INTO notified SELECT ?, coalesce(max(seq), 0) FROM ledger WHERE true"
        " ON CONFLICT DO NOTHING",
        "t", environment);
}

struct reading {
    struct arena *arena;
    struct notice *notice;
    bool found;
};

static bool take_notice(void *context, const struct database_row *row)
{
    struct reading *reading = context;
    struct arena *arena = reading->arena;

    reading->found = true;
    *reading->notice = (struct notice){
        .seq = row_integer(row, 0),
        .at = arena_strdup(arena, row_text(row, 1)),
        .operator_name = arena_strdup(arena, row_text(row, 2)),
        .what = arena_strdup(arena, row_text(row, 3)),
        .rollout = arena_strdup(arena, row_text(row, 4)),
        .environment = arena_strdup(arena, row_text(row, 5)),
        .result = arena_strdup(arena, row_text(row, 6)),
        .detail = arena_strdup(arena, row_text(row, 7)),
    };
    return false;
}

/* By the environment's rollouts, of which each has few such entries among its many. */
bool store_next_notice(struct store *store, const char *environment, struct arena *arena,
                       struct notice *notice, bool *found, struct error *err)
{
    struct reading reading = {.arena = arena, .notice = notice};
    bool ok = database_query(
        store->database, err, take_notice, &reading,
        "SELECT l.seq, l.at, l.who, l.what, l.rollout, r.environment, l.result, l.detail"
        " FROM notified n JOIN rollout r ON r.environment = n.environment"
        " JOIN ledger l ON l.rollout = r.id AND l.target = ''"
        " WHERE n.environment = ? AND l.seq > n.seq"
        " AND l.what IN ('rollout', 'health', 'rollout-end')"
        " AND r.epoch >= (SELECT max(epoch) - 100 FROM rollout) ORDER BY l.seq LIMIT 1",
        "t", environment);

    *found = reading.found;
    return ok;
}

bool store_note_told(struct store *store, const struct notice *notice, struct error *err)
{
    return database_run(store->database, err,
                        "UPDATE notified SET seq = ? WHERE environment = ? AND seq < ?", "iti",
                        notice->seq, notice->environment, notice->seq);
}
