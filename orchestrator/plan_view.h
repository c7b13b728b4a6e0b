/* plan_view - a plan for people: cohorts, each recipe's steps, their SQL on demand. */
#ifndef FLEET_ORCHESTRATOR_PLAN_VIEW_H
#define FLEET_ORCHESTRATOR_PLAN_VIEW_H

#include "orchestrator/terminal.h"
#include "plans/plan.h"

struct plan_view {
    bool sql;          /* print the scripts too */
    size_t up_to_date; /* targets that were surveyed and have nothing to do */
    const char *idle;  /* how to call those in words; NULL: "up to date" */
};

void plan_view_print(const struct plan *plan, const struct plan_view *view,
                     const struct terminal *terminal);

/* The plan's summary as JSON: environment, digest, recipes with their targets and steps. */
void plan_view_print_json(const struct plan *plan, const struct plan_view *view,
                          const struct terminal *terminal);

#endif
