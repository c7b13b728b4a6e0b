/*
 * ini - INI files with places: sections and keys with file:line, all faults in one run.
 *
 * Reading is inih's, told to keep lines on the heap. What inih would cut or merge in silence
 * (section names over 49 bytes, continuation lines, lines over 64 kB, NUL) is a fault here.
 * include = GLOB (before the first section or in any section named by the caller) is the caller's
 * business; so are the meanings of keys.
 */
#ifndef FLEET_COMMON_INI_H
#define FLEET_COMMON_INI_H

#include <stddef.h>

#include "common/arena.h"
#include "common/diagnostics.h"

struct ini_entry {
    const char *key;
    const char *value;
    int line;
};

struct ini_section {
    const char *name; /* the text between the brackets; "" before the first section */
    int line;
    struct ini_entry *entries;
    size_t count;
};

struct ini_document {
    const char *file; /* as messages shall name it */
    struct ini_section *sections;
    size_t count;
};

/* Reads text; faults are added. Never NULL: what could be read is there. All memory is the
   arena's. */
struct ini_document *ini_read(struct arena *arena, const char *file, const char *text,
                              size_t length, struct diagnostics *faults);

/*
 * Names with a range: "orders-%03d" with 0..2 is orders-000, orders-001, orders-002. The
 * place is %d or %0Nd (N 1 to 9), once or more; other percent signs stay, as URLs have them.
 */
bool ini_has_placeholder(const char *pattern);
char *ini_expand(struct arena *arena, const char *pattern, long number);
/* "0..399"; at most 100,000 numbers, both ends counted, rising. */
bool ini_parse_range(const char *text, long *first, long *last);

#endif
