/*
 * http_client - many requests to agents at once, each answered by a stream of JSON lines.
 *
 * libcurl's multi interface on epoll: the cost of a wake-up does not grow with the number of
 * connections. One client has one identity, and keeps its connections for the next requests.
 * Before a request is sent, the peer must have shown the certificate of the very agent it is
 * meant for.
 */
#ifndef FLEET_ORCHESTRATOR_HTTP_CLIENT_H
#define FLEET_ORCHESTRATOR_HTTP_CLIENT_H

#include "common/clock.h"
#include "common/tls.h"
#include "common/wire.h"

struct http_client;

struct http_client *http_client_new(const struct tls_identity *identity, const struct clock *clock,
                                    size_t max_connections, struct error *err) MUST_USE;
void http_client_free(struct http_client *client);
AUTO_DEFINE(http_client)

/* Called for each reply, and last for exactly one REPLY_END or REPLY_ERROR; what the reply points
   to is valid during the call. */
typedef void (*http_reply_function)(void *context, const struct reply *reply);

struct http_request {
    const char *agent;   /* the name that its certificate must have */
    const char *address; /* host:port */
    const char *path;    /* "/v1/status" */
    char *body;          /* JSON; now the client's */
    http_reply_function function;
    void *context;
    bool urgent; /* does not wait for a place among the connections */
    bool once;   /* changes something: it does not leave twice, and a loss is ERROR_UNKNOWN */
};

/* Queues a request; also from within a reply function. */
void http_client_add(struct http_client *client, const struct http_request *request);

/* Another thread, or a reply function, wants http_client_run to call woken soon. */
void http_client_wake(struct http_client *client);

/* Works until every request has ended and done() says so. woken and done may be NULL. */
struct http_loop {
    void (*woken)(void *context);
    bool (*done)(void *context);
    void *context;
};
bool http_client_run(struct http_client *client, const struct http_loop *loop,
                     struct error *err) MUST_USE;

#endif
