#include "orchestrator/collection.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

/* In one survey; the rest comes with the next. */
enum { OUTCOMES_MAX = 100000 };

struct collection {
    struct store *store;
    const struct inventory *inventory;
    struct arena *arena;
    struct kept_outcome *items;
    size_t count;
    size_t room;
    const char *lost; /* another store that is asked for; NULL: ours */
};

struct collection *collection_new(struct store *store, const struct inventory *inventory)
{
    struct collection *collection = xcalloc(1, sizeof *collection);

    collection->store = store;
    collection->inventory = inventory;
    collection->arena = arena_new();
    return collection;
}

void collection_free(struct collection *collection)
{
    if (collection == NULL)
        return;
    arena_free(collection->arena);
    free(collection->items);
    free(collection);
}

const struct outcomes_request *collection_request(struct collection *collection, const char *agent,
                                                  struct error *err)
{
    struct outcomes_request *request = arena_calloc(collection->arena, 1, sizeof *request);

    if (collection->lost != NULL) {
        request->store = collection->lost;
        return request;
    }
    return store_read_had(collection->store, agent, collection->arena, request, err) ? request
                                                                                     : NULL;
}

void collection_ask_for(struct collection *collection, const char *store)
{
    collection->lost = arena_strdup(collection->arena, store);
}

const struct kept_outcome *collection_items(const struct collection *collection, size_t *count)
{
    *count = collection->count;
    return collection->items;
}

static bool owns(const struct inventory *inventory, const char *agent, const char *name)
{
    const struct target *target = inventory_target(inventory, name);

    return target != NULL && target->agent != NULL && strcmp(target->agent->name, agent) == 0;
}

static const char *subject_of(struct arena *arena, const struct run_event *event)
{
    if (event->kind == RUN_JOB)
        return "";
    return arena_printf(arena, "%s %s_%s", direction_name(event->direction), event->version,
                        event->name);
}

void collection_take(struct collection *collection, const char *agent, const struct reply *reply)
{
    const struct run_event *event = &reply->event;
    struct arena *arena = collection->arena;

    if (collection->count == OUTCOMES_MAX || !owns(collection->inventory, agent, event->target))
        return;
    if (collection->count == collection->room) {
        collection->room = collection->room * 2 + 16;
        collection->items =
            xreallocarray(collection->items, collection->room, sizeof *collection->items);
    }
    collection->items[collection->count++] = (struct kept_outcome){
        .agent = arena_strdup(arena, agent),
        .rollout = arena_strdup(arena, reply->rollout),
        .seq = reply->seq,
        .outcome = {.target = arena_strdup(arena, event->target),
                    .is_step = event->kind == RUN_STEP,
                    .subject = subject_of(arena, event),
                    .result = event->kind == RUN_STEP ? step_state_name(event->step)
                                                      : job_state_name(event->job),
                    .code = event->error != NULL ? event->error->code : ERROR_NONE,
                    .message =
                        event->error != NULL ? arena_strdup(arena, event->error->message) : ""}};
}

bool collection_record(struct collection *collection, struct error *err)
{
    return collection->lost != NULL ||
           store_collect(collection->store, collection->items, collection->count, err);
}

void collection_report(const struct collection *collection, const struct terminal *terminal)
{
    for (size_t i = 0; i < collection->count; i++) {
        const struct kept_outcome *kept = &collection->items[i];

        if (!kept->is_news || kept->outcome.is_step)
            continue;
        fprintf(terminal->messages, "%s: rollout %.12s ended as %s, as agent %s tells now",
                kept->outcome.target, kept->rollout, kept->outcome.result, kept->agent);
        fputs(kept->outcome.message[0] != '\0' ? ": " : "", terminal->messages);
        terminal_put_untrusted(terminal->messages, kept->outcome.message, false);
        fputc('\n', terminal->messages);
    }
}
