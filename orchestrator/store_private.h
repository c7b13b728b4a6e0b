/* store_private - the store's inside, for the files that make it up. */
#ifndef FLEET_ORCHESTRATOR_STORE_PRIVATE_H
#define FLEET_ORCHESTRATOR_STORE_PRIVATE_H

#include "orchestrator/store.h"

struct store {
    struct database *database;
    const struct clock *clock;
    const struct random_source *random;
    char id[ID_SIZE];
};

#endif
