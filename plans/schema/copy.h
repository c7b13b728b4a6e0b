/* copy - what a model holds shares nothing that a rename changes with an operation. Pure. */
#ifndef FLEET_PLANS_SCHEMA_COPY_H
#define FLEET_PLANS_SCHEMA_COPY_H

#include "common/arena.h"
#include "plans/schema/operation.h"

struct table *copy_table(struct arena *arena, const struct table *table) MUST_USE;
struct constraint copy_constraint(struct arena *arena, const struct constraint *constraint);
struct index copy_index(struct arena *arena, const struct index *index);

#endif
