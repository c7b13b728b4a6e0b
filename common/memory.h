/*
 * memory - allocation that succeeds or ends the process.
 *
 * Out of memory is a crash, and a crash is resumable: nothing is half-done that
 * a target's history does not show.
 */
#ifndef FLEET_COMMON_MEMORY_H
#define FLEET_COMMON_MEMORY_H

#include <stddef.h>

#include "common/scope.h"

/* Zeroed memory for count objects. */
void *xcalloc(size_t count, size_t size) MUST_USE;

/* Room for count objects; the old ones stay. NULL starts afresh. */
void *xreallocarray(void *memory, size_t count, size_t size) MUST_USE;

char *xstrdup(const char *text) MUST_USE;
char *xstrndup(const char *text, size_t length) MUST_USE;
char *xasprintf(const char *format, ...) PRINTF_LIKE(1, 2) MUST_USE;

/* AUTO(text) char *t: free() when t leaves scope. */
void text_free(char *text);
AUTO_DEFINE_FOR(text, char)

/* Overwrites a secret so that the compiler cannot leave it out, then frees it. NULL is fine. */
void secret_free(char *secret);
AUTO_DEFINE_FOR(secret, char)

#endif
