/* orders - the requests that are answered at once. */
#ifndef FLEET_AGENTS_DAEMON_ORDERS_H
#define FLEET_AGENTS_DAEMON_ORDERS_H

struct exchange;

/* GET /healthz: name, version, format numbers, number of targets, whether it drains. */
void handle_health(struct exchange *exchange);

/* POST /v1/stop: no further job of the rollout begins. */
void handle_stop(struct exchange *exchange);

#endif
