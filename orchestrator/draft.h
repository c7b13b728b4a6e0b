/*
 * draft - a plan for the selected targets, before anyone has agreed to it: survey, migrations and
 * policy into planner_plan.
 */
#ifndef FLEET_ORCHESTRATOR_DRAFT_H
#define FLEET_ORCHESTRATOR_DRAFT_H

#include "orchestrator/workspace.h"
#include "plans/planner.h"

struct draft {
    struct selection selection;
    const struct environment *environment; /* the one of all selected targets */
    struct survey *survey;
    struct plan *plan;
};

void draft_free(struct draft *draft);

struct draft_goal {
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
bool draft_make(struct workspace *workspace, const struct invocation *invocation,
                const struct draft_goal *goal, struct draft *draft, int *status,
                struct error *err) MUST_USE;

/* Prints what the survey could not reach, one line each, to the messages. */
void draft_report_unreached(const struct draft *draft, const struct terminal *terminal);

#endif
