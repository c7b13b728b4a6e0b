/*
 * diff - the operations that make one schema of another, in an order that works.
 *
 * Constraints are the same when they say the same, and have the same name where both were given
 * one; the order of columns is no difference. What was renamed has to be said: else what has
 * another name is dropped and added, and a note tells of it where it looks like a rename. Pure.
 */
#ifndef FLEET_PLANS_SCHEMA_DIFF_H
#define FLEET_PLANS_SCHEMA_DIFF_H

#include "plans/schema/model.h"

/* That a table, or one of its columns, had another name. */
struct renaming {
    const char *table;  /* as it is called now */
    const char *column; /* NULL: the table itself */
    const char *from;
};

struct diff {
    struct operation *operations;
    size_t count;
    const char **notes; /* what looks like a rename */
    size_t note_count;
};

/* model becomes what wanted is; all memory is its arena's. ERROR_CONFLICT where no operation does
   it: says which table and what to do. */
bool diff_models(struct model *model, const struct model *wanted, const struct renaming *renamings,
                 size_t count, struct diff *diff, struct error *err) MUST_USE;

#endif
