/* slot - one task at a time, in a thread of its own. */
#ifndef FLEET_ORCHESTRATOR_WORKERS_SLOT_H
#define FLEET_ORCHESTRATOR_WORKERS_SLOT_H

#include "orchestrator/store/store_tasks.h"
#include "orchestrator/workers/worker.h"

/* What slots share with the worker's main thread. The functions may be called from any thread. */
struct slot_owner {
    const struct worker_settings *settings;
    /* What an agent replied, as JSON. */
    void (*leave)(void *context, const struct task *task, const char *message, bool last);
    /* A slot has become idle. */
    void (*idle)(void *context);
    /* The whole plan that a task is of; NULL if the store does not have it. */
    struct plan *(*read_plan)(void *context, const struct digest *digest, struct error *err);
    void *context;
};

struct slot;

struct slot *slot_new(const struct slot_owner *owner, struct error *err) MUST_USE;
/* Waits for the task under way. */
void slot_free(struct slot *slot);
AUTO_DEFINE(slot)

/* From the main thread: */
bool slot_is_idle(struct slot *slot);
/* Begins a task; copies it. The slot is idle. */
void slot_begin(struct slot *slot, const struct task *task);
/* Asks the agent of that task, if the slot has it, to begin nothing more. */
void slot_stop(struct slot *slot, const char *rollout, int64_t number);

#endif
