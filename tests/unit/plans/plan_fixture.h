/* plan_fixture - a small plan, a folder of migrations in memory, and what is applied of it. */
#ifndef TEST_PLAN_FIXTURE_H
#define TEST_PLAN_FIXTURE_H

#include "plans/migrations.h"
#include "plans/plan.h"
#include "plans/planner.h"

/* Of fleet shop, environment test; expires at 2000, finish by 3000. */
struct plan_header fixture_header(void);

/* Two recipes; target t-NNN has the first one if NNN is even. One script is not UTF-8. */
struct plan *fixture_plan(size_t targets);

struct signing_key *fixture_key(void);

/* A folder whose scripts serve every engine. */
struct folder {
    struct migrations migrations;
    struct arena *arena;
    struct migration items[16];
    struct migration repeatables[4];
};

void folder_open(struct folder *folder);
void folder_close(struct folder *folder);
/* Versions must be added in their order; down may be NULL. */
struct migration *folder_add(struct folder *folder, const char *version, const char *name,
                             const char *up, const char *down);
struct migration *folder_add_repeatable(struct folder *folder, const char *name, const char *up,
                                        const char *down);
/* The set in which these versions were applied, in this order, with the folder's present bytes. */
struct applied_set *folder_applied(struct folder *folder, size_t count, ...);
/* The same of repeatables, which then come after what is in the set. */
void folder_apply_repeatable(struct folder *folder, struct applied_set *set, const char *name,
                             const char *up);

/* A set without anything. */
extern const struct applied_set nothing_applied;

#endif
