/*
 * worker_pool - a bounded number of threads that run tasks in the order they came.
 *
 * Database clients block, so work fans out over threads. They are started when there is work for
 * them and end after a while without any, so that an idle agent is small.
 */
#ifndef FLEET_AGENTS_WORKER_POOL_H
#define FLEET_AGENTS_WORKER_POOL_H

#include <stddef.h>

#include "common/scope.h"

struct worker_pool;

/* threads: how many at most, at least 1. None is started yet. */
struct worker_pool *worker_pool_new(size_t threads) MUST_USE;
/* Runs what was submitted to its end, then joins the threads. */
void worker_pool_free(struct worker_pool *pool);
AUTO_DEFINE(worker_pool)

typedef void (*worker_task)(void *context);

/* Runs task(context) on a thread of the pool; in the caller's when the system has no thread left.
 */
void worker_pool_submit(struct worker_pool *pool, worker_task task, void *context);

typedef void (*worker_item)(void *context, size_t index);

/*
 * Calls work(context, i) for each i below count, at most `parallel` at once, and returns when all
 * are done. The caller's thread takes part, so one item needs no other thread. Callers share
 * the threads fairly: after each item those that wait longer go first.
 */
void worker_pool_for_each(struct worker_pool *pool, size_t count, size_t parallel, worker_item work,
                          void *context);

#endif
