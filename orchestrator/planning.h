/*
 * planning - a plan for the selected targets: survey, migrations and policy into planner_plan.
 */
#ifndef FLEET_ORCHESTRATOR_PLANNING_H
#define FLEET_ORCHESTRATOR_PLANNING_H

#include "orchestrator/workspace.h"
#include "plans/planner.h"

struct planning {
    struct selection selection;
    const struct environment *environment; /* the one of all selected targets */
    struct survey *survey;
    struct plan *plan;
};

void planning_free(struct planning *planning);

struct planning_goal {
    enum plan_goal goal;
    const char *to;
    int steps;
    enum operand_meaning operands;
    bool fingerprint;   /* also take the targets' fingerprints */
    int64_t expires_ms; /* how long the plan may wait to be applied; 0: a day */
};

/*
 * Surveys the selection, plans and signs with the operator's key if there is one. False: *status
 * is the exit status, and the problems are reported, or err says what failed.
 */
bool planning_make(struct workspace *workspace, const struct invocation *invocation,
                   const struct planning_goal *goal, struct planning *planning, int *status,
                   struct error *err) MUST_USE;

/* Prints what the survey could not reach, one line each, to the messages. */
void planning_report_unreached(const struct planning *planning, const struct terminal *terminal);

#endif
