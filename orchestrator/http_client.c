#include "orchestrator/http_client.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/buffer.h"
#include "common/fault.h"
#include "common/memory.h"

enum {
    CONNECT_TIMEOUT_MS = 5000,
    SILENCE_S = 5 * WIRE_HEARTBEAT_MS / 1000, /* a stream that says nothing for so long is lost */
    EVENTS_AT_ONCE = 64,
    KEPT_MAX = 16 * 1024, /* idle connections; about 64 kB each */
    OTHER_DESCRIPTORS = 256
};

/* One request under way. */
struct transfer {
    struct transfer *next; /* of those that wait for a place */
    struct http_client *client;
    CURL *easy;
    struct curl_slist *headers;
    struct http_request request;
    char *url;
    char detail[CURL_ERROR_SIZE];
    struct buffer line;
    struct error refusal; /* why the stream was given up by ourselves */
    bool left;            /* the request was on its way, perhaps in vain */
    bool answered;        /* some reply came */
    bool ended;           /* REPLY_END or REPLY_ERROR was handed over */
};

struct http_client {
    CURLM *multi;
    const struct tls_identity *identity;
    const struct clock *clock;
    int epoll_fd;
    int wake_fd;
    int64_t timer_ms; /* monotonic; -1: none */
    size_t active;
    size_t max_active;
    struct transfer *waiting;
    struct transfer **waiting_tail;
};

static void transfer_free(struct transfer *transfer)
{
    if (transfer == NULL)
        return;
    curl_easy_cleanup(transfer->easy);
    curl_slist_free_all(transfer->headers);
    buffer_free(&transfer->line);
    free(transfer->request.body);
    free(transfer->url);
    free(transfer);
}

static int on_timer(CURLM *multi, long timeout_ms, void *context)
{
    struct http_client *client = context;

    (void)multi;
    client->timer_ms =
        timeout_ms < 0 ? -1 : client->clock->monotonic_ms(client->clock) + timeout_ms;
    return 0;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *known)
{
    struct http_client *client = context;
    struct epoll_event event = {.data.fd = fd};

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        epoll_ctl(client->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
        return 0;
    }
    if (what & CURL_POLL_IN)
        event.events |= EPOLLIN;
    if (what & CURL_POLL_OUT)
        event.events |= EPOLLOUT;
    int operation = known != NULL ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    if (epoll_ctl(client->epoll_fd, operation, fd, &event) != 0)
        epoll_ctl(client->epoll_fd, EPOLL_CTL_MOD, fd, &event);
    curl_multi_assign(client->multi, fd, client);
    return 0;
}

/* A survey of many agents is followed by the run on the same ones, and a handshake costs more than
   all else of a request: so each agent's connection is kept, as far as the system has descriptors.
 */
static long kept_connections(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return OTHER_DESCRIPTORS;
    if (limit.rlim_cur < KEPT_MAX + OTHER_DESCRIPTORS) {
        const rlim_t wanted = KEPT_MAX + OTHER_DESCRIPTORS;

        limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
        if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
            return OTHER_DESCRIPTORS;
    }
    if (limit.rlim_cur >= KEPT_MAX + OTHER_DESCRIPTORS)
        return KEPT_MAX;
    if (limit.rlim_cur < 2 * OTHER_DESCRIPTORS)
        return OTHER_DESCRIPTORS;
    return (long)(limit.rlim_cur - OTHER_DESCRIPTORS);
}

struct http_client *http_client_new(const struct tls_identity *identity, const struct clock *clock,
                                    size_t max_connections, struct error *err)
{
    AUTO(http_client) struct http_client *client = xcalloc(1, sizeof *client);
    struct epoll_event event = {.events = EPOLLIN};

    curl_global_init(CURL_GLOBAL_DEFAULT);
    client->identity = identity;
    client->clock = clock;
    client->timer_ms = -1;
    client->max_active = max_connections;
    client->waiting_tail = &client->waiting;
    client->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    client->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    client->multi = curl_multi_init();
    if (client->epoll_fd < 0 || client->wake_fd < 0 || client->multi == NULL) {
        error_set_errno(err, errno, "cannot set up the connections to agents");
        return NULL;
    }
    event.data.fd = client->wake_fd;
    epoll_ctl(client->epoll_fd, EPOLL_CTL_ADD, client->wake_fd, &event);
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
    curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, kept_connections());
    return TAKE(client);
}

void http_client_free(struct http_client *client)
{
    if (client == NULL)
        return;
    while (client->waiting != NULL) {
        struct transfer *transfer = client->waiting;

        client->waiting = transfer->next;
        transfer_free(transfer);
    }
    curl_multi_cleanup(client->multi);
    close(client->epoll_fd);
    close(client->wake_fd);
    free(client);
}

