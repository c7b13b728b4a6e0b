/* rollout_jobs - what a rollout's decisions ask of its jobs, for the files that make up
   rollout_state. */
#ifndef FLEET_ORCHESTRATOR_ROLLOUT_JOBS_H
#define FLEET_ORCHESTRATOR_ROLLOUT_JOBS_H

#include "orchestrator/rollout_state.h"

/* What the event says of a job, or of the operator's wish. */
void jobs_take(struct rollout_state *state, const struct rollout_event *event);

bool jobs_spend_the_budget(const struct rollout_state *state);

/* Jobs of the wave that have no end. */
size_t jobs_open(const struct rollout_state *state, size_t wave);

/* The newest wave with something to take back, below a limit; false, and 0, if there is none. */
bool jobs_find_wave_back(const struct rollout_state *state, size_t below, size_t oldest,
                         size_t *wave);

/* What the wave has applied is to be taken back now. */
void jobs_begin_way_back(struct rollout_state *state, size_t wave);

/* Those without an end never begin. */
void jobs_skip_the_rest(struct rollout_state *state);

#endif
