/*
 * rollout - the execution of a plan: what to send to whom, and what came of each target.
 *
 * The decisions are rollout_state's. Around them rollout_run puts the store and the dispatcher:
 * intentions are durable before anything is sent, outcomes soon after they are known. What is taken
 * back is a rollout of its own in the store, of the same plan, with a higher epoch: so nothing that
 * was sent before it can still begin on a target after it. So is what goes on with a rollout that
 * was cut off.
 */
#ifndef FLEET_ORCHESTRATOR_ROLLOUT_H
#define FLEET_ORCHESTRATOR_ROLLOUT_H

#include "inventory/inventory.h"
#include "orchestrator/dispatcher.h"
#include "orchestrator/rollout_state.h"
#include "orchestrator/rollout_terms.h"
#include "orchestrator/store/store.h"
#include "plans/plan.h"

/* Sees the state after each event; event is NULL for a heartbeat. */
typedef void (*rollout_observer)(void *context, const struct rollout_state *state, size_t job,
                                 const struct run_event *event);

/* What the operator does meanwhile; called by the threads that run the rollout. */
struct rollout_control {
    bool (*stop_asked)(void *context);
    /* Waits so long, or until a stop is asked for. */
    void (*pause)(void *context, int64_t ms);
    void *context;
};

struct rollout_settings {
    const struct plan *plan;
    const struct inventory *inventory;
    const struct rollout_terms *terms;
    const char *first; /* id of the rollout that is gone on with; NULL: this one begins anew */
    struct dispatcher *dispatcher;
    struct store *store;
    const struct clock *clock;
    const char *operator_name;
    int64_t epoch_seen; /* the highest of the survey */
    bool at_once;       /* the wave that comes first need not wait for a soak or a gate */
    struct rollout_control control;
    rollout_observer observer;
    /* Before each wave, each pause between two, and each wave that is taken back: the phase tells
       which. */
    void (*announce)(void *context, const struct rollout_state *state);
    void *context;
};

/* Gives each of the plan's targets its wave, in a state before its beginning. The state is the
   caller's, released with rollout_state_free. */
bool rollout_prepare(const struct plan *plan, const struct inventory *inventory,
                     const struct rollout_terms *terms, struct rollout_state *state,
                     struct error *err) MUST_USE;

/* Runs a prepared rollout to its end. False is for failures of our own (store, memory of the
   network), not of targets. */
bool rollout_run(const struct rollout_settings *settings, struct rollout_state *state,
                 struct error *err) MUST_USE;

#endif
