#include "orchestrator/histories.h"

#include <stdlib.h>

#include "common/memory.h"
#include "orchestrator/agent_calls.h"

struct taking {
    struct histories *histories;
    struct agent_shares shares;
};

static const struct history_row *copy_rows(struct arena *arena, const struct history_row *rows,
                                           size_t count)
{
    struct history_row *copies = arena_calloc(arena, count, sizeof *copies);

    for (size_t i = 0; i < count; i++) {
        copies[i] = rows[i];
        copies[i].version = arena_strdup(arena, rows[i].version);
        copies[i].name = arena_strdup(arena, rows[i].name);
        copies[i].rollout = arena_strdup(arena, rows[i].rollout);
        copies[i].operator_name = arena_strdup(arena, rows[i].operator_name);
    }
    return copies;
}

static void keep_rows(struct taking *taking, struct target_history *item, const struct reply *reply)
{
    item->reached = true;
    item->rows = copy_rows(taking->histories->arena, reply->rows, reply->row_count);
    item->count = reply->row_count;
    if (!history_verify(item->rows, item->count, &item->error))
        error_at_target(&item->error, item->target->name);
}

static void fail_unanswered(struct taking *taking, const struct agent_share *share,
                            const struct error *err)
{
    for (size_t i = 0; i < share->count; i++) {
        struct target_history *item = &taking->histories->items[share->members[i]];

        if (!item->reached && item->error.code == ERROR_NONE) {
            item->error = *err;
            error_at_target(&item->error, item->target->name);
        }
    }
}

static void on_reply(void *context, size_t call, const struct reply *reply)
{
    struct taking *taking = context;
    const struct agent_share *share = &taking->shares.items[call];
    struct error silent = {0};
    size_t place;

    if (reply->kind == REPLY_ROWS) {
        if (agent_share_find(share, reply->target, &place))
            keep_rows(taking, &taking->histories->items[place], reply);
    } else if (reply->kind == REPLY_TARGET && reply->status.error != NULL) {
        if (agent_share_find(share, reply->status.target, &place))
            taking->histories->items[place].error = *reply->status.error;
    } else if (reply->kind == REPLY_ERROR) {
        fail_unanswered(taking, share, &reply->error);
    } else if (reply->kind == REPLY_END) {
        error_set(&silent, ERROR_PROTOCOL, "agent %s said nothing about it", share->agent);
        fail_unanswered(taking, share, &silent);
    }
}

static struct call *make_calls(struct taking *taking)
{
    struct arena *arena = taking->histories->arena;
    struct call *calls = arena_calloc(arena, taking->shares.count, sizeof *calls);

    for (size_t i = 0; i < taking->shares.count; i++) {
        const struct agent_share *share = &taking->shares.items[i];

        calls[i] = (struct call){
            .kind = CALL_HISTORY,
            .agent = share->agent,
            .address = share->address,
            .status = {.targets = share->names, .target_count = share->count},
        };
    }
    return calls;
}

struct histories *histories_take(struct dispatcher *dispatcher, const struct inventory *inventory,
                                 const struct selection *selection, struct error *err)
{
    AUTO(histories) struct histories *histories = xcalloc(1, sizeof *histories);
    struct taking taking = {.histories = histories};

    histories->arena = arena_new();
    histories->count = selection->count;
    histories->items = arena_calloc(histories->arena, selection->count, sizeof *histories->items);
    for (size_t i = 0; i < selection->count; i++)
        histories->items[i].target = selection->targets[i];
    taking.shares =
        agent_shares_of(histories->arena, inventory, selection->targets, selection->count);
    const struct call *calls = make_calls(&taking);
    bool ok = dispatcher_run(dispatcher, calls, taking.shares.count, on_reply, &taking, err);
    agent_shares_free(&taking.shares);
    return ok ? TAKE(histories) : NULL;
}

void histories_free(struct histories *histories)
{
    if (histories == NULL)
        return;
    arena_free(histories->arena);
    free(histories);
}
