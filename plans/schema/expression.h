/* expression - whether a condition means the same on every engine. Pure. */
#ifndef FLEET_PLANS_SCHEMA_EXPRESSION_H
#define FLEET_PLANS_SCHEMA_EXPRESSION_H

#include "common/error.h"
#include "plans/schema/operation.h"

enum value_class expression_class_of(const struct column *column);

/* The columns of the CHECK are in the table, and operands are of classes that every engine takes
   together; fills in the classes. Else ERROR_CONFLICT. */
bool expression_check(const struct table *table, const struct constraint *constraint,
                      struct error *err) MUST_USE;

#endif
