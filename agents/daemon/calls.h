/*
 * calls - the requests that take time: each runs on a thread of its own and answers as a stream.
 *
 * When its client is lost a run is stopped: what runs goes on to its end, nothing more begins.
 */
#ifndef FLEET_AGENTS_DAEMON_CALLS_H
#define FLEET_AGENTS_DAEMON_CALLS_H

struct exchange;

/* POST /v1/status, /v1/history, /v1/examine and /v1/run; see common/wire.h. */
void handle_status(struct exchange *exchange);
void handle_history(struct exchange *exchange);
void handle_schema(struct exchange *exchange);
void handle_examine(struct exchange *exchange);
void handle_confirm(struct exchange *exchange);
void handle_plan_health(struct exchange *exchange);
void handle_run(struct exchange *exchange);

#endif
