/*
 * server - the agent's service behind HTTPS: mutual TLS 1.3, a role for each route.
 *
 * One thread runs the event loop and never waits; requests that take time run on threads of their
 * own and answer through a stream. What may be called by whom stands in one table (routes.c);
 * everything else is refused. docs/agent.md tells limits and life cycle.
 */
#ifndef FLEET_AGENTS_DAEMON_SERVER_H
#define FLEET_AGENTS_DAEMON_SERVER_H

#include <stdint.h>

#include "agents/service.h"
#include "common/tls.h"

struct server_settings {
    const char *agent; /* its name */
    const char *host;  /* to listen on; "" for all */
    int port;          /* 0: the system chooses */
    struct service *service;
    size_t target_count;
    const struct clock *clock;

    int max_connections;
    int max_streams;            /* requests at work at once; more are told to come again */
    size_t max_request_bytes;   /* of a body */
    int64_t request_timeout_ms; /* from acceptance, or a request's first byte, to its last one */
    int64_t idle_timeout_ms;    /* of a connection between requests */
    int64_t drain_timeout_ms;   /* for connections without a whole request; work is waited for */
    int64_t heartbeat_ms;       /* at most WIRE_HEARTBEAT_MS */
    int64_t stall_timeout_ms;   /* a client that reads nothing for so long is lost */
    int64_t tidy_after_ms;      /* after the last request: idle sessions and memory are let go */
};

struct server_settings server_settings_default(void);

struct server;

/* Listens from now on. The settings' pointers must outlive the server. */
struct server *server_new(const struct server_settings *settings,
                          struct tls_identity *identity_take, struct error *err) MUST_USE;
/* The service must live until then. */
void server_free(struct server *server);
AUTO_DEFINE(server)

int server_port(const struct server *server);

/* Calls ready(context) in the loop whenever fd can be read; for signals. Before server_run. */
bool server_watch(struct server *server, int fd, void (*ready)(void *context), void *context,
                  struct error *err) MUST_USE;

/* Serves until it is drained. */
void server_run(struct server *server);

/* From any thread. Stops accepting, lets no further job begin, and waits for those that run. */
void server_drain(struct server *server);

/* From any thread. New connections get this identity, CA and revocation list; connections whose
   certificate these refuse are closed. If it cannot be used the old one stays, and it is logged. */
void server_reload(struct server *server, struct tls_identity *identity_take);

#endif
