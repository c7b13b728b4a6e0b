/* order - in what order tables can come into being, for their foreign keys. Pure. */
#ifndef FLEET_PLANS_SCHEMA_ORDER_H
#define FLEET_PLANS_SCHEMA_ORDER_H

#include "plans/schema/model.h"

struct creation {
    const struct table *table;
    bool *later; /* of its constraints, those that lead to a table that comes after it */
};

/* All tables of the model, those that others refer to first; by name where nothing else decides.
   Where tables refer to each other in a circle, one key of it comes later. */
const struct creation *order_creations(struct arena *arena, const struct model *model);

#endif
