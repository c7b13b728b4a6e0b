#include "orchestrator/histories.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "orchestrator/agent_calls.h"

/* More than any target can have come to; an agent that sends more has gone mad. */
enum { ROWS_MAX = 1000 * 1000, FIRST_ROOM = 64 };

struct taking {
    struct histories *histories;
    struct agent_shares shares;
};

static void copy_row(struct arena *arena, const struct history_row *row, struct history_row *copy)
{
    *copy = *row;
    copy->version = arena_strdup(arena, row->version);
    copy->name = arena_strdup(arena, row->name);
    copy->rollout = arena_strdup(arena, row->rollout);
    copy->operator_name = arena_strdup(arena, row->operator_name);
}

/* Room for so many rows more; twice what there was, so that many replies cost no more than one. */
static void make_room(struct arena *arena, struct target_history *item, size_t more)
{
    size_t room = item->room > 0 ? item->room : FIRST_ROOM;

    while (room < item->count + more)
        room *= 2;
    if (room == item->room)
        return;
    struct history_row *rows = arena_calloc(arena, room, sizeof *rows);
    if (item->count > 0)
        memcpy(rows, item->rows, item->count * sizeof *rows);
    item->rows = rows;
    item->room = room;
}

/* A long history comes in several replies. */
static void keep_rows(struct taking *taking, struct target_history *item, const struct reply *reply)
{
    struct arena *arena = taking->histories->arena;

    if (item->error.code != ERROR_NONE)
        return;
    item->reached = true;
    if (item->count + reply->row_count > ROWS_MAX) {
        error_set(&item->error, ERROR_PROTOCOL, "the agent sends more than %d rows of history",
                  ROWS_MAX);
        error_at_target(&item->error, item->target->name);
        return;
    }
    make_room(arena, item, reply->row_count);
    for (size_t i = 0; i < reply->row_count; i++)
        copy_row(arena, &reply->rows[i], &item->rows[item->count + i]);
    item->count += reply->row_count;
}

static void verify(struct histories *histories)
{
    for (size_t i = 0; i < histories->count; i++) {
        struct target_history *item = &histories->items[i];

        if (item->reached && item->error.code == ERROR_NONE &&
            !history_verify(item->rows, item->count, &item->error))
            error_at_target(&item->error, item->target->name);
    }
}

/* Fails the targets of a share; those that said something only if that may not be all. */
static void fail_share(struct taking *taking, const struct agent_share *share, bool reached_too,
                       const struct error *err)
{
    for (size_t i = 0; i < share->count; i++) {
        struct target_history *item = &taking->histories->items[share->members[i]];

        if (item->error.code != ERROR_NONE || (item->reached && !reached_too))
            continue;
        item->error = *err;
        error_at_target(&item->error, item->target->name);
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
        fail_share(taking, share, true, &reply->error);
    } else if (reply->kind == REPLY_END) {
        error_set(&silent, ERROR_PROTOCOL, "agent %s said nothing about it", share->agent);
        fail_share(taking, share, false, &silent);
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
    verify(histories);
    return ok ? TAKE(histories) : NULL;
}

void histories_free(struct histories *histories)
{
    if (histories == NULL)
        return;
    arena_free(histories->arena);
    free(histories);
}
