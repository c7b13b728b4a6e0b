#include "orchestrator/agent_calls.h"

#include "common/name_index.h"

enum { NO_SHARE = -1 };

/* A number for each agent of the inventory; the local one comes after them. */
static size_t agent_number(const struct inventory *inventory, const struct target *target)
{
    return target->agent != NULL ? (size_t)(target->agent - inventory->agents)
                                 : inventory->agent_count;
}

static void start_share(struct agent_share *share, const struct inventory_agent *agent)
{
    share->agent = agent != NULL ? agent->name : "local";
    share->address = agent != NULL ? agent->address : NULL;
}

/* Counts each agent's targets and gives the agents that have any a share. */
static struct agent_shares count_shares(struct arena *arena, const struct inventory *inventory,
                                        const struct target *const *targets, size_t count,
                                        int *share_of_agent)
{
    struct agent_shares shares = {0};

    shares.items = arena_calloc(arena, inventory->agent_count + 1, sizeof *shares.items);
    for (size_t i = 0; i < count; i++) {
        int *share = &share_of_agent[agent_number(inventory, targets[i])];

        if (*share == NO_SHARE) {
            *share = (int)shares.count;
            start_share(&shares.items[shares.count++], targets[i]->agent);
        }
        shares.items[*share].count++;
    }
    return shares;
}

struct agent_shares agent_shares_of(struct arena *arena, const struct inventory *inventory,
                                    const struct target *const *targets, size_t count)
{
    size_t agents = inventory->agent_count + 1;
    int *share_of_agent = arena_calloc(arena, agents, sizeof *share_of_agent);

    for (size_t i = 0; i < agents; i++)
        share_of_agent[i] = NO_SHARE;
    struct agent_shares shares = count_shares(arena, inventory, targets, count, share_of_agent);
    for (size_t i = 0; i < shares.count; i++) {
        struct agent_share *share = &shares.items[i];

        share->members = arena_calloc(arena, share->count, sizeof *share->members);
        share->names = arena_calloc(arena, share->count, sizeof *share->names);
        share->index = name_index_new(share->count);
        share->count = 0;
    }
    for (size_t i = 0; i < count; i++) {
        int number = share_of_agent[agent_number(inventory, targets[i])];
        struct agent_share *share = &shares.items[number];
        size_t *member = &share->members[share->count];

        *member = i;
        share->names[share->count++] = targets[i]->name;
        name_index_add(share->index, targets[i]->name, member);
    }
    return shares;
}

void agent_shares_free(struct agent_shares *shares)
{
    for (size_t i = 0; i < shares->count; i++)
        name_index_free(shares->items[i].index);
    shares->count = 0;
}

bool agent_share_find(const struct agent_share *share, const char *name, size_t *place)
{
    const size_t *member = name_index_find(share->index, name);

    if (member != NULL)
        *place = *member;
    return member != NULL;
}
