#include "agents/daemon/server.h"

#include <stdlib.h>
#include <unistd.h>

#include "agents/daemon/exchange.h"
#include "agents/daemon/listener.h"
#include "agents/daemon/server_parts.h"
#include "agents/daemon/thrift.h"
#include "common/log.h"
#include "common/memory.h"

/* Request line and headers; the longest that a client of ours sends are under 1 kB. */
enum { HEADERS_BYTES = 16 * 1024 };

struct server_settings server_settings_default(void)
{
    return (struct server_settings){
        .host = "",
        .port = 7443,
        .max_connections = 256,
        .max_streams = 32,
        .max_request_bytes = 64 * 1024 * 1024,
        .request_timeout_ms = 30 * 1000,
        .idle_timeout_ms = 5 * 60 * 1000,
        .drain_timeout_ms = 5 * 1000,
        .heartbeat_ms = WIRE_HEARTBEAT_MS,
        .stall_timeout_ms = 30 * 1000,
        .tidy_after_ms = 60 * 1000,
    };
}

static void add_timer(struct event *timer, int64_t delay_ms)
{
    const struct timeval delay = {delay_ms / 1000, delay_ms % 1000 * 1000};

    event_add(timer, &delay);
}

static void end_when_drained(struct server *server)
{
    if (server->draining && server->streams == 0 && connections_count(server->connections) == 0)
        event_base_loopbreak(server->base);
}

void server_stream_finished(struct server *server)
{
    server->streams--;
    add_timer(server->tidy, server->settings.tidy_after_ms);
    end_when_drained(server);
}

static void on_connection_closed(void *context)
{
    end_when_drained(context);
}

/* A peer that we cannot identify may send a request without a body, to hear why it is refused. */
static size_t bytes_allowed(void *context, SSL *ssl)
{
    const struct server *server = context;
    struct identity peer = {0};
    struct error ignored = {0};

    if (!tls_peer_identity(server->identity, ssl, &peer, &ignored))
        return 0;
    return routes_body_limit(peer.role, server->settings.max_request_bytes);
}

static struct bufferevent *on_accept(struct event_base *base, void *context)
{
    (void)base;
    struct server *server = context;

    return connections_accept(server->connections, server->context);
}

static void tidy(void *context)
{
    const struct server *server = context;

    service_tidy(server->settings.service);
    thrift_let_go();
}

/* Closing sessions talks to databases: not in the loop. */
static void on_tidy(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    struct server *server = context;

    worker_pool_submit(server->pool, tidy, server);
}

static void on_drain_timeout(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    struct server *server = context;

    connections_drain(server->connections, true);
}

static bool make_loop(struct server *server, struct error *err)
{
    struct event_config *config = event_config_new();

    /* The loop's thread alone touches the base. */
    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
    server->base = event_base_new_with_config(config);
    event_config_free(config);
    if (server->base == NULL)
        return error_set(err, ERROR_INTERNAL, "cannot make an event loop");
    server->mailbox = mailbox_new(server->base, err);
    if (server->mailbox == NULL)
        return false;
    server->tidy = evtimer_new(server->base, on_tidy, server);
    server->drain_timeout = evtimer_new(server->base, on_drain_timeout, server);
    return true;
}

static void make_http(struct server *server)
{
    const struct server_settings *settings = &server->settings;
    const struct connection_limits limits = {
        .count = settings->max_connections,
        .arrival_ms = settings->request_timeout_ms,
        .idle_ms = settings->idle_timeout_ms,
        .first_bytes = HEADERS_BYTES + BODY_SMALL_BYTES,
    };
    const struct connection_events events = {bytes_allowed, on_connection_closed, server};

    server->connections = connections_new(server->base, &limits, &events);
    server->http = evhttp_new(server->base);
    evhttp_set_bevcb(server->http, on_accept, server);
    evhttp_set_gencb(server->http, exchange_begin, server);
    evhttp_set_max_headers_size(server->http, HEADERS_BYTES);
    evhttp_set_max_body_size(server->http, (ev_ssize_t)settings->max_request_bytes);
    /* Every method comes to our table, which refuses those that it does not list. */
    evhttp_set_allowed_methods(server->http, UINT16_MAX);
}

