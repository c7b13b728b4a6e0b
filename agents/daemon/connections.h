/*
 * connections - what clients may cost: how many there are, for how long, with how many bytes.
 *
 * evhttp's own timeouts are per read, so a slow client could stay forever. Here a connection has
 * an absolute deadline: from its acceptance (the TLS handshake included) or from the first byte of
 * a further request, to that request's last byte. At the limit of connections the one that has
 * been arriving longest makes room, then the longest idle. Closing means shutting the socket down:
 * evhttp sees the end of it and frees its own.
 */
#ifndef FLEET_AGENTS_DAEMON_CONNECTIONS_H
#define FLEET_AGENTS_DAEMON_CONNECTIONS_H

#include <event2/bufferevent.h>
#include <event2/http.h>
#include <openssl/ssl.h>
#include <stdint.h>

#include "common/error.h"

struct connection_limits {
    int count;
    int64_t arrival_ms; /* from acceptance or first byte to a whole request */
    int64_t idle_ms;    /* between requests */
    size_t first_bytes; /* of a request whose sender may not send more (see allow) */
};

struct connections;
struct connection;

struct connection_events {
    /* How many bytes a request of this peer may have; asked once, when its first byte came. */
    size_t (*allow)(void *context, SSL *ssl);
    /* A connection is gone. */
    void (*closed)(void *context);
    void *context;
};

struct connections *connections_new(struct event_base *base, const struct connection_limits *limits,
                                    const struct connection_events *events) MUST_USE;
/* After the base's last turn: no connection may be left. */
void connections_free(struct connections *connections);
AUTO_DEFINE(connections)

/* For evhttp_set_bevcb: a new connection's bufferevent; NULL when OpenSSL has no memory. */
struct bufferevent *connections_accept(struct connections *connections, SSL_CTX *context) MUST_USE;

struct connection *connection_of(struct evhttp_request *request);
SSL *connection_ssl(const struct connection *connection);

/* A whole request is there and is being answered, within arrival_ms. */
void connection_serve(struct connection *connection);
/* The answer is a stream that takes its time. */
void connection_hold(struct connection *connection);
/* The answer is out; a further request may come. */
void connection_rest(struct connection *connection);
void connection_close(struct connection *connection);

/* Closes what serves no request; with arriving also those that are sending one. From now on a
   connection is closed as soon as it rests. */
void connections_drain(struct connections *connections, bool arriving);

/* Closes every connection that is not to be kept. */
void connections_review(struct connections *connections, bool (*keep)(void *context, SSL *ssl),
                        void *context);

int connections_count(const struct connections *connections);

#endif
