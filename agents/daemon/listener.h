/* listener - the socket that clients connect to. */
#ifndef FLEET_AGENTS_DAEMON_LISTENER_H
#define FLEET_AGENTS_DAEMON_LISTENER_H

#include "common/error.h"

/* A listening socket, non-blocking, with TCP_NODELAY for what it accepts. host is a name or an
   address, "" for all, IPv6 too; port 0 lets the system choose. -1 and ERROR_IO. */
int listener_open(const char *host, int port, struct error *err) MUST_USE;

/* The port it has. */
int listener_port(int fd);

#endif
