/*
 * taken - whether a name may be taken in a model, without a look at all of it.
 *
 * Each table, index and constraint takes a name, and thousands are new: a bit for the hash of each
 * name that was ever taken answers for those. Pure.
 */
#ifndef FLEET_PLANS_SCHEMA_TAKEN_H
#define FLEET_PLANS_SCHEMA_TAKEN_H

#include "plans/schema/model.h"

void taken_note(struct model *model, const char *name);

/* False only if the name has never been noted. */
bool taken_maybe(const struct model *model, const char *name);

#endif
