/*
 * difference - what would make of one introspected schema another, part by part.
 *
 * Parts that portable DDL has are operations ("CREATE INDEX i ON t (a)"), others are lines that are
 * missing ("missing: trigger …") or too many ("not expected: view …"). Pure.
 */
#ifndef FLEET_PLANS_INTROSPECTION_DIFFERENCE_H
#define FLEET_PLANS_INTROSPECTION_DIFFERENCE_H

#include "plans/introspection/found.h"

struct difference {
    const char **items; /* each on one line */
    size_t count;
};

/* lines are those of two targets of the engine, as found.h takes them; memory is the arena's. Lines
   that differ in what neither says are told as they are, so that no difference is without a word.
 */
struct difference difference_of_lines(struct arena *arena, enum engine_kind engine,
                                      const char *lines, const char *wanted);

/* To a schema that no target tells of, which knows nothing of what is outside of portable DDL. */
struct difference difference_to_model(struct arena *arena, enum engine_kind engine,
                                      const char *lines, const struct model *wanted);

#endif
