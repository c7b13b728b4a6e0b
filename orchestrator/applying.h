/*
 * applying - shows a plan, asks, runs it and reports: what apply, rollback and baseline share.
 */
#ifndef FLEET_ORCHESTRATOR_APPLYING_H
#define FLEET_ORCHESTRATOR_APPLYING_H

#include "orchestrator/draft.h"

/* What is to be run, and against what it was checked. */
struct applying {
    const struct plan *plan;
    const struct environment *environment;
    const struct survey *survey;
    const char *verb;   /* for the question: "Apply", "Roll back" */
    const char *reason; /* why a baseline is right, or what a repair says, for the ledger; NULL:
                           nothing to say */
    bool may_take_back; /* as on_failure says; what goes back already is left to a person */
    bool detach;        /* it runs on in a process of its own */
    const char *idle;   /* how to call targets without steps; NULL: "up to date" */
};

/* The exit status; err says what failed besides targets. Takes --yes and --output. */
int applying_run(struct workspace *workspace, const struct invocation *invocation,
                 const struct applying *applying, struct error *err);

#endif
