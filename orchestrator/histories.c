#include "orchestrator/histories.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "orchestrator/target_answers.h"

/* More than any target can have come to; an agent that sends more has gone mad. */
enum { ROWS_MAX = 1000 * 1000, FIRST_ROOM = 64 };

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
static bool keep_rows(void *context, size_t place, const struct reply *reply, struct error *err)
{
    struct histories *histories = context;
    struct target_history *item = &histories->items[place];

    if (item->count + reply->row_count > ROWS_MAX)
        return error_set(err, ERROR_PROTOCOL, "the agent sends more than %d rows of history",
                         ROWS_MAX);
    make_room(histories->arena, item, reply->row_count);
    for (size_t i = 0; i < reply->row_count; i++)
        copy_row(histories->arena, &reply->rows[i], &item->rows[item->count + i]);
    item->count += reply->row_count;
    return true;
}

static void judge(struct histories *histories, const struct target_answer *answers)
{
    for (size_t i = 0; i < histories->count; i++) {
        struct target_history *item = &histories->items[i];

        item->reached = answers[i].reached;
        item->error = answers[i].error;
        if (item->reached && item->error.code == ERROR_NONE &&
            !history_verify(item->rows, item->count, &item->error))
            error_at_target(&item->error, item->target->name);
    }
}

struct histories *histories_take(struct dispatcher *dispatcher, const struct inventory *inventory,
                                 const struct selection *selection, struct error *err)
{
    AUTO(histories) struct histories *histories = xcalloc(1, sizeof *histories);
    const struct target_reading reading = {CALL_HISTORY, REPLY_ROWS, keep_rows, histories};

    histories->arena = arena_new();
    histories->count = selection->count;
    histories->items = arena_calloc(histories->arena, selection->count, sizeof *histories->items);
    struct target_answer *answers =
        arena_calloc(histories->arena, selection->count, sizeof *answers);
    for (size_t i = 0; i < selection->count; i++)
        histories->items[i].target = selection->targets[i];
    if (!target_answers_take(dispatcher, inventory, selection, &reading, answers, err))
        return NULL;
    judge(histories, answers);
    return TAKE(histories);
}

void histories_free(struct histories *histories)
{
    if (histories == NULL)
        return;
    arena_free(histories->arena);
    free(histories);
}
