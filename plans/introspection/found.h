/*
 * found - the schema of a database as a model, from the lines that an agent tells of it.
 *
 * What portable DDL has no words for is named, with what it is a part of; the rest of its table is
 * in the model all the same. A part that stands on such a part is outside, too. Pure.
 */
#ifndef FLEET_PLANS_INTROSPECTION_FOUND_H
#define FLEET_PLANS_INTROSPECTION_FOUND_H

#include "common/engine_kind.h"
#include "plans/schema/model.h"

struct outside {
    const char *table;  /* that it is part of, by the name of the model; NULL: of none */
    const char *part;   /* 'column "tags"', 'view public.totals' */
    const char *reason; /* "portable DDL has no arrays (text[])" */
    const char *line;   /* that tells of it; NULL where the rules refused what a line told */
};

struct found {
    struct model model;
    struct outside *outside; /* in the order of the lines */
    size_t outside_count;
};

/* lines are as agents/engine.h introspect writes them, one object or part each; those that nobody
   could read are outside. All memory is the arena's. */
void found_read(struct arena *arena, enum engine_kind engine, const char *lines, size_t length,
                struct found *found);

/* How many of the model's tables have nothing outside, neither them nor their parts. */
size_t found_whole_tables(const struct found *found);

#endif
