/*
 * repairing - what an operator says of a target that stopped inside a part, as a signed order: a
 * plan of the one step that it stopped in, with the bytes that began it.
 */
#ifndef FLEET_ORCHESTRATOR_REPAIRING_H
#define FLEET_ORCHESTRATOR_REPAIRING_H

#include "orchestrator/workspace.h"

/* Whether the command line has an order: --verdict, --continue-from or --taken-back. */
bool repairing_is_asked(const struct arguments *arguments);

/* Shows the stoppage, asks, sends the order and reports; or, with --out, writes it for others to
   sign. The exit status; err says what failed besides the target. */
int repairing_run(struct workspace *workspace, const struct invocation *invocation,
                  const struct selection *selection, struct error *err);

#endif
