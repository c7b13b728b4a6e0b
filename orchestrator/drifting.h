/* drifting - targets that are not what they should be, and what of them is different. */
#ifndef FLEET_ORCHESTRATOR_DRIFTING_H
#define FLEET_ORCHESTRATOR_DRIFTING_H

#include "orchestrator/workspace.h"
#include "plans/drift.h"
#include "plans/introspection/difference.h"

struct drifted {
    const struct surveyed *surveyed;
    struct drift_verdict verdict;
    const char *like; /* what it was compared with: a target, or "the migrations"; NULL: nothing */
    struct difference difference;
};

struct drifting {
    struct arena *arena;
    struct drifted *items; /* in the order of the survey */
    size_t count;
};

/* The survey has fingerprints; agents are asked for the lines of schemas that differ, once for each
   fingerprint. */
struct drifting *drifting_take(struct workspace *workspace, const struct survey *survey,
                               const struct migrations *migrations, struct error *err) MUST_USE;
void drifting_free(struct drifting *drifting);
AUTO_DEFINE(drifting)

#endif
