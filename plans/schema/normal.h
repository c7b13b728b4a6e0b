/*
 * normal - conditions and defaults in one form of all that say the same.
 *
 * Engines keep a condition in words of their own: PostgreSQL makes comparisons of BETWEEN, MySQL
 * pushes NOT inwards. NOT stands nowhere in a normal condition, nor BETWEEN and IN; what is a
 * BOOLEAN by itself is compared with FALSE; AND and OR have no AND and OR directly within. Pure.
 */
#ifndef FLEET_PLANS_SCHEMA_NORMAL_H
#define FLEET_PLANS_SCHEMA_NORMAL_H

#include "common/arena.h"
#include "plans/schema/operation.h"

/* Of a condition whose classes are told (expression.h); columns are those of the same constraint.
 */
struct expression *normal_condition(struct arena *arena, const struct expression *condition);

/* Of a default that is a literal or a string. */
const char *normal_default(struct arena *arena, const struct column *column);

#endif
