/* model_alter - what model_apply does to columns and constraints of a table that is there. Pure. */
#ifndef FLEET_PLANS_SCHEMA_MODEL_ALTER_H
#define FLEET_PLANS_SCHEMA_MODEL_ALTER_H

#include "plans/schema/model.h"

/* Before and after a change of the table, NULL if it is not known: fill in what is around the
   operation and its inverse. */
void model_begin_change(const struct model *model, const struct table *table,
                        struct operation *operation);
void model_end_change(const struct model *model, const struct table *table,
                      struct operation *operation, struct operation *inverse);

/* ERROR_CONFLICT. */
bool model_add_constraint(struct model *model, struct operation *operation,
                          struct operation *inverse, struct error *err) MUST_USE;
bool model_drop_constraint(struct model *model, struct operation *operation,
                           struct operation *inverse, struct error *err) MUST_USE;
bool model_alter_column(struct model *model, struct operation *operation, struct operation *inverse,
                        struct error *err) MUST_USE;

#endif
