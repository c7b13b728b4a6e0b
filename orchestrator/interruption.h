/*
 * interruption - Ctrl-C and SIGTERM while something runs that should come to a clean halt.
 *
 * The first signal calls a function, on a thread of its own; from then on they end the process at
 * once again, as by default. One at a time in a process, as signals are the process's.
 */
#ifndef FLEET_ORCHESTRATOR_INTERRUPTION_H
#define FLEET_ORCHESTRATOR_INTERRUPTION_H

#include "common/error.h"

struct interruption;

/* Signals that are ignored (nohup) stay so. */
struct interruption *interruption_begin(void (*function)(void *context), void *context,
                                        struct error *err) MUST_USE;
/* Signals act by default again. Returns when the function runs no more. */
void interruption_free(struct interruption *interruption);
AUTO_DEFINE(interruption)

/* Whether a signal came. */
bool interruption_came(const struct interruption *interruption);

#endif
