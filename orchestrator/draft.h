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
    struct survey_question question;
    const char *const *each_to; /* instead of `to`, for each item of the survey: NULL leaves the
                                   target out. NULL: there is none */
    int64_t expires_ms;         /* how long the plan may wait to be applied; 0: a day */
};

/*
 * In two steps, where what the survey found decides about the goal: first the selection and its
 * survey, then the plan, signed with the operator's key if there is one. False: *status is the exit
 * status, and the problems are reported, or err says what failed.
 */
bool draft_survey(struct workspace *workspace, const struct draft_goal *goal, struct draft *draft,
                  struct error *err) MUST_USE;
bool draft_plan(struct workspace *workspace, const struct invocation *invocation,
                const struct draft_goal *goal, struct draft *draft, int *status,
                struct error *err) MUST_USE;

/* Both at once. */
bool draft_make(struct workspace *workspace, const struct invocation *invocation,
                const struct draft_goal *goal, struct draft *draft, int *status,
                struct error *err) MUST_USE;

/* The header of a plan made now for an environment, with a nonce of its own; expires_ms as in
   draft_goal. In the arena. */
struct plan_header draft_header(struct workspace *workspace, const struct invocation *invocation,
                                const struct environment *environment, int64_t expires_ms,
                                struct arena *arena);
/* Signs with the operator's key, if there is one. */
bool draft_sign(struct workspace *workspace, struct plan *plan, struct error *err) MUST_USE;

/* Prints what the survey could not reach, one line each, to the messages. */
void draft_report_unreached(const struct draft *draft, const struct terminal *terminal);

#endif
