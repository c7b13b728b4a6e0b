/*
 * planning - what the parts of the planner work on: the request, and one applied set at a time.
 *
 * Internal to plans/: planner.c groups the targets, steps_up and steps_down find a group's steps.
 */
#ifndef FLEET_PLANS_PLANNING_H
#define FLEET_PLANS_PLANNING_H

#include "plans/migration_facts.h"
#include "plans/plan_builder.h"
#include "plans/planner.h"
#include "plans/problems.h"

struct planning {
    const struct plan_request *request;
    struct plan_builder *builder;
    struct problems *problems;
    struct fact_finder *facts;
};

/* The targets of one engine that have the same applied set and shall go to the same version. */
struct target_group {
    enum engine_kind engine;
    const struct applied *applied;
    size_t applied_count;
    const char *to;  /* NULL: as far as it goes */
    bool going_back; /* target_state says what it means */
    struct concern concern;
    const struct plan_recipe *recipe; /* NULL when there is nothing to do */
};

/* Steps in the order in which they run. */
struct step_list {
    struct plan_step *items;
    size_t count;
    size_t capacity;
};

void step_list_add(struct step_list *list, const struct plan_step *step);
void step_list_free(struct step_list *list);
#define AUTO_STEP_LIST __attribute__((cleanup(step_list_free)))

/* The index of the versioned migration; false if the folder has none with that version. */
bool planning_find_version(const struct migrations *migrations, const char *version, size_t *index);

/* The step that brought what is applied, by the request's source; NULL if it is not known. */
const struct plan_step *planning_find_step(const struct planning *planning,
                                           const struct target_group *group,
                                           const struct applied *applied);

#endif
