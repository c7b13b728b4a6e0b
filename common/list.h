/* list - an array in an arena that grows one element at a time. */
#ifndef FLEET_COMMON_LIST_H
#define FLEET_COMMON_LIST_H

#include "common/arena.h"

/* The array with room for one more than its count elements of a size; it moves when it doubles. */
void *list_room(struct arena *arena, const void *items, size_t count, size_t size) MUST_USE;

#endif
