/*
 * resuming - goes on with the newest rollout of an environment: what resume, rollout continue and
 * rollout abort share.
 */
#ifndef FLEET_ORCHESTRATOR_RESUMING_H
#define FLEET_ORCHESTRATOR_RESUMING_H

#include "orchestrator/command.h"
#include "orchestrator/workspace.h"

struct resuming_wish {
    const char *environment;
    bool at_once; /* the next wave waits for no soak and no gate */
    bool back;    /* all of it is taken back, whatever on_failure says */
};

/* The exit status; err says what failed besides targets. Takes --yes and --output. */
int resuming_run(struct workspace *workspace, const struct invocation *invocation,
                 const struct resuming_wish *wish, struct error *err);

#endif
