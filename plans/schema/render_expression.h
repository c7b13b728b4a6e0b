/* render_expression - a condition as the SQL of an engine. Pure. */
#ifndef FLEET_PLANS_SCHEMA_RENDER_EXPRESSION_H
#define FLEET_PLANS_SCHEMA_RENDER_EXPRESSION_H

#include "plans/schema/render_sql.h"

/* Its classes have been filled in (plans/schema/expression.h). */
void render_expression(const struct renderer *renderer, const struct constraint *constraint,
                       const struct expression *expression);

#endif
