/* foreign_rows - what another tool's history on a target says, by the agent's own fixed queries. */
#ifndef FLEET_AGENTS_FOREIGN_ROWS_H
#define FLEET_AGENTS_FOREIGN_ROWS_H

#include "agents/engine.h"
#include "common/arena.h"
#include "common/foreign.h"

/* Only reads. A table that is not there is an answer; one that is not the tool's fails, and so do
   more than FOREIGN_ROWS_MAX rows. Rows go to the arena. */
bool foreign_rows_read(struct session *session, const struct foreign_request *request,
                       struct arena *arena, struct foreign_history *history,
                       struct error *err) MUST_USE;

#endif
