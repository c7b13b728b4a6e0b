/* postgresql_type - types as PostgreSQL's format_type prints them. Pure. */
#ifndef FLEET_PLANS_INTROSPECTION_POSTGRESQL_TYPE_H
#define FLEET_PLANS_INTROSPECTION_POSTGRESQL_TYPE_H

#include "plans/schema/words.h"

/* Type, size and scale of the column; size is 0 where none is said. ERROR_UNSUPPORTED for a type
   that portable DDL does not have. */
bool postgresql_type_read(struct parser *parser, struct column *column) MUST_USE;

#endif
