#include "agents/daemon/connections.h"

#include <assert.h>
#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "common/log.h"
#include "common/memory.h"

/* Bytes that a client may send ahead while its request is served. */
enum { AHEAD_BYTES = 64 * 1024 };

enum phase { PHASE_ARRIVING, PHASE_SERVED, PHASE_RESTING };

struct connection {
    struct connection *next; /* the newer one */
    struct connection *previous;
    struct connections *all;
    struct bufferevent *bev;
    SSL *ssl;
    struct event *deadline;
    enum phase phase;
    size_t arrived; /* bytes of the request */
    size_t allowed; /* 0: not asked yet */
    bool closing;
};

struct connections {
    struct event_base *base;
    struct connection_limits limits;
    struct connection_events events;
    int ssl_index; /* of the connection in its SSL: freed with it */
    int count;
    bool draining;
    struct connection *oldest;
    struct connection *newest;
};

static void unlink_connection(struct connection *connection)
{
    struct connections *all = connection->all;

    if (connection->previous != NULL)
        connection->previous->next = connection->next;
    else
        all->oldest = connection->next;
    if (connection->next != NULL)
        connection->next->previous = connection->previous;
    else
        all->newest = connection->previous;
    all->count--;
}

static void link_connection(struct connection *connection)
{
    struct connections *all = connection->all;

    connection->next = NULL;
    connection->previous = all->newest;
    if (all->newest != NULL)
        all->newest->next = connection;
    else
        all->oldest = connection;
    all->newest = connection;
    all->count++;
}

/* OpenSSL's callback for what an SSL carries: the connection lives exactly as long. */
static void on_ssl_free(void *ssl, void *carried, CRYPTO_EX_DATA *data, int index, long number,
                        void *context)
{
    (void)ssl, (void)data, (void)index, (void)number, (void)context;
    struct connection *connection = carried;

    if (connection == NULL)
        return;
    struct connections *all = connection->all;

    unlink_connection(connection);
    event_free(connection->deadline);
    free(connection);
    all->events.closed(all->events.context);
}

struct connections *connections_new(struct event_base *base, const struct connection_limits *limits,
                                    const struct connection_events *events)
{
    struct connections *all = xcalloc(1, sizeof *all);

    *all = (struct connections){.base = base, .limits = *limits, .events = *events};
    all->ssl_index = SSL_get_ex_new_index(0, NULL, NULL, NULL, on_ssl_free);
    assert(all->ssl_index >= 0);
    return all;
}

void connections_free(struct connections *all)
{
    if (all == NULL)
        return;
    assert(all->count == 0);
    CRYPTO_free_ex_index(CRYPTO_EX_INDEX_SSL, all->ssl_index);
    free(all);
}

static void set_deadline(struct connection *connection, int64_t delay_ms)
{
    const struct timeval delay = {delay_ms / 1000, delay_ms % 1000 * 1000};

    event_add(connection->deadline, &delay);
}

void connection_close(struct connection *connection)
{
    evutil_socket_t fd = bufferevent_getfd(connection->bev);

    connection->closing = true;
    if (fd >= 0)
        shutdown(fd, SHUT_RDWR);
}

static void on_deadline(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    connection_close(context);
}

static void start_arriving(struct connection *connection)
{
    connection->phase = PHASE_ARRIVING;
    connection->arrived = 0;
    set_deadline(connection, connection->all->limits.arrival_ms);
}

static void count_bytes(struct connection *connection, size_t count)
{
    const struct connections *all = connection->all;

    connection->arrived += count;
    if (connection->allowed == 0)
        connection->allowed =
            all->limits.first_bytes + all->events.allow(all->events.context, connection->ssl);
    if (connection->arrived > connection->allowed)
        connection_close(connection);
}

/* Called whenever bytes came in or were taken out. */
static void on_input(struct evbuffer *input, const struct evbuffer_cb_info *info, void *context)
{
    struct connection *connection = context;

    if (info->n_added == 0)
        return;
    if (connection->phase == PHASE_RESTING)
        start_arriving(connection);
    if (connection->phase == PHASE_ARRIVING)
        count_bytes(connection, info->n_added);
    else if (evbuffer_get_length(input) > AHEAD_BYTES)
        connection_close(connection);
}

