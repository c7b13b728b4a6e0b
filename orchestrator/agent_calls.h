/* agent_calls - the targets of a selection by agent: one call for each agent. */
#ifndef FLEET_ORCHESTRATOR_AGENT_CALLS_H
#define FLEET_ORCHESTRATOR_AGENT_CALLS_H

#include "common/arena.h"
#include "inventory/inventory.h"

/* One agent's share: the targets of these places in the list that was split. */
struct agent_share {
    const char *agent;   /* "local" for the in-process one */
    const char *address; /* NULL for the in-process one */
    size_t *members;     /* rising */
    const char **names;  /* of the members, in the same order */
    size_t count;
    struct name_index *index;
};

struct agent_shares {
    struct agent_share *items;
    size_t count;
};

/* In the order in which the agents first occur. Memory is the arena's, but for the indexes. */
struct agent_shares agent_shares_of(struct arena *arena, const struct inventory *inventory,
                                    const struct target *const *targets, size_t count);
/* Frees the indexes. */
void agent_shares_free(struct agent_shares *shares);

/* The place of a target of the share by its name; false if the share has no such target. */
bool agent_share_find(const struct agent_share *share, const char *name, size_t *place);

#endif
