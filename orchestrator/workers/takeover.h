/*
 * takeover - what became of a request to run whose worker died, and what of it is left to ask for.
 *
 * The agent goes on without whoever asked it, and keeps what comes of each job. It is asked for
 * that until it is not at work for the rollout any more; jobs of which nothing is known then were
 * never begun, or were cut off with the agent, and are asked for again. What such a job did already
 * its target's history says.
 */
#ifndef FLEET_ORCHESTRATOR_WORKERS_TAKEOVER_H
#define FLEET_ORCHESTRATOR_WORKERS_TAKEOVER_H

#include "orchestrator/dispatcher.h"

/* What came of the jobs that have an end goes to function as REPLY_EVENT, from several threads one
   at a time. left has the places, among the slice's targets, of the others. False if the agent does
   not say. */
bool takeover_settle(struct dispatcher *dispatcher, const struct call *call,
                     const struct slice *slice, call_reply_function function, void *context,
                     size_t *left, size_t *left_count, struct error *err) MUST_USE;

#endif
