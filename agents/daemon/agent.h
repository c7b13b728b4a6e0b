/*
 * agent - the life of fleet-agent: start, serve, reload on SIGHUP, drain on SIGTERM.
 */
#ifndef FLEET_AGENTS_DAEMON_AGENT_H
#define FLEET_AGENTS_DAEMON_AGENT_H

#include "agents/daemon/configuration.h"

/* Serves until SIGTERM or SIGINT has drained it. To be called before any thread is started. */
bool agent_run(const struct agent_configuration *configuration, struct error *err) MUST_USE;

/* Checks certificate and key, logs in to each target, and prints a line for each to standard
   output. False, with the first error, when something would not work. */
bool agent_check(const struct agent_configuration *configuration, struct error *err) MUST_USE;

#endif
