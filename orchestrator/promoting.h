/*
 * promoting - asks the targets of required environments whether a plan may be applied to its own.
 */
#ifndef FLEET_ORCHESTRATOR_PROMOTING_H
#define FLEET_ORCHESTRATOR_PROMOTING_H

#include "orchestrator/workspace.h"
#include "plans/plan.h"

/* Opens the way to the selected targets and to those of what the environment requires, before
   anything else asks the workspace for one. */
bool promoting_open(struct workspace *workspace, const struct environment *environment,
                    const struct selection *selection, struct error *err) MUST_USE;

/* Whether all that the plan brings has succeeded on what the environment requires. False: what is
   missing is reported and *status is the exit status, or err says what failed. */
bool promoting_check(struct workspace *workspace, const struct invocation *invocation,
                     const struct environment *environment, const struct plan *plan, int *status,
                     struct error *err) MUST_USE;

#endif
