/*
 * resumption - the state of a rollout that was cut off, from what the store knows of its jobs.
 *
 * What ended keeps its end and counts in the budget. A job that nobody told of, that never began or
 * that stopped inside a step has none, and is sent again: its agent knows what it did. Where jobs
 * only go back, one that stopped inside a step is left to a person. A way back that failed is tried
 * again. Pure.
 */
#ifndef FLEET_ORCHESTRATOR_RESUMPTION_H
#define FLEET_ORCHESTRATOR_RESUMPTION_H

#include "orchestrator/rollout_state.h"
#include "orchestrator/store/store.h"

/* Into a prepared state, whose back_begun may be set, before rollout_adopt_end. Fails on a job that
 * is none of the plan's. */
bool resumption_adopt(const struct course *course, const struct course_job *jobs, size_t count,
                      struct rollout_state *state, struct error *err) MUST_USE;

#endif
