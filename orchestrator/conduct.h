/*
 * conduct - runs a rollout in the foreground: its waves, its progress, Ctrl-C, and what came of it.
 */
#ifndef FLEET_ORCHESTRATOR_CONDUCT_H
#define FLEET_ORCHESTRATOR_CONDUCT_H

#include "orchestrator/command.h"
#include "orchestrator/rollout.h"
#include "orchestrator/rollout_report.h"
#include "orchestrator/workspace.h"

struct conduct {
    struct rollout_subject subject;
    const struct rollout_terms *terms;
    const char *first; /* as in rollout_settings */
    bool at_once;      /* as there */
    enum report_form form;
};

/* The state is prepared. Returns the exit status; err says what failed besides targets. */
int conduct_run(struct workspace *workspace, const struct invocation *invocation,
                const struct conduct *conduct, struct rollout_state *state, struct error *err);

#endif
