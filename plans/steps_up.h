/*
 * steps_up - a group's steps towards the folder: what is pending, and baselines.
 *
 * Versioned migrations come in the order of their versions, then repeatables by name. Repeatables
 * wait while `to` leaves later versions pending, since they may need those. A repeatable that left
 * the folder stays as it is on the targets: to drop it takes a migration.
 */
#ifndef FLEET_PLANS_STEPS_UP_H
#define FLEET_PLANS_STEPS_UP_H

#include "plans/planning.h"

void steps_up(const struct planning *planning, const struct target_group *group,
              struct step_list *steps);

/* Marks what an empty history would run, up to `to`; a history with anything applied is a
   problem. Repeatables are not marked: they run with the next plan. */
void steps_baseline(const struct planning *planning, const struct target_group *group,
                    struct step_list *steps);

#endif
