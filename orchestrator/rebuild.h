/*
 * rebuild - a store that was lost, made again from what is left of it: the targets' histories and
 * fences, and the outcomes that agents kept for it.
 *
 * Only what the store lacks is added, so it may be done again, for targets that were out of reach.
 */
#ifndef FLEET_ORCHESTRATOR_REBUILD_H
#define FLEET_ORCHESTRATOR_REBUILD_H

#include "orchestrator/workspace.h"

/* Reads the selected targets, records, and reports on the terminal, also what cannot be known. The
   exit status: 1 when targets were out of reach. */
int rebuild_run(struct workspace *workspace, const struct invocation *invocation,
                const struct selection *selection, struct error *err);

#endif
