#include "agents/daemon/listener.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 1024 };

static bool set_options(int fd, int family)
{
    const int on = 1;
    const int off = 0;

    if (family == AF_INET6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
           setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0;
}

/* -1 and errno. */
static int open_address(const struct addrinfo *address)
{
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);

    if (fd < 0)
        return -1;
    if (set_options(fd, address->ai_family) &&
        bind(fd, address->ai_addr, address->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
        return fd;

    int reason = errno;
    close(fd);
    errno = reason;
    return -1;
}

/* The first address that can be had; for all hosts the IPv6 one, which takes IPv4 as well. */
static int open_any(const struct addrinfo *addresses, int family)
{
    for (const struct addrinfo *address = addresses; address != NULL; address = address->ai_next) {
        if (family != AF_UNSPEC && address->ai_family != family)
            continue;
        int fd = open_address(address);
        if (fd >= 0)
            return fd;
    }
    return -1;
}

int listener_open(const char *host, int port, struct error *err)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    bool all = host[0] == '\0';
    const char *shown = all ? "*" : host;
    struct addrinfo *addresses;
    char service[16];

    snprintf(service, sizeof service, "%d", port);
    int failed = getaddrinfo(all ? NULL : host, service, &hints, &addresses);
    if (failed != 0) {
        error_set(err, ERROR_IO, "cannot listen on %s:%d: %s", shown, port, gai_strerror(failed));
        return -1;
    }
    int fd = all ? open_any(addresses, AF_INET6) : -1;
    if (fd < 0)
        fd = open_any(addresses, AF_UNSPEC);
    if (fd < 0)
        error_set_errno(err, errno, "cannot listen on %s:%d", shown, port);
    freeaddrinfo(addresses);
    return fd;
}

int listener_port(int fd)
{
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof address;
    char port[16] = "0";
    int number = 0;

    if (getsockname(fd, (struct sockaddr *)&address, &size) == 0 &&
        getnameinfo((struct sockaddr *)&address, size, NULL, 0, port, sizeof port,
                    NI_NUMERICSERV) == 0)
        (void)sscanf(port, "%d", &number);
    return number;
}
