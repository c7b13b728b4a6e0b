/*
 * trusted_keys - the file of the keys that may sign plans for an agent, and whose they are.
 *
 * One key a line, "PERSON KEY", the key as 64 hex digits; # begins a comment line. A person may
 * have several keys and still counts once.
 */
#ifndef FLEET_AGENTS_DAEMON_TRUSTED_KEYS_H
#define FLEET_AGENTS_DAEMON_TRUSTED_KEYS_H

#include "common/arena.h"
#include "common/diagnostics.h"
#include "plans/slice.h"

struct trusted_key_list {
    const struct trusted_key *keys;
    size_t count;
    int persons; /* distinct ones */
};

/* Adds a fault for each line that is no key, for a key given twice, and for a file without any. */
struct trusted_key_list trusted_keys_read(const char *path, struct arena *arena,
                                          struct diagnostics *faults);

#endif
