/* agent_calls - the targets of a selection by agent: one call for each agent. */
#ifndef FLEET_ORCHESTRATOR_AGENT_CALLS_H
#define FLEET_ORCHESTRATOR_AGENT_CALLS_H

#include "common/arena.h"
#include "inventory/inventory.h"

/* One agent's share: the targets of these indexes into the selection. */
struct agent_share {
    const char *agent;   /* "local" for the in-process one */
    const char *address; /* NULL for the in-process one */
    size_t *members;     /* rising */
    const char **names;  /* of the members, in the same order */
    size_t count;
};

struct agent_shares {
    struct agent_share *items;
    size_t count;
};

/* In the order in which the agents first occur. */
struct agent_shares agent_shares_of(struct arena *arena, const struct inventory *inventory,
                                    const struct target *const *targets, size_t count);

/* Where a name stands in a list, found without walking the list. */
struct name_index;
struct name_index *name_index_new(struct arena *arena, const char *const *names, size_t count);
bool name_index_find(const struct name_index *index, const char *name, size_t *place);

#endif
