/*
 * planner - from migrations and what is applied where, to a plan.
 *
 * Pure: values in, a plan or a list of problems out. Targets whose engine and applied set are equal
 * get the same recipe, found once, so the cost is that of the distinct sets, not of the targets.
 *
 * Pending is what has an up script for the engine, is not applied, and runs in the environment. A
 * repeatable is pending when its bytes are not those applied, and runs after all versions.
 */
#ifndef FLEET_PLANS_PLANNER_H
#define FLEET_PLANS_PLANNER_H

#include "common/diagnostics.h"
#include "plans/migrations.h"
#include "plans/plan.h"

/* What one target has now. Sets are shared by pointer between equal targets. */
struct target_state {
    const char *name;
    const char *agent; /* "local" for the in-process one */
    enum engine_kind engine;
    struct digest head;
    const char *identity; /* of the database, for the plan; NULL: the plan says nothing */
    int64_t timeline;
    const char *server; /* "PostgreSQL 15.7", for the release in the plan; NULL: it says none */
    bool read_only;     /* no plan is made for it: its history may lag behind its primary's */
    const struct applied_set *applied;
    const char *to;  /* instead of the request's, for this target alone; NULL: the request's */
    bool going_back; /* was cut off while it took back what was applied last: GOAL_UP means to
                        finish that, and no more, where the plan that brought it is known */
};

enum plan_goal {
    GOAL_UP,         /* to head, or to the version `to` */
    GOAL_DOWN_TO,    /* back until `to` is the newest applied; "0" for none */
    GOAL_DOWN_STEPS, /* back by `steps` migrations */
    GOAL_BASELINE    /* mark everything up to `to`, or all, as applied */
};

/* Finds the step of an earlier plan that brought `applied` on this engine, for its way back; NULL
   if that plan is not known. The step may be a down: then a failed rollback took itself back. */
struct step_source {
    const struct plan_step *(*find)(void *context, const struct applied *applied,
                                    enum engine_kind engine);
    void *context;
};

struct plan_request {
    struct plan_header header;
    enum plan_goal goal;
    const char *to;
    int steps;
    const struct migrations *migrations;
    const struct target_state *states;
    size_t state_count;
    const char *const *out_of_order; /* versions that may come late */
    size_t out_of_order_count;
    struct step_source source; /* for GOAL_DOWN_* and repeatables; find may be NULL */
};

/*
 * The plan, with targets that have something to do only; a plan without targets is fine. NULL when
 * there is a problem: edited, missing or out-of-order migrations, a step with no way back that
 * the policy does not allow, a script that cannot be split. Each is added once, with the targets
 * it concerns counted and the first named.
 */
struct plan *planner_plan(const struct plan_request *request,
                          struct diagnostics *problems) MUST_USE;

#endif
