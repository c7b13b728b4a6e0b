/*
 * notifier - tells others what becomes of an environment's rollouts, in a thread of its own.
 *
 * What there is to tell stands in the ledger, and up to where it was told in the store: so nothing
 * is lost when the service is away or this process is killed, and what was not told then is told
 * beside the next rollout. A notification may come twice; store and seq name it. One that is older
 * than a day is left out. A rollout never waits for it.
 */
#ifndef FLEET_ORCHESTRATOR_NOTIFIER_H
#define FLEET_ORCHESTRATOR_NOTIFIER_H

#include <stdio.h>

#include "common/clock.h"
#include "common/random.h"
#include "inventory/inventory.h"
#include "orchestrator/store/database.h"

struct notifier;

struct notifier_settings {
    struct store_place store; /* the thread has a connection of its own */
    const struct environment *environment;
    const struct clock *clock;
    const struct random_source *random;
};

/* Secrets are read now. NULL without an error if nobody is to be told. */
struct notifier *notifier_begin(const struct notifier_settings *settings,
                                struct error *err) MUST_USE;

/* Tells what is left, in five seconds at most, and says to the messages if some has to wait. */
void notifier_end(struct notifier *notifier, FILE *messages);

#endif
