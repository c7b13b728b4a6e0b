/*
 * promotion - whether what a plan brings has succeeded before, on all targets that must have it.
 *
 * `requires = test`: each version, and each repeatable, that the plan brings must stand in the
 * history of every target of test as the last word about it: run, not only marked by a baseline,
 * from the same source bytes, and on targets of the same engine with the same rendered ones. An
 * engine that no such target has was never tried. What does not run in that environment at all
 * ("-- fleet: env=prod", or no script for the engine) cannot have succeeded there, and need not.
 */
#ifndef FLEET_PLANS_PROMOTION_H
#define FLEET_PLANS_PROMOTION_H

#include "common/diagnostics.h"
#include "common/history.h"
#include "plans/migrations.h"
#include "plans/plan.h"

/* A target of the required environment. */
struct witness {
    const char *name;
    enum engine_kind engine;
    const struct history_row *rows; /* in order */
    size_t count;
    const struct error *error; /* why its history could not be read; NULL if it was */
};

/* Adds a fault for each thing that is missing, with the targets it is missing on counted and the
   first named. Names of witnesses must outlive the call only. */
void promotion_check(const struct plan *plan, const char *required,
                     const struct migrations *migrations, const struct witness *witnesses,
                     size_t count, struct diagnostics *faults);

#endif
