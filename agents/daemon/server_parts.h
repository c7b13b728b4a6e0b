/* server_parts - what the files of the server share; see server.h. */
#ifndef FLEET_AGENTS_DAEMON_SERVER_PARTS_H
#define FLEET_AGENTS_DAEMON_SERVER_PARTS_H

#include <event2/event.h>
#include <event2/http.h>

#include "agents/daemon/connections.h"
#include "agents/daemon/mailbox.h"
#include "agents/daemon/server.h"
#include "agents/worker_pool.h"

/* All of it is the loop's, but mailbox and pool. */
struct server {
    struct server_settings settings;
    struct tls_identity *identity;
    SSL_CTX *context;
    struct event_base *base;
    struct mailbox *mailbox;
    struct connections *connections;
    struct evhttp *http;
    struct evhttp_bound_socket *socket; /* NULL once it accepts nothing more */
    struct event *watch;
    void (*watch_ready)(void *context);
    void *watch_context;
    struct event *tidy;
    struct event *drain_timeout;
    struct worker_pool *pool; /* of the requests that take time */
    int port;
    int streams; /* that are not finished */
    bool draining;
};

/* A stream has finished: lets the loop end when it was the last of a draining server. */
void server_stream_finished(struct server *server);

#endif
