/*
 * migration_facts - what a plan must know of a migration on one engine, found once for all targets.
 *
 * Whether it runs in the plan's environment, what is wrong with its scripts, and its step up with
 * the way back, or why there is none.
 */
#ifndef FLEET_PLANS_MIGRATION_FACTS_H
#define FLEET_PLANS_MIGRATION_FACTS_H

#include "common/diagnostics.h"
#include "plans/migrations.h"
#include "plans/plan_builder.h"

struct migration_facts {
    bool runs_here;                   /* no "-- fleet: env=…" leaves this environment out */
    const struct diagnostics *faults; /* of its scripts; NULL if there is none */
    struct plan_step step; /* up, or repeat as it runs for the first time; its texts are the
                              builder's, its scripts are set unless there are faults */
};

struct fact_finder;

/* All arguments are borrowed. */
struct fact_finder *fact_finder_new(const struct migrations *migrations, const char *environment,
                                    struct plan_builder *builder) MUST_USE;
void fact_finder_free(struct fact_finder *finder);
AUTO_DEFINE(fact_finder)

/* Of the index-th versioned or repeatable migration, which has an up script for the engine. */
const struct migration_facts *fact_finder_versioned(struct fact_finder *finder, size_t index,
                                                    enum engine_kind engine);
const struct migration_facts *fact_finder_repeatable(struct fact_finder *finder, size_t index,
                                                     enum engine_kind engine);

#endif
