/* render_engines - where engines do not say an operation the common way. Pure; as in render.h. */
#ifndef FLEET_PLANS_SCHEMA_RENDER_ENGINES_H
#define FLEET_PLANS_SCHEMA_RENDER_ENGINES_H

#include "plans/schema/render_sql.h"

bool postgresql_alter_column(struct renderer *renderer, const struct operation *operation) MUST_USE;
bool postgresql_add_constraint(struct renderer *renderer,
                               const struct operation *operation) MUST_USE;
bool postgresql_drop_constraint(struct renderer *renderer,
                                const struct operation *operation) MUST_USE;
bool postgresql_create_index(struct renderer *renderer, const struct operation *operation) MUST_USE;
bool postgresql_drop_index(struct renderer *renderer, const struct operation *operation) MUST_USE;

/* These four: ERROR_UNSUPPORTED if a key is on what MySQL cannot index. */
bool mysql_create_table(struct renderer *renderer, const struct operation *operation) MUST_USE;
bool mysql_alter_column(struct renderer *renderer, const struct operation *operation) MUST_USE;
bool mysql_add_constraint(struct renderer *renderer, const struct operation *operation) MUST_USE;
bool mysql_create_index(struct renderer *renderer, const struct operation *operation) MUST_USE;

bool mysql_add_column(struct renderer *renderer, const struct operation *operation) MUST_USE;
bool mysql_drop_column(struct renderer *renderer, const struct operation *operation) MUST_USE;
bool mysql_rename_column(struct renderer *renderer, const struct operation *operation) MUST_USE;
bool mysql_drop_constraint(struct renderer *renderer, const struct operation *operation) MUST_USE;
bool mysql_drop_index(struct renderer *renderer, const struct operation *operation) MUST_USE;

/* ERROR_UNSUPPORTED if the table is not known. */
bool sqlite_rebuild(struct renderer *renderer, const struct operation *operation) MUST_USE;
bool sqlite_add_column(struct renderer *renderer, const struct operation *operation) MUST_USE;

/* Whether it needs the rebuild. */
bool sqlite_adds_by_rebuild(const struct operation *operation);

#endif
