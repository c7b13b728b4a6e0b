/*
 * replay - a folder's portable changes, each rendered for every engine with the way back.
 *
 * The schema before a change is what the changes before it made. SQL that is not portable opens the
 * model (plans/schema/model.h) and makes it forget the tables that the SQL names. Pure.
 */
#ifndef FLEET_PLANS_SCHEMA_REPLAY_H
#define FLEET_PLANS_SCHEMA_REPLAY_H

#include "common/arena.h"
#include "common/diagnostics.h"
#include "plans/migrations.h"

/* Fills in up and down of the items that have a change. Items are by version. Adds the fault of the
   first change that cannot be; those after it are left as they are. */
void replay_changes(struct arena *arena, const char *directory, struct migration *items,
                    size_t count, struct diagnostics *faults);

/* The schema that the folder's changes make, in the arena, with what they keep aside (keep.h).
   *opaque is the first migration that is no change, of which the model cannot know what it makes;
   NULL if there is none. */
struct model;
bool replay_schema(struct arena *arena, const struct migration *items, size_t count,
                   struct model *model, const struct migration **opaque,
                   struct error *err) MUST_USE;

#endif
