#include "agents/executor.h"
#include "agents/fingerprint.h"
#include "agents/intents.h"
#include "agents/target_tables.h"

/* The tables are looked for only when reading them fails, so that a target at head costs two
   queries. Outside a transaction a failed query leaves nothing behind. */
static bool read_head(struct session *session, struct target_head *head, struct error *err)
{
    struct error missing = {0};
    bool present = false;

    session->saw_tables = target_tables_head(session, head, err);
    if (session->saw_tables)
        return true;
    if (err->code != ERROR_SQL || session->broken ||
        !session->engine->has_tables(session, &present, &missing) || present)
        return error_wrap(err, "cannot read the history's head");
    error_clear(err);
    *head = (struct target_head){0};
    return true;
}

static bool read_intent(struct session *session, const struct target_head *head,
                        struct arena *arena, struct target_status *status, struct error *err)
{
    const struct intent *intents = NULL;
    size_t count = 0;

    if (head->intents == 0)
        return true;
    if (!target_intents_read(session, arena, &intents, &count, err))
        return false;
    if (count == 0)
        return true;
    const struct intent *intent = intents_in_question(intents, count);
    if (intent == NULL)
        intent = intents_last(intents, count);
    struct open_intent *open = arena_calloc(arena, 1, sizeof *open);
    *open = (struct open_intent){
        .version = intent->version,
        .name = intent->name,
        .direction = intent->direction,
        .statement = intent->statement,
        .summary = intent->summary,
        .attempt = intent->attempt_key,
    };
    status->intent = open;
    return true;
}

static void take_rows(struct target_status *status, const struct history_row *rows, size_t count)
{
    if (count == 0)
        return;
    status->seq = rows[count - 1].seq;
    status->head = rows[count - 1].hash;
    status->recorded_fingerprint = rows[count - 1].fingerprint;
}

static bool read_history(struct session *session, const struct target_head *head,
                         struct arena *arena, struct target_status *status, struct applied_set *set,
                         struct error *err)
{
    const struct history_row *rows = NULL;
    size_t count = 0;

    if (head->seq != 0 && !target_tables_rows(session, 0, arena, &rows, &count, err))
        return false;
    take_rows(status, rows, count);
    *set = history_fold(arena, rows, count);
    status->applied = set->id;
    return true;
}

bool executor_status(struct session *session, bool fingerprint, struct arena *arena,
                     struct target_status *status, struct applied_set *set, struct error *err)
{
    struct server_info info = {0};
    struct target_head head;

    *status =
        (struct target_status){.target = session->target->name, .engine = session->engine->kind};
    /* The server comes last: what it reports of itself arrives with the answers to the rest. */
    if (!read_head(session, &head, err) || !read_history(session, &head, arena, status, set, err) ||
        !read_intent(session, &head, arena, status, err) ||
        !session->engine->server(session, &info, err))
        return false;
    status->server = arena_strdup(arena, info.version);
    status->identity = arena_strdup(arena, info.identity);
    status->timeline = info.timeline;
    status->read_only = info.read_only;
    status->epoch = head.epoch;
    status->store = arena_strdup(arena, head.store);
    return !fingerprint || fingerprint_take(session, &status->fingerprint, err);
}

bool executor_history(struct session *session, struct arena *arena, const struct history_row **rows,
                      size_t *count, struct error *err)
{
    struct target_head head;

    *rows = NULL;
    *count = 0;
    if (!read_head(session, &head, err))
        return false;
    return head.seq == 0 || target_tables_rows(session, 0, arena, rows, count, err);
}
