/*
 * health - asks whether what a rollout has changed works: an URL that must answer, and a command
 * that must succeed.
 *
 * Both run here, beside fleet, not on the targets, and each has its own limits of time; what does
 * not answer in time is ill.
 */
#ifndef FLEET_ORCHESTRATOR_HEALTH_H
#define FLEET_ORCHESTRATOR_HEALTH_H

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "inventory/inventory.h"

/* How long to wait between tries, and whether to go on trying. */
struct health_patience {
    bool (*stop_asked)(void *context);
    void (*pause)(void *context, int64_t ms);
    void *context;
};

/* What the command is told, in its environment. */
struct health_moment {
    const char *environment; /* FLEET_ENVIRONMENT */
    size_t wave;             /* FLEET_WAVE, from 1 */
    size_t waves;            /* FLEET_WAVES */
    const char *version;     /* FLEET_VERSION: the newest that the plan brings; "" for none */
};

/* False says what is wrong: ERROR_CHECK; ERROR_CANCELLED if a stop was asked for meanwhile. */
bool health_check(const struct health_checks *checks, const struct health_moment *moment,
                  const struct health_patience *patience, struct error *err) MUST_USE;

#endif
