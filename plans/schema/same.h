/* same - whether parts of schemas say the same. Pure. */
#ifndef FLEET_PLANS_SCHEMA_SAME_H
#define FLEET_PLANS_SCHEMA_SAME_H

#include "plans/schema/operation.h"

/* In what that alteration would change. */
bool same_in(enum alteration alteration, const struct column *one, const struct column *other);

/* Names count where both were given one; a CHECK has one that may be the model's. */
bool same_constraint(const struct constraint *one, const struct constraint *other);

bool same_index(const struct index *one, const struct index *other);

/* Whether both have columns of the same names and types. */
bool same_columns(const struct table *one, const struct table *other);

#endif
