/* grouping - from the pieces that a tool's reader found to migrations of ours. */
#ifndef FLEET_ORCHESTRATOR_IMPORT_GROUPING_H
#define FLEET_ORCHESTRATOR_IMPORT_GROUPING_H

#include "orchestrator/import.h"
#include "orchestrator/import/tools.h"

/* Pure; faults and notes go to the reading's lists. */
void group_pieces(struct reading *reading, const struct import_tool *tool, struct import *import);

#endif
