/* stoppage_view - a stoppage for people: the statements, why it stopped, what may be done. */
#ifndef FLEET_ORCHESTRATOR_STOPPAGE_VIEW_H
#define FLEET_ORCHESTRATOR_STOPPAGE_VIEW_H

#include "orchestrator/stoppage.h"

/* Everything that came from a database, a file or an agent is escaped. */
void stoppage_print(const struct stoppage *stoppage, const struct terminal *terminal);

#endif