static void hand_over(struct transfer *transfer, const struct reply *reply)
{
    if (transfer->ended)
        return;
    transfer->answered = true;
    transfer->ended = reply->kind == REPLY_END || reply->kind == REPLY_ERROR;
    transfer->request.function(transfer->request.context, reply);
}

/* Decodes one line of the stream and hands it over; false gives the stream up. */
static bool take_line(struct transfer *transfer, const char *bytes, size_t length)
{
    struct error *err = &transfer->refusal;
    AUTO(arena) struct arena *arena = arena_new();
    struct reply reply = {0};
    AUTO(json) json_t *value = json_parse(bytes, length, err);

    if (value == NULL || !reply_decode(value, arena, &reply, err))
        return error_wrap(err, "a reply that is not of the protocol");
    if (transfer->ended)
        return error_set(err, ERROR_PROTOCOL, "a reply after the end of the stream");
    hand_over(transfer, &reply);
    FAULT_POINT(stream_read);
    return true;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    size_t length = size * count;
    size_t start = 0;

    buffer_append(&transfer->line, bytes, length);
    for (;;) {
        const char *from = transfer->line.bytes + start;
        const char *newline = memchr(from, '\n', transfer->line.length - start);

        if (newline == NULL)
            break;
        if (!take_line(transfer, from, (size_t)(newline - from)))
            return 0;
        start = (size_t)(newline + 1 - transfer->line.bytes);
    }
    buffer_consume(&transfer->line, start);
    if (transfer->line.length > WIRE_LINE_MAX) {
        error_set(&transfer->refusal, ERROR_PROTOCOL, "a reply longer than %d bytes",
                  WIRE_LINE_MAX);
        return 0;
    }
    return length;
}

static CURLcode on_context(CURL *easy, void *context, void *data)
{
    struct transfer *transfer = data;

    (void)easy;
    if (!tls_configure_client(transfer->client->identity, context, &transfer->refusal))
        return CURLE_SSL_CERTPROBLEM;
    return CURLE_OK;
}

/* Over a connection that it has kept and that breaks before an answer, libcurl sends a request
   again. The agent may be at work on the first one, and answer the second for both. */
static bool leave(struct transfer *transfer)
{
    if (transfer->left && transfer->request.once)
        return error_set(&transfer->refusal, ERROR_UNKNOWN,
                         "the connection broke before an answer came");
    transfer->left = true;
    return true;
}

/* The last look before a request leaves: is this the agent that it is for? */
static int on_connected(void *data, char *peer_ip, char *own_ip, int peer_port, int own_port)
{
    struct transfer *transfer = data;
    struct curl_tlssessioninfo *session = NULL;
    struct identity peer;
    struct error *err = &transfer->refusal;

    (void)peer_ip, (void)own_ip, (void)peer_port, (void)own_port;
    if (curl_easy_getinfo(transfer->easy, CURLINFO_TLS_SSL_PTR, &session) != CURLE_OK ||
        session == NULL || session->internals == NULL) {
        error_set(err, ERROR_IDENTITY, "the connection is not TLS");
        return CURL_PREREQFUNC_ABORT;
    }
    if (!tls_peer_identity(transfer->client->identity, session->internals, &peer, err))
        return CURL_PREREQFUNC_ABORT;
    if (peer.role != ROLE_AGENT || strcmp(peer.name, transfer->request.agent) != 0) {
        error_set(err, ERROR_IDENTITY, "the certificate there is of %s %s", role_name(peer.role),
                  peer.name);
        return CURL_PREREQFUNC_ABORT;
    }
    return leave(transfer) ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

static void set_options(struct transfer *transfer)
{
    CURL *easy = transfer->easy;

    curl_easy_setopt(easy, CURLOPT_URL, transfer->url);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->detail);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_3);
    curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
    curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    /* Agents are known by the URI name of their certificate, which on_connected compares. */
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_context);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, transfer);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_connected);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, transfer->request.body);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(transfer->request.body));
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)SILENCE_S);
}

static void start_waiting(struct http_client *client)
{
    while (client->waiting != NULL &&
           (client->waiting->request.urgent || client->active < client->max_active)) {
        struct transfer *transfer = client->waiting;

        client->waiting = transfer->next;
        if (client->waiting == NULL)
            client->waiting_tail = &client->waiting;
        client->active++;
        curl_multi_add_handle(client->multi, transfer->easy);
    }
}

void http_client_add(struct http_client *client, const struct http_request *request)
{
    struct transfer *transfer = xcalloc(1, sizeof *transfer);

    transfer->client = client;
    transfer->request = *request;
    transfer->url = xasprintf("https://%s%s", request->address, request->path);
    transfer->easy = curl_easy_init();
    if (transfer->easy == NULL)
        abort();
    transfer->headers = curl_slist_append(NULL, "Content-Type: application/json");
    transfer->headers = curl_slist_append(transfer->headers, "Expect:");
    set_options(transfer);
    if (request->urgent && client->waiting != NULL) {
        transfer->next = client->waiting;
        client->waiting = transfer;
        return;
    }
    *client->waiting_tail = transfer;
    client->waiting_tail = &transfer->next;
}

