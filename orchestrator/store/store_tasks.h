/*
 * store_tasks - a wave's work on its way from the command that conducts it to the workers that
 * share its store, and back. In PostgreSQL only.
 *
 * A task is one agent's share of a wave, claimed by one worker at a time. What the agent replies
 * the worker leaves in the store, in order, and the conductor takes it from there. A worker holds
 * the lease "worker NAME"; when that ends, another may claim its tasks. Nobody claims tasks of a
 * rollout whose own lease has ended.
 */
#ifndef FLEET_ORCHESTRATOR_STORE_STORE_TASKS_H
#define FLEET_ORCHESTRATOR_STORE_STORE_TASKS_H

#include "orchestrator/store/store.h"

struct task {
    const char *rollout;
    int64_t number; /* within the rollout */
    int64_t claim;  /* how often it was claimed: what a worker says of a task that it lost is left
                       out */
    const char *agent;
    const char *request; /* struct run_request, as JSON */
};

/* The conductor's. */
bool store_offer_tasks(struct store *store, const struct task *tasks, size_t count,
                       struct error *err) MUST_USE;

/* Each reply once, of each task in order; a message is a struct reply, as JSON. */
typedef void (*task_reply_function)(void *context, int64_t number, const char *message);
bool store_take_replies(struct store *store, const char *rollout, task_reply_function function,
                        void *context, struct error *err) MUST_USE;

/* Their agents are asked to begin nothing more; a task that nobody has claimed is withdrawn, and
   function is called for it, with message NULL. */
bool store_stop_tasks(struct store *store, const char *rollout, task_reply_function function,
                      void *context, struct error *err) MUST_USE;

bool store_remove_tasks(struct store *store, const char *rollout, struct error *err) MUST_USE;

bool store_count_workers(struct store *store, int64_t *count, struct error *err) MUST_USE;

/* A worker's. Tasks are in the arena, at most limit of them. */
bool store_claim_tasks(struct store *store, const char *worker, size_t limit, struct arena *arena,
                       struct task **tasks, size_t *count, struct error *err) MUST_USE;

struct task_reply {
    const char *rollout;
    int64_t number;
    int64_t claim;
    int64_t seq; /* rises within a claim */
    const char *message;
    bool last; /* the task is at its end */
};
/* In one transaction. */
bool store_leave_replies(struct store *store, const struct task_reply *replies, size_t count,
                         struct error *err) MUST_USE;

/* Calls function for each task of the worker that was stopped. */
typedef void (*task_function)(void *context, const char *rollout, int64_t number);
bool store_find_stopped(struct store *store, const char *worker, task_function function,
                        void *context, struct error *err) MUST_USE;

#endif
