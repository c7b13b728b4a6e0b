/*
 * attempt - the key of one try at one step on one target: the same on every delivery, unique in the
 * target's history, and telling of nothing but a plan that has the step. docs/execution.md gives
 * the bytes.
 */
#ifndef FLEET_PLANS_ATTEMPT_H
#define FLEET_PLANS_ATTEMPT_H

#include "plans/plan.h"

/* The direction may be another one than the step's: its way back, or a repair. */
struct digest attempt_key(const struct digest *plan, const char *target,
                          const struct plan_step *step, enum direction direction);

#endif
