/*
 * keep - what a change drops stays aside on the target, so that it can be taken back with its data.
 *
 * A table or column is renamed to "fleet_kept_VERSION_NAME", by the version of the change, and
 * loses what would stand in the application's way: foreign keys, and NOT NULL without a default.
 * Pure.
 */
#ifndef FLEET_PLANS_SCHEMA_KEEP_H
#define FLEET_PLANS_SCHEMA_KEEP_H

#include "plans/schema/model.h"

struct operations {
    struct operation *items;
    size_t count;
};

/* Adds the operations that keep aside what the operation drops, or the operation itself: where it
   drops nothing, what is kept already, or of a table that is not known. ERROR_CONFLICT as for what
   it drops. */
bool keep_expand(const struct model *model, const char *version, const struct operation *operation,
                 struct operations *expanded, struct error *err) MUST_USE;

/* Takes what is kept aside out of the model, which then is as the application sees it. */
void keep_hide(struct model *model);

/* The operations that drop what is kept aside since the version or earlier, or all with NULL. */
struct operations keep_purge(const struct model *model, const char *through);

#endif
