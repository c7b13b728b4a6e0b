/*
 * detaching - runs a plan in a process of its own, which outlives the terminal.
 *
 * That is `fleet apply FILE --yes` on the plan that was shown: the file and what it says go to
 * "detached" beside the store. fleet rollout show, pause and abort reach it as any other.
 */
#ifndef FLEET_ORCHESTRATOR_DETACHING_H
#define FLEET_ORCHESTRATOR_DETACHING_H

#include "orchestrator/command.h"
#include "orchestrator/workspace.h"
#include "plans/plan.h"

/* Returns once the rollout has begun, with STATUS_DONE, or has ended, with its own status. */
int detach_plan(struct workspace *workspace, const struct invocation *invocation,
                const struct plan *plan, struct error *err);

#endif
