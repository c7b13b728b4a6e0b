#include "orchestrator/store/store_tasks.h"

#include <string.h>

#include "common/json.h"
#include "common/list.h"
#include "orchestrator/store/store_private.h"

bool store_offer_tasks(struct store *store, const struct task *tasks, size_t count,
                       struct error *err)
{
    bool ok = database_begin(store->database, err);

    if (!ok)
        return false;
    for (size_t i = 0; ok && i < count; i++)
        ok = database_run(store->database, err,
                          "INSERT INTO task (rollout, number, agent, request) VALUES (?, ?, ?, ?)",
                          "titt", tasks[i].rollout, tasks[i].number, tasks[i].agent,
                          tasks[i].request);
    return store_commit_or_undo(store, ok, err);
}

struct telling {
    task_reply_function function;
    void *context;
};

static bool tell_reply(void *context, const struct database_row *row)
{
    const struct telling *telling = context;

    telling->function(telling->context, row_integer(row, 0), row_text(row, 1));
    return true;
}

bool store_take_replies(struct store *store, const char *rollout, task_reply_function function,
                        void *context, struct error *err)
{
    struct telling telling = {function, context};

    return database_query(store->database, err, tell_reply, &telling,
                          "WITH taken AS (DELETE FROM reply WHERE rollout = ?"
                          " RETURNING number, claim, seq, message)"
                          " SELECT number, message FROM taken ORDER BY number, claim, seq",
                          "t", rollout);
}

static bool tell_withdrawn(void *context, const struct database_row *row)
{
    const struct telling *telling = context;

    telling->function(telling->context, row_integer(row, 0), NULL);
    return true;
}

bool store_stop_tasks(struct store *store, const char *rollout, task_reply_function function,
                      void *context, struct error *err)
{
    struct telling telling = {function, context};

    return database_run(store->database, err, "UPDATE task SET stopped = true WHERE rollout = ?",
                        "t", rollout) &&
           database_query(store->database, err, tell_withdrawn, &telling,
                          "DELETE FROM task WHERE rollout = ? AND state = 'queued'"
                          " RETURNING number",
                          "t", rollout);
}

bool store_remove_tasks(struct store *store, const char *rollout, struct error *err)
{
    return database_run(store->database, err, "DELETE FROM task WHERE rollout = ?", "t", rollout) &&
           database_run(store->database, err, "DELETE FROM reply WHERE rollout = ?", "t", rollout);
}

static bool take_count(void *context, const struct database_row *row)
{
    *(int64_t *)context = row_integer(row, 0);
    return false;
}

bool store_count_workers(struct store *store, int64_t *count, struct error *err)
{
    *count = 0;
    return database_query(store->database, err, take_count, count,
                          "SELECT count(*) FROM lease WHERE name LIKE 'worker %'"
                          " AND expires_at > now()",
                          "");
}

struct claiming {
    struct arena *arena;
    struct task *tasks;
    size_t count;
};

static bool take_task(void *context, const struct database_row *row)
{
    struct claiming *claiming = context;

    claiming->tasks =
        list_room(claiming->arena, claiming->tasks, claiming->count, sizeof *claiming->tasks);
    claiming->tasks[claiming->count++] = (struct task){
        .rollout = arena_strdup(claiming->arena, row_text(row, 0)),
        .number = row_integer(row, 1),
        .claim = row_integer(row, 2),
        .agent = arena_strdup(claiming->arena, row_text(row, 3)),
        .request = arena_strdup(claiming->arena, row_text(row, 4)),
    };
    return true;
}

bool store_claim_tasks(struct store *store, const char *worker, size_t limit, struct arena *arena,
                       struct task **tasks, size_t *count, struct error *err)
{
    struct claiming claiming = {.arena = arena};
    bool ok = database_query(
        store->database, err, take_task, &claiming,
        "UPDATE task SET state = 'claimed', worker = ?, claim = claim + 1"
        " WHERE (rollout, number) IN (SELECT t.rollout, t.number FROM task t"
        " JOIN rollout r ON r.id = t.rollout"
        " JOIN lease l ON l.name = 'rollout ' || r.epoch AND l.expires_at > now()"
        " WHERE r.state = 'running' AND (t.state = 'queued' OR t.state = 'claimed' AND NOT EXISTS"
        " (SELECT FROM lease w WHERE w.name = 'worker ' || t.worker AND w.expires_at > now()))"
        " ORDER BY t.rollout, t.number LIMIT ? FOR UPDATE OF t SKIP LOCKED)"
        " RETURNING rollout, number, claim, agent, request",
        "ti", worker, (int64_t)limit);

    *tasks = claiming.tasks;
    *count = claiming.count;
    return ok;
}

/* One statement for all of them: the server sees one transaction, and one round trip is enough. */
static json_t *as_rows(const struct task_reply *replies, size_t count)
{
    json_t *rows = json_array();

    for (size_t i = 0; i < count; i++) {
        json_t *row = json_object();

        json_object_set_new(row, "rollout", json_text(replies[i].rollout));
        json_object_set_new(row, "number", json_integer(replies[i].number));
        json_object_set_new(row, "claim", json_integer(replies[i].claim));
        json_object_set_new(row, "seq", json_integer(replies[i].seq));
        json_object_set_new(row, "message", json_text(replies[i].message));
        json_object_set_new(row, "last", json_boolean(replies[i].last));
        json_array_append_new(rows, row);
    }
    return rows;
}

bool store_leave_replies(struct store *store, const struct task_reply *replies, size_t count,
                         struct error *err)
{
    AUTO(json) json_t *rows = as_rows(replies, count);
    AUTO(text) char *text = json_dumps(rows, JSON_COMPACT);

    return database_run(
        store->database, err,
        "WITH told AS (SELECT r.* FROM jsonb_to_recordset(CAST(? AS jsonb)) AS r (rollout text,"
        " number bigint, claim bigint, seq bigint, message text, last boolean)"
        " JOIN task t ON t.rollout = r.rollout AND t.number = r.number AND t.claim = r.claim"
        " AND t.state = 'claimed'),"
        " ended AS (UPDATE task t SET state = 'ended' FROM told WHERE told.last"
        " AND t.rollout = told.rollout AND t.number = told.number)"
        " INSERT INTO reply SELECT rollout, number, claim, seq, message FROM told"
        " ON CONFLICT DO NOTHING",
        "t", text);
}

struct finding {
    task_function function;
    void *context;
};

static bool tell_stopped(void *context, const struct database_row *row)
{
    const struct finding *finding = context;

    finding->function(finding->context, row_text(row, 0), row_integer(row, 1));
    return true;
}

bool store_find_stopped(struct store *store, const char *worker, task_function function,
                        void *context, struct error *err)
{
    struct finding finding = {function, context};

    return database_query(store->database, err, tell_stopped, &finding,
                          "SELECT rollout, number FROM task WHERE worker = ?"
                          " AND state = 'claimed' AND stopped",
                          "t", worker);
}
