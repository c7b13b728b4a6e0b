/*
 * rollout - the execution of a plan: what to send to whom, and what came of each target.
 *
 * The decisions are pure (rollout_state below): replies go in, and whether to stop comes out.
 * Around them rollout_run puts the store and the dispatcher: intentions are durable before anything
 * is sent, outcomes soon after they are known.
 */
#ifndef FLEET_ORCHESTRATOR_ROLLOUT_H
#define FLEET_ORCHESTRATOR_ROLLOUT_H

#include "inventory/inventory.h"
#include "orchestrator/dispatcher.h"
#include "orchestrator/store.h"
#include "plans/plan.h"

struct rollout_job {
    const struct plan_target *target;
    const struct target *inventory_target;
    bool begun;
    bool ended;
    enum job_state state; /* when ended */
    size_t steps_done;
    int64_t began_ms; /* monotonic */
    int64_t ended_ms;
    struct error error; /* why, unless it was applied */
};

struct rollout_state {
    struct rollout_job *jobs; /* as plan->targets */
    size_t count;
    size_t running;
    size_t applied;
    size_t failed; /* ended in any other way but skipped */
    size_t skipped;
    size_t failed_before; /* targets that were out of reach when the plan was made */
    int64_t failures_allowed;
    bool stopped;
};

/* Takes an event of a job into the state; true when it is the one that spends the budget. */
bool rollout_take_event(struct rollout_state *state, size_t job, const struct run_event *event,
                        int64_t now_ms) MUST_USE;

/* Splits max_parallel over the agents by their numbers of jobs, at least one each. */
void rollout_share_parallel(int max_parallel, const size_t *jobs, size_t agents, int *shares);

/* Sees the state after each event; event is NULL for a heartbeat. */
typedef void (*rollout_observer)(void *context, const struct rollout_state *state, size_t job,
                                 const struct run_event *event);

struct rollout_settings {
    const struct plan *plan;
    const struct inventory *inventory;
    const struct policy *policy;
    struct dispatcher *dispatcher;
    struct store *store;
    const struct clock *clock;
    const char *operator_name;
    int64_t epoch_seen; /* the highest of the survey */
    size_t failed_before;
    size_t total; /* targets that shares are of */
    rollout_observer observer;
    void *context;
};

/* Runs the plan to its end. The state is the caller's, released with rollout_state_free; false is
   for failures of our own (store, memory of the network), not of targets. */
bool rollout_run(const struct rollout_settings *settings, struct rollout_state *state,
                 struct error *err) MUST_USE;
void rollout_state_free(struct rollout_state *state);

#endif
