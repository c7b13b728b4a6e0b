#include "simulated_agents.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"
#include "common/memory.h"
#include "common/tls.h"
#include "orchestrator/authority.h"

enum { REQUEST_MAX = 4096, EVENTS_AT_ONCE = 64, CERTIFICATE_DAYS = 2 };

static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n"
                             "Transfer-Encoding: chunked\r\n\r\n"
                             "f\r\n{\"kind\":\"end\"}\n\r\n0\r\n\r\n";

/* What an event of epoll is about: a listening port, or one connection to it. */
struct endpoint {
    int fd;
    SSL_CTX *context; /* of a port */
    SSL *ssl;         /* of a connection */
    size_t length;
    char request[REQUEST_MAX];
};

static void watch(int epoll_fd, struct endpoint *endpoint)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = endpoint};

    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, endpoint->fd, &event) != 0)
        abort();
}

static void hang_up(struct endpoint *endpoint)
{
    SSL_free(endpoint->ssl);
    close(endpoint->fd);
    free(endpoint);
}

static void accept_one(int epoll_fd, const struct endpoint *port)
{
    int fd = accept4(port->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd < 0)
        return;
    struct endpoint *connection = xcalloc(1, sizeof *connection);
    connection->fd = fd;
    connection->ssl = SSL_new(port->context);
    SSL_set_fd(connection->ssl, fd);
    SSL_set_accept_state(connection->ssl);
    watch(epoll_fd, connection);
}

/* Whether the head and the body that it announces are all there. */
static bool has_request(const struct endpoint *connection)
{
    const char *end = strstr(connection->request, "\r\n\r\n");
    const char *length = strcasestr(connection->request, "\r\nContent-Length:");

    return end != NULL && length != NULL &&
           connection->length >= (size_t)(end + 4 - connection->request) +
                                     strtoul(length + strlen("\r\nContent-Length:"), NULL, 10);
}

/* Reads what is there and answers a whole request; false when the connection is over. */
static bool serve(struct endpoint *connection)
{
    for (;;) {
        size_t room = REQUEST_MAX - 1 - connection->length;
        int count = SSL_read(connection->ssl, connection->request + connection->length, (int)room);

        if (count <= 0)
            return SSL_get_error(connection->ssl, count) == SSL_ERROR_WANT_READ;
        connection->length += (size_t)count;
        connection->request[connection->length] = '\0';
        if (!has_request(connection))
            continue;
        connection->length = 0;
        if (SSL_write(connection->ssl, answer, sizeof answer - 1) <= 0)
            return false;
    }
}

static _Noreturn void serve_all(const struct simulated_agent *agents, size_t count,
                                SSL_CTX *const *contexts)
{
    struct epoll_event events[EVENTS_AT_ONCE];
    int epoll_fd = epoll_create1(EPOLL_CLOEXEC);

    for (size_t i = 0; i < count; i++) {
        struct endpoint *port = xcalloc(1, sizeof *port);
        port->fd = agents[i].listener;
        port->context = contexts[i];
        watch(epoll_fd, port);
    }
    for (;;) {
        int ready = epoll_wait(epoll_fd, events, EVENTS_AT_ONCE, -1);

        for (int i = 0; i < ready; i++) {
            struct endpoint *endpoint = events[i].data.ptr;

            if (endpoint->ssl == NULL)
                accept_one(epoll_fd, endpoint);
            else if (!serve(endpoint))
                hang_up(endpoint);
        }
    }
}

static bool listen_on_loopback(struct simulated_agent *agent, struct error *err)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof name;

    agent->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (agent->listener < 0 ||
        bind(agent->listener, (const struct sockaddr *)&name, sizeof name) != 0 ||
        listen(agent->listener, 16) != 0 ||
        getsockname(agent->listener, (struct sockaddr *)&name, &size) != 0)
        return error_set_errno(err, errno, "cannot listen for %s", agent->name);
    agent->port = ntohs(name.sin_port);
    snprintf(agent->address, sizeof agent->address, "127.0.0.1:%d", agent->port);
    return true;
}

/* The certificate that the authority makes for the agent, as a server's context. */
static SSL_CTX *make_context(const struct authority *authority, const char *directory,
                             const char *fleet, const struct simulated_agent *agent,
                             struct error *err)
{
    AUTO(text) char *cert = xasprintf("%s/%s.crt", directory, agent->name);
    AUTO(text) char *key = xasprintf("%s/%s.key", directory, agent->name);
    AUTO(text) char *ca = xasprintf("%s/ca.crt", authority->directory);
    AUTO(text) char *crl = xasprintf("%s/ca.crl", authority->directory);
    struct certificate_order order = {
        .identity.role = ROLE_AGENT, .days = CERTIFICATE_DAYS, .cert_path = cert, .key_path = key};

    snprintf(order.identity.fleet, sizeof order.identity.fleet, "%s", fleet);
    snprintf(order.identity.name, sizeof order.identity.name, "%s", agent->name);
    if (!authority_issue(authority, &order, err))
        return NULL;
    AUTO(tls_identity)
    struct tls_identity *identity = tls_identity_load(&(struct tls_files){cert, key, ca, crl}, err);
    return identity != NULL ? tls_server_context(identity, err) : NULL;
}

pid_t simulated_agents_start(const char *directory, const char *fleet,
                             struct simulated_agent *agents, size_t count, struct error *err)
{
    AUTO(text) char *ca = xasprintf("%s/ca", directory);
    const struct authority authority = {ca, clock_system(), random_system()};
    SSL_CTX **contexts = xcalloc(count, sizeof *contexts);
    bool ok = true;
    pid_t child = -1;

    for (size_t i = 0; ok && i < count; i++) {
        contexts[i] = make_context(&authority, directory, fleet, &agents[i], err);
        ok = contexts[i] != NULL && listen_on_loopback(&agents[i], err);
    }
    if (ok)
        child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        serve_all(agents, count, contexts);
    }
    for (size_t i = 0; i < count; i++) {
        SSL_CTX_free(contexts[i]);
        if (agents[i].listener > 0)
            close(agents[i].listener);
    }
    free(contexts);
    if (ok && child < 0)
        error_set_errno(err, errno, "cannot start the simulated agents");
    return child;
}
