/* executor_health - the query of health_sql on one target, which must return no row. */
#ifndef FLEET_AGENTS_EXECUTOR_HEALTH_H
#define FLEET_AGENTS_EXECUTOR_HEALTH_H

#include "agents/engine.h"

/* In a transaction that can change nothing, for 10 s at most. ERROR_CHECK says how many rows came.
   Whoever has the session resets it before anything else. */
bool executor_health(struct session *session, const char *sql, struct error *err) MUST_USE;

#endif
