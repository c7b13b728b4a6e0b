/*
 * simulated_agents - many agents in one child process, each with a certificate and a port of its
 * own.
 *
 * They answer every request with an empty stream. One thread on epoll serves them all, so that next
 * to it the client has the other of two cores.
 */
#ifndef FLEET_BENCH_SIMULATED_AGENTS_H
#define FLEET_BENCH_SIMULATED_AGENTS_H

#include <stddef.h>
#include <sys/types.h>

#include "common/error.h"

enum { AGENT_TEXT_SIZE = 64 };

struct simulated_agent {
    char name[AGENT_TEXT_SIZE];
    char address[AGENT_TEXT_SIZE]; /* 127.0.0.1:PORT */
    int port;
    int listener; /* in the child; closed in the parent */
};

/* Listens on a port for each agent, makes their certificates NAME.crt and NAME.key below
   directory with the authority in directory/ca, and starts the child. -1 and err on failure. */
pid_t simulated_agents_start(const char *directory, const char *fleet,
                             struct simulated_agent *agents, size_t count,
                             struct error *err) MUST_USE;

#endif
