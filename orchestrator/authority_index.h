/* authority_index - the file in which the authority records what it issued. */
#ifndef FLEET_ORCHESTRATOR_AUTHORITY_INDEX_H
#define FLEET_ORCHESTRATOR_AUTHORITY_INDEX_H

#include "orchestrator/authority.h"

struct authority_index {
    struct issued_certificate *entries; /* oldest first */
    size_t count;
};

#define AUTO_AUTHORITY_INDEX __attribute__((cleanup(authority_index_free)))
void authority_index_free(struct authority_index *index);

/* Strict: a line that is not as we write it is ERROR_CONFIG with file and line. */
bool authority_index_read(const char *path, struct authority_index *index,
                          struct error *err) MUST_USE;

void authority_index_add(struct authority_index *index, const struct issued_certificate *entry);

/* Replaces the file at once. */
bool authority_index_write(const struct authority_index *index, const char *path,
                           struct error *err) MUST_USE;

#endif
