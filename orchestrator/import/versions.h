/*
 * versions - numbers for migrations whose order another tool made.
 *
 * Pure. Versions are kept, padded or counted: the first way whose number order is the given order.
 */
#ifndef FLEET_ORCHESTRATOR_IMPORT_VERSIONS_H
#define FLEET_ORCHESTRATOR_IMPORT_VERSIONS_H

#include <stddef.h>

#include "common/arena.h"

/* originals are in the other tool's order; the result has as many, strictly rising as
   version_compare has it. */
const char *const *versions_assign(struct arena *arena, const char *const *originals, size_t count);

/* Less than, equal to or greater than 0 for versions of numbers with dots: 1.2 < 1.10, 1 = 1.0. */
int versions_compare_dotted(const char *a, const char *b);

#endif
