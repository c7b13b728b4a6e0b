/*
 * notify - tells the service manager what the agent is about (sd_notify(3), Type=notify).
 *
 * The protocol is one datagram, and libsystemd would cost an idle agent a third of its memory.
 */
#ifndef FLEET_AGENTS_DAEMON_NOTIFY_H
#define FLEET_AGENTS_DAEMON_NOTIFY_H

#include "common/clock.h"

/* Each does nothing when NOTIFY_SOCKET is not set. */
void notify_ready(void);
void notify_reloading(const struct clock *clock);
void notify_stopping(void);

#endif
