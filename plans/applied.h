/* applied - questions about what is applied on a target. */
#ifndef FLEET_PLANS_APPLIED_H
#define FLEET_PLANS_APPLIED_H

#include "common/history.h"

/* The applied migration with the greatest version; NULL if there is none. */
const struct applied *applied_newest(const struct applied_set *set);

/* How many versions are applied; repeatables have none. */
size_t applied_count_versions(const struct applied_set *set);

#endif