/* Says why a handshake was refused: a client that is turned away is worth a line. */
static void on_ssl_event(const SSL *ssl, int where, int value)
{
    if ((where & SSL_CB_WRITE_ALERT) != SSL_CB_WRITE_ALERT || value >> 8 != SSL3_AL_FATAL ||
        SSL_is_init_finished(ssl))
        return;
    log_event(LOG_LEVEL_WARNING,
              (const struct log_field[]){
                  {"alert", SSL_alert_desc_string_long(value)},
                  {"certificate", X509_verify_cert_error_string(SSL_get_verify_result(ssl))},
                  {NULL, NULL}},
              "refused a TLS connection");
}

static struct connection *oldest_in(const struct connections *all, enum phase phase)
{
    struct connection *connection = all->oldest;

    while (connection != NULL && (connection->phase != phase || connection->closing))
        connection = connection->next;
    return connection;
}

/* At the limit: closes another connection, or else the new one on the loop's next turn. */
static void make_room(struct connections *all, struct connection *newcomer)
{
    struct connection *victim = oldest_in(all, PHASE_ARRIVING);

    if (victim == newcomer)
        victim = oldest_in(all, PHASE_RESTING);
    if (victim == NULL)
        set_deadline(newcomer, 0);
    else
        connection_close(victim);
}

static void adopt(struct connections *all, SSL *ssl, struct bufferevent *bev)
{
    struct connection *connection = xcalloc(1, sizeof *connection);

    connection->all = all;
    connection->bev = bev;
    connection->ssl = ssl;
    connection->deadline = evtimer_new(all->base, on_deadline, connection);
    link_connection(connection);
    SSL_set_ex_data(ssl, all->ssl_index, connection);
    SSL_set_app_data(ssl, connection);
    SSL_set_info_callback(ssl, on_ssl_event);
    evbuffer_add_cb(bufferevent_get_input(bev), on_input, connection);
    start_arriving(connection);
    if (all->count > all->limits.count)
        make_room(all, connection);
}

struct bufferevent *connections_accept(struct connections *all, SSL_CTX *context)
{
    SSL *ssl = SSL_new(context);

    if (ssl == NULL)
        return NULL;
    struct bufferevent *bev = bufferevent_openssl_socket_new(
        all->base, -1, ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
    if (bev == NULL) {
        SSL_free(ssl);
        return NULL;
    }
    bufferevent_openssl_set_allow_dirty_shutdown(bev, 1);
    adopt(all, ssl, bev);
    return bev;
}

struct connection *connection_of(struct evhttp_request *request)
{
    struct evhttp_connection *evcon = evhttp_request_get_connection(request);

    return SSL_get_app_data(bufferevent_openssl_get_ssl(evhttp_connection_get_bufferevent(evcon)));
}

SSL *connection_ssl(const struct connection *connection)
{
    return connection->ssl;
}

void connection_serve(struct connection *connection)
{
    connection->phase = PHASE_SERVED;
    set_deadline(connection, connection->all->limits.arrival_ms);
}

void connection_hold(struct connection *connection)
{
    event_del(connection->deadline);
}

void connection_rest(struct connection *connection)
{
    connection->phase = PHASE_RESTING;
    set_deadline(connection, connection->all->limits.idle_ms);
    if (connection->all->draining)
        connection_close(connection);
    else if (evbuffer_get_length(bufferevent_get_input(connection->bev)) > 0)
        start_arriving(connection);
}

void connections_drain(struct connections *all, bool arriving)
{
    all->draining = true;
    for (struct connection *c = all->oldest; c != NULL; c = c->next)
        if (c->phase == PHASE_RESTING || (arriving && c->phase == PHASE_ARRIVING))
            connection_close(c);
}

void connections_review(struct connections *all, bool (*keep)(void *context, SSL *ssl),
                        void *context)
{
    for (struct connection *c = all->oldest; c != NULL; c = c->next)
        if (SSL_is_init_finished(c->ssl) && !keep(context, c->ssl))
            connection_close(c);
}

int connections_count(const struct connections *all)
{
    return all->count;
}
