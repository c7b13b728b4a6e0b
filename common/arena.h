/*
 * arena - memory of one document, freed whole.
 *
 * An inventory, a plan or a message is many small pieces with one lifetime;
 * they live in an arena and need no frees of their own. Memory is zeroed and
 * aligned for any object. Not for use by two threads at once.
 */
#ifndef FLEET_COMMON_ARENA_H
#define FLEET_COMMON_ARENA_H

#include <stddef.h>

#include "common/scope.h"

struct arena;

struct arena *arena_new(void) MUST_USE;
void arena_free(struct arena *arena);
AUTO_DEFINE(arena)

/* Zeroed room for count objects of a size. */
void *arena_calloc(struct arena *arena, size_t count, size_t size) MUST_USE;

/* A copy of length bytes with a NUL after them. */
char *arena_copy(struct arena *arena, const void *bytes, size_t length) MUST_USE;
char *arena_strdup(struct arena *arena, const char *text) MUST_USE;
char *arena_printf(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3) MUST_USE;

/* Bytes handed out so far, for limits. */
size_t arena_size(const struct arena *arena);

#endif
