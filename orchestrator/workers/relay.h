/*
 * relay - hands requests to run to the workers that share the store, and their replies back.
 *
 * For a dispatcher it stands in the place of http_client: requests are added, and one call works
 * until each has ended. The workers (worker.h) send them to the agents.
 */
#ifndef FLEET_ORCHESTRATOR_WORKERS_RELAY_H
#define FLEET_ORCHESTRATOR_WORKERS_RELAY_H

#include "common/wire.h"
#include "orchestrator/http_client.h"
#include "orchestrator/store/store.h"

struct relay;

#define RELAY_NO_WORKER "no worker shares the store: start some with fleet worker"

/* The store is borrowed, and used from within relay_run alone. */
struct relay *relay_new(struct store *store, const struct clock *clock) MUST_USE;
void relay_free(struct relay *relay);
AUTO_DEFINE(relay)

/* What is borrowed must last until relay_run returns. */
void relay_add(struct relay *relay, const char *agent, const struct run_request *request,
               http_reply_function function, void *context);

/* From loop->woken: agents are asked to begin nothing more, and what no worker has begun ends with
   ERROR_CANCELLED. */
void relay_stop(struct relay *relay);

/*
 * Works until every request has had its REPLY_END or REPLY_ERROR and loop->done says so; calls
 * loop->woken often, and REPLY_HEARTBEAT for the first request that waits. Requests of one rollout.
 * ERROR_CONNECT before anything is handed over if no worker is alive. When none was for
 * WORKERLESS_MS, each open request ends with ERROR_UNKNOWN.
 */
enum { WORKERLESS_MS = 60 * 1000 };
bool relay_run(struct relay *relay, const struct http_loop *loop, struct error *err) MUST_USE;

#endif