static bool listen_now(struct server *server, struct error *err)
{
    int fd = listener_open(server->settings.host, server->settings.port, err);

    if (fd < 0)
        return false;
    server->port = listener_port(fd);
    server->socket = evhttp_accept_socket_with_handle(server->http, fd);
    if (server->socket != NULL)
        return true;
    close(fd);
    return error_set(err, ERROR_INTERNAL, "the HTTP server refuses its socket");
}

struct server *server_new(const struct server_settings *settings,
                          struct tls_identity *identity_take, struct error *err)
{
    AUTO(server) struct server *server = xcalloc(1, sizeof *server);

    server->settings = *settings;
    server->identity = identity_take;
    server->context = tls_server_context(identity_take, err);
    if (server->context == NULL || !make_loop(server, err))
        return NULL;
    make_http(server);
    server->pool = worker_pool_new((size_t)settings->max_streams + 1);
    if (!listen_now(server, err))
        return NULL;
    return TAKE(server);
}

static void free_event(struct event *event)
{
    if (event != NULL)
        event_free(event);
}

void server_free(struct server *server)
{
    if (server == NULL)
        return;
    worker_pool_free(server->pool);
    mailbox_free(server->mailbox);
    if (server->http != NULL)
        evhttp_free(server->http);
    /* libevent frees closed connections on the loop's next turn. */
    if (server->base != NULL)
        event_base_loop(server->base, EVLOOP_NONBLOCK);
    free_event(server->tidy);
    free_event(server->drain_timeout);
    free_event(server->watch);
    connections_free(server->connections);
    if (server->base != NULL)
        event_base_free(server->base);
    SSL_CTX_free(server->context);
    tls_identity_free(server->identity);
    free(server);
}

int server_port(const struct server *server)
{
    return server->port;
}

static void on_watched(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    const struct server *server = context;

    server->watch_ready(server->watch_context);
}

bool server_watch(struct server *server, int fd, void (*ready)(void *context), void *context,
                  struct error *err)
{
    server->watch_ready = ready;
    server->watch_context = context;
    server->watch = event_new(server->base, fd, EV_READ | EV_PERSIST, on_watched, server);
    if (server->watch == NULL || event_add(server->watch, NULL) != 0)
        return error_set(err, ERROR_INTERNAL, "the event loop refuses a descriptor");
    return true;
}

void server_run(struct server *server)
{
    event_base_loop(server->base, EVLOOP_NO_EXIT_ON_EMPTY);
}

static void drain(void *context)
{
    struct server *server = context;

    if (server->draining)
        return;
    log_event(LOG_LEVEL_INFO, NULL, "draining: %d requests at work", server->streams);
    server->draining = true;
    evhttp_del_accept_socket(server->http, server->socket);
    server->socket = NULL;
    service_stop_all(server->settings.service);
    connections_drain(server->connections, false);
    add_timer(server->drain_timeout, server->settings.drain_timeout_ms);
    end_when_drained(server);
}

void server_drain(struct server *server)
{
    mailbox_post(server->mailbox, drain, server);
}

struct reload {
    struct server *server;
    struct tls_identity *identity;
};

static bool still_trusted(void *context, SSL *ssl)
{
    const struct server *server = context;
    struct identity peer = {0};
    struct error ignored = {0};

    return tls_peer_identity(server->identity, ssl, &peer, &ignored);
}

static void reload(void *context)
{
    struct reload *reload = context;
    struct server *server = reload->server;
    struct error err = {0};
    SSL_CTX *fresh = tls_server_context(reload->identity, &err);
    struct tls_identity *unused = reload->identity;

    if (fresh == NULL) {
        log_event(LOG_LEVEL_ERROR, NULL, "the old certificate stays in use: %s", err.message);
    } else {
        SSL_CTX_free(server->context);
        server->context = fresh;
        unused = server->identity;
        server->identity = reload->identity;
        connections_review(server->connections, still_trusted, server);
        log_event(LOG_LEVEL_INFO, NULL, "certificate, CA and revocation list are reloaded");
    }
    tls_identity_free(unused);
    free(reload);
}

void server_reload(struct server *server, struct tls_identity *identity_take)
{
    struct reload *letter = xcalloc(1, sizeof *letter);

    *letter = (struct reload){server, identity_take};
    mailbox_post(server->mailbox, reload, letter);
}
