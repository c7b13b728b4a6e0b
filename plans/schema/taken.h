/*
 * taken - whether a name may be taken in a model, without a look at all of it.
 *
 * Each table, index and constraint takes a name, and thousands are new: how many names were taken
 * is counted for each of many hashes, and one that nobody took is free. Pure.
 */
#ifndef FLEET_PLANS_SCHEMA_TAKEN_H
#define FLEET_PLANS_SCHEMA_TAKEN_H

#include "plans/schema/model.h"

void taken_note(struct model *model, const char *name);

/* Once for each time that it was noted at most. */
void taken_forget(const struct model *model, const char *name);

/* False only if nobody has the name, in a model that notes names. */
bool taken_maybe(const struct model *model, const char *name);

/* Where something of the name stood among its like when it was last looked for, for a first guess:
   NULL if there is no room to keep it. */
unsigned *taken_place(unsigned *places, const char *name);

#endif
