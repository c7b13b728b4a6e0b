/*
 * plan_builder - puts a plan together: scripts and recipes are kept once each, then sealed.
 *
 * The texts of steps are borrowed and must live as long as the plan: take them from the builder's
 * arena, which becomes the plan's. Scripts' bytes, the header and the targets are copied.
 */
#ifndef FLEET_PLANS_PLAN_BUILDER_H
#define FLEET_PLANS_PLAN_BUILDER_H

#include "plans/plan.h"

struct plan_builder;

struct plan_builder *plan_builder_new(void) MUST_USE;
void plan_builder_free(struct plan_builder *builder);
AUTO_DEFINE(plan_builder)

struct arena *plan_builder_arena(struct plan_builder *builder);

/* The script with these bytes, for a plan_part. Only those that a recipe uses go into the plan. */
const struct plan_script *plan_builder_script(struct plan_builder *builder, const char *sql,
                                              size_t length);

/* The recipe with these steps, for a plan_target; valid until the plan is sealed. */
const struct plan_recipe *plan_builder_recipe(struct plan_builder *builder, enum engine_kind engine,
                                              const struct plan_step *steps, size_t count);

/* The plan, unsigned, with the targets sorted by name; names must differ, and each recipe is one
   that the builder gave. The builder can only be freed after it. */
struct plan *plan_builder_seal(struct plan_builder *builder, const struct plan_header *header,
                               const struct plan_target *targets, size_t count) MUST_USE;

#endif
