/* acceptance - on whose word, or by what, a baseline or a repair is taken, in the ledger. */
#ifndef FLEET_ORCHESTRATOR_ACCEPTANCE_H
#define FLEET_ORCHESTRATOR_ACCEPTANCE_H

#include "orchestrator/workspace.h"
#include "plans/plan.h"

/* Says why the plan's baselines are right, or what its repair says; before anything is marked. */
bool acceptance_record(struct workspace *workspace, const struct invocation *invocation,
                       const struct plan *plan, const char *reason, struct error *err) MUST_USE;

#endif
