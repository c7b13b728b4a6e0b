#include "orchestrator/schemas.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

/* More than any schema can have come to; an agent that sends more has gone mad. */
enum { SCHEMA_BYTES_MAX = 256 * 1024 * 1024 };

static bool keep_lines(void *context, size_t place, const struct reply *reply, struct error *err)
{
    struct schemas *schemas = context;
    struct buffer *lines = &schemas->items[place].lines;

    if (lines->length + strlen(reply->lines) > SCHEMA_BYTES_MAX)
        return error_set(err, ERROR_PROTOCOL, "the agent sends more than %d bytes of schema",
                         SCHEMA_BYTES_MAX);
    buffer_append_text(lines, reply->lines);
    return true;
}

struct schemas *schemas_take(struct dispatcher *dispatcher, const struct inventory *inventory,
                             const struct selection *selection, struct error *err)
{
    AUTO(schemas) struct schemas *schemas = xcalloc(1, sizeof *schemas);
    AUTO(arena) struct arena *arena = arena_new();
    const struct target_reading reading = {CALL_SCHEMA, REPLY_SCHEMA, keep_lines, schemas};
    struct target_answer *answers = arena_calloc(arena, selection->count, sizeof *answers);

    schemas->count = selection->count;
    schemas->items = xcalloc(selection->count, sizeof *schemas->items);
    for (size_t i = 0; i < selection->count; i++)
        schemas->items[i].target = selection->targets[i];
    if (!target_answers_take(dispatcher, inventory, selection, &reading, answers, err))
        return NULL;
    for (size_t i = 0; i < selection->count; i++)
        schemas->items[i].answer = answers[i];
    return TAKE(schemas);
}

void schemas_free(struct schemas *schemas)
{
    if (schemas == NULL)
        return;
    for (size_t i = 0; i < schemas->count; i++)
        buffer_free(&schemas->items[i].lines);
    free(schemas->items);
    free(schemas);
}
