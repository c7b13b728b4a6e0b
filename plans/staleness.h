/*
 * staleness - whether a plan still fits its targets: which of them have moved since it was made.
 *
 * Pure, for the orchestrator's early answer; each agent compares the head again under its lock.
 */
#ifndef FLEET_PLANS_STALENESS_H
#define FLEET_PLANS_STALENESS_H

#include "common/history.h"
#include "plans/planner.h"

enum stale_reason {
    STALE_GONE,    /* no longer among the targets */
    STALE_MOVED,   /* its history head is another one */
    STALE_AGENT,   /* served by another agent now */
    STALE_ENGINE,  /* of another engine now */
    STALE_SERVER,  /* another database, or another timeline of it: failover or restore */
    STALE_RELEASE, /* its server was upgraded */
    STALE_REASON_COUNT
};

/* "is gone", "has moved on", … to follow the target's name. */
const char *stale_reason_text(enum stale_reason reason);

struct stale_target {
    const struct plan_target *target; /* of the plan */
    const struct target_state *state; /* as it is now; NULL when gone */
    enum stale_reason reason;
};

struct stale_targets {
    struct stale_target *items; /* in the plan's order */
    size_t count;
};

#define AUTO_STALE_TARGETS __attribute__((cleanup(stale_targets_free)))

/* states are those of now, in any order; plan and states must outlive the result. */
void stale_targets_find(const struct plan *plan, const struct target_state *states, size_t count,
                        struct stale_targets *stale);
void stale_targets_free(struct stale_targets *stale);

/* Whether a history is at the head that the target was planned from, or was brought on from there
   by rows of this plan alone: an interrupted run of the plan may then go on. */
bool history_continues_plan(const struct history_row *rows, size_t count, const struct digest *head,
                            const struct digest *plan);

#endif
