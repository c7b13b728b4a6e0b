/*
 * sources - the files of an inventory: the top one, what it includes, and what programs print.
 *
 * include = GLOB stands before the first section or in [fleet], is relative to the file that has
 * it, and may be repeated. A file that is executable is run without a shell and without arguments,
 * for 30 s at most, and its output (64 MB at most) is read in its place.
 */
#ifndef FLEET_INVENTORY_SOURCES_H
#define FLEET_INVENTORY_SOURCES_H

#include <stddef.h>

#include "common/arena.h"
#include "common/diagnostics.h"
#include "common/digest.h"
#include "common/ini.h"

struct sources {
    struct ini_document **documents; /* the top file first, each before what it includes */
    size_t count;
    struct digest digest; /* of all bytes, in that order */
};

/* Reads what can be read; a cycle, a file that is included twice, a glob without a match and
   a program that fails are faults. All memory is the arena's. */
void sources_read(const char *path, struct arena *arena, struct sources *sources,
                  struct diagnostics *faults);

#endif
