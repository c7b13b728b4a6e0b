/*
 * exchange - one request as a handler sees it: who asks for what, and how to answer.
 *
 * Before a handler is called the peer's certificate was checked anew, the route found, the role
 * and the size allowed. Every refusal is a JSON error, in the form of the last line of a stream.
 */
#ifndef FLEET_AGENTS_DAEMON_EXCHANGE_H
#define FLEET_AGENTS_DAEMON_EXCHANGE_H

#include "agents/daemon/routes.h"
#include "agents/daemon/server_parts.h"
#include "common/json.h"

struct exchange {
    struct server *server;
    struct evhttp_request *request;
    struct connection *connection;
    struct identity peer;
    const struct route *route; /* NULL while it is not known */
    int64_t began_ms;          /* monotonic */
};

/* For evhttp_set_gencb, with the server as context. */
void exchange_begin(struct evhttp_request *request, void *context);

/* Each answers, and logs, the exchange whole; after it the request is gone. */
void exchange_answer(const struct exchange *exchange, int status, json_t *body_take);
void exchange_refuse(const struct exchange *exchange, int status, const struct error *err);

/* The HTTP status that goes with an error. */
int exchange_status_of(enum error_code code);

/* The line in the log about an answered request. peer and route are NULL where not known. */
void exchange_log(const struct server *server, const struct identity *peer, const char *method,
                  const char *path, int status, int64_t began_ms, const char *remark);

#endif
