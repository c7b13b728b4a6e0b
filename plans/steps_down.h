/*
 * steps_down - a group's steps back: what was applied last goes first.
 *
 * The scripts are those of the plan that applied a migration, never today's files. Repeatables
 * stay: they have no place in the order of versions.
 */
#ifndef FLEET_PLANS_STEPS_DOWN_H
#define FLEET_PLANS_STEPS_DOWN_H

#include "plans/planning.h"

/* For GOAL_DOWN_TO and GOAL_DOWN_STEPS. A target that never had `to` goes back past everything
   applied since its first version above it. */
void steps_down(const struct planning *planning, const struct target_group *group,
                struct step_list *steps);

/* For a group that was cut off on its way back; false if it was not, or if the script is not known.
 */
bool steps_finish_way_back(const struct planning *planning, const struct target_group *group,
                           struct step_list *steps);

#endif
