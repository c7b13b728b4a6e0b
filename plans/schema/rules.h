/* rules - what every engine has to be able to do, told before any of them is asked. Pure. */
#ifndef FLEET_PLANS_SCHEMA_RULES_H
#define FLEET_PLANS_SCHEMA_RULES_H

#include "common/error.h"
#include "plans/schema/model.h"

/* NULL if the table has no such column. */
struct column *rules_find_column(const struct table *table, const char *name);

bool rules_has_name(const struct name_list *names, const char *name);

/* A free name, as PostgreSQL would name it: engines would each find another. Not of a primary key.
   Memory is the model's. */
const char *rules_constraint_name(const struct model *model, const struct table *table,
                                  const struct constraint *constraint);

/* All of these: ERROR_CONFLICT. */

/* No table, index or constraint has the name: engines keep them together, each in its way. */
bool rules_check_name(const struct model *model, const char *name, struct error *err) MUST_USE;

/* Its type is of a size that there is, and its default and identity fit it. */
bool rules_check_column(const struct column *column, struct error *err) MUST_USE;

/* Columns of a primary key become NOT NULL, which SQLite would not do by itself, and other
   constraints get names. */
bool rules_check_table(const struct model *model, struct table *table, struct error *err) MUST_USE;

/* Of a table whose columns are right. */
bool rules_check_constraints(const struct model *model, struct table *table,
                             struct error *err) MUST_USE;

/* The columns are there. */
bool rules_check_key(const struct table *table, const struct name_list *columns,
                     struct error *err) MUST_USE;

/* table is NULL if it is not known. */
bool rules_check_added(const struct table *table, const struct column *column,
                       struct error *err) MUST_USE;
bool rules_check_dropped(const struct model *model, const struct table *table,
                         const char *table_name, const char *column, struct error *err) MUST_USE;

/* No foreign key of another table leads to the table or, unless NULL, the column. */
bool rules_check_unreferenced(const struct model *model, const char *table, const char *column,
                              struct error *err) MUST_USE;

#endif
