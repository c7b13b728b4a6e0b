/*
 * name_index - finds things by name among many, and two of the same name.
 *
 * A hash table that keeps pointers only: names and values must outlive it.
 */
#ifndef FLEET_COMMON_NAME_INDEX_H
#define FLEET_COMMON_NAME_INDEX_H

#include <stddef.h>

#include "common/scope.h"

struct name_index;

/* Ready for about count names; it grows with more. */
struct name_index *name_index_new(size_t count) MUST_USE;
void name_index_free(struct name_index *index);
AUTO_DEFINE(name_index)

/* Adds a value, which is not NULL. NULL if the name was new; else the value that has the name
   already and keeps it. */
const void *name_index_add(struct name_index *index, const char *name, const void *value);

/* NULL if there is none. */
const void *name_index_find(const struct name_index *index, const char *name);

#endif
