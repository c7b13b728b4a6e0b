/*
 * sum - fleet.sum: the SHA-256 of each file of a folder of migrations.
 *
 * A line "# fleet.sum 1", then "<64 hex digits>  <path>" for each file, sorted by path, so that
 * sha256sum -c reads it too. Pure: bytes in, values out.
 */
#ifndef FLEET_PLANS_SUM_H
#define FLEET_PLANS_SUM_H

#include "common/arena.h"
#include "common/buffer.h"
#include "common/diagnostics.h"
#include "common/digest.h"

struct sum_entry {
    const char *path;
    struct digest sha256;
    int line;
};

struct sum {
    const struct sum_entry *entries; /* sorted by path */
    size_t count;
};

/* Texts go to the arena. False and faults at file:line if it has another form, such as the marks
   of a merge conflict. */
bool sum_read(struct arena *arena, const char *file, const char *bytes, size_t length,
              struct sum *sum, struct diagnostics *faults) MUST_USE;

/* The entries must be sorted. */
void sum_write(const struct sum *sum, struct buffer *out);

/* NULL if the path is not pinned. */
const struct sum_entry *sum_find(const struct sum *sum, const char *path);

#endif