void http_client_wake(struct http_client *client)
{
    const uint64_t one = 1;

    if (write(client->wake_fd, &one, sizeof one) < 0)
        return; /* the counter is full: a wake-up is pending anyway */
}

/* Whether any of the request left, and so may have reached the agent. */
static bool was_sent(const struct transfer *transfer)
{
    long bytes = 0;

    curl_easy_getinfo(transfer->easy, CURLINFO_REQUEST_SIZE, &bytes);
    return bytes > 0;
}

/* Whether the peer refused our certificate. In TLS 1.3 it does so after our side of the handshake
   is done, and its alert may be lost with the connection. */
static bool looks_refused(const struct transfer *transfer, CURLcode code)
{
    curl_off_t handshake_us = 0;

    curl_easy_getinfo(transfer->easy, CURLINFO_APPCONNECT_TIME_T, &handshake_us);
    if (transfer->answered || code == CURLE_OK || code == CURLE_OPERATION_TIMEDOUT)
        return false;
    return strstr(transfer->detail, "alert") != NULL || (!was_sent(transfer) && handshake_us > 0);
}

/* What a transfer's end without an end of the stream means. Once the request may have arrived, what
   the agent did about it is not known. */
static void describe_end(const struct transfer *transfer, CURLcode code, struct error *err)
{
    const char *detail = transfer->detail[0] != '\0' ? transfer->detail : curl_easy_strerror(code);

    if (transfer->refusal.code != ERROR_NONE)
        *err = transfer->refusal;
    else if (looks_refused(transfer, code))
        error_set(err, ERROR_IDENTITY, "it closed the connection; is our certificate refused? (%s)",
                  detail);
    else if (was_sent(transfer))
        error_set(err, ERROR_UNKNOWN, "the connection broke before the stream ended (%s)", detail);
    else
        error_set(err, ERROR_CONNECT, "%s", detail);
    error_wrap(err, "agent %s at %s", transfer->request.agent, transfer->request.address);
}

static void finish(struct transfer *transfer, CURLcode code)
{
    struct reply reply = {.kind = REPLY_ERROR};

    if (transfer->line.length > 0 && code == CURLE_OK && !transfer->ended)
        (void)take_line(transfer, transfer->line.bytes, transfer->line.length);
    if (!transfer->ended) {
        describe_end(transfer, code, &reply.error);
        hand_over(transfer, &reply);
    }
    curl_multi_remove_handle(transfer->client->multi, transfer->easy);
    transfer->client->active--;
    transfer_free(transfer);
}

static void finish_done(struct http_client *client)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(client->multi, &left)) != NULL) {
        struct transfer *transfer = NULL;
        CURLcode code = message->data.result;

        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
        if (message->msg == CURLMSG_DONE)
            finish(transfer, code);
    }
}

static int wait_ms(const struct http_client *client)
{
    int64_t now = client->clock->monotonic_ms(client->clock);

    if (client->timer_ms < 0)
        return -1;
    return client->timer_ms <= now ? 0 : (int)(client->timer_ms - now);
}

static void drain_wake(struct http_client *client, const struct http_loop *loop)
{
    uint64_t count;

    if (read(client->wake_fd, &count, sizeof count) > 0 && loop->woken != NULL)
        loop->woken(loop->context);
}

static void handle_event(struct http_client *client, const struct epoll_event *event,
                         const struct http_loop *loop)
{
    int running;
    int mask = 0;

    if (event->data.fd == client->wake_fd) {
        drain_wake(client, loop);
        return;
    }
    if (event->events & EPOLLIN)
        mask |= CURL_CSELECT_IN;
    if (event->events & EPOLLOUT)
        mask |= CURL_CSELECT_OUT;
    if (event->events & (EPOLLERR | EPOLLHUP))
        mask |= CURL_CSELECT_ERR;
    curl_multi_socket_action(client->multi, event->data.fd, mask, &running);
}

bool http_client_run(struct http_client *client, const struct http_loop *loop, struct error *err)
{
    struct epoll_event events[EVENTS_AT_ONCE];
    int running;

    for (;;) {
        start_waiting(client);
        if (client->active == 0 && (loop->done == NULL || loop->done(loop->context)))
            return true;
        int count = epoll_wait(client->epoll_fd, events, EVENTS_AT_ONCE, wait_ms(client));
        if (count < 0 && errno != EINTR)
            return error_set_errno(err, errno, "cannot wait for agents");
        for (int i = 0; i < count; i++)
            handle_event(client, &events[i], loop);
        if (client->timer_ms >= 0 && wait_ms(client) == 0) {
            client->timer_ms = -1;
            curl_multi_socket_action(client->multi, CURL_SOCKET_TIMEOUT, 0, &running);
        }
        finish_done(client);
    }
}
