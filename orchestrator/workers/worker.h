/*
 * worker - sends to agents what a command on another machine conducts, and tells it what they say.
 *
 * It claims tasks of the store that it shares with the conductor (store_tasks.h), a thread for each
 * that is under way. What agents reply goes to the store in batches. A task that another worker had
 * and lost is settled first (takeover.h).
 */
#ifndef FLEET_ORCHESTRATOR_WORKERS_WORKER_H
#define FLEET_ORCHESTRATOR_WORKERS_WORKER_H

#include <stdio.h>

#include "common/clock.h"
#include "common/random.h"
#include "common/tls.h"
#include "inventory/inventory.h"
#include "orchestrator/store/store.h"

enum { WORKER_PARALLEL_MAX = 256 };

struct worker_settings {
    struct store *store;      /* borrowed; used by one thread at a time */
    struct store_place place; /* of the same, for the lease */
    const struct inventory *inventory;
    struct tls_files files; /* of the operator; each task's thread has an identity of its own */
    const struct clock *clock;
    const struct random_source *random;
    size_t parallel; /* tasks at once, 1 to WORKER_PARALLEL_MAX */
    FILE *messages;  /* what it cannot tell to anybody else */
    bool (*stop_asked)(
        void *context); /* true: what is under way comes to its end, and nothing begins */
    void *context;
};

/* Works until a stop is asked for. */
bool worker_run(const struct worker_settings *settings, struct error *err) MUST_USE;

#endif
