/*
 * builder - an inventory while it is made from its sections; private to the folder.
 *
 * Sections are found first, in all files, and read then: environments and agents before the
 * targets that name them, wherever they stand.
 */
#ifndef FLEET_INVENTORY_BUILDER_H
#define FLEET_INVENTORY_BUILDER_H

#include "common/name_index.h"
#include "inventory/policy.h"
#include "inventory/sections.h"

/* A section that is to be read, and what kind it is. */
struct found_section {
    int kind;
    const char *name; /* what follows the colon */
    const struct ini_section *section;
    const char *file;
};

/* What an environment's section said; the public part stands in the inventory. */
struct environment_draft {
    struct environment *environment;
    struct policy_section policy;
    const char *file;
};

struct builder {
    struct arena *arena;
    struct diagnostics *faults;
    struct inventory *inventory;
    struct found_section *found;
    size_t found_count;
    size_t kind_counts[SECTION_COUNT];
    struct environment_draft *environments;
    struct inventory_agent *agents;
    struct target *targets;
    size_t target_count;
    struct name_index *environment_index; /* of drafts */
    struct name_index *agent_index;
    struct name_index *target_index;
};

/* Reads every target section into builder->targets. */
void builder_read_targets(struct builder *builder);

/* Faults for required environments that are unknown, or require each other. */
void builder_check_requirements(struct builder *builder);

#endif
