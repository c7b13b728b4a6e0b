/*
 * storage - the few calls by which the journal reaches its directory, as a table, so that a test
 * can fail each of them in turn.
 *
 * Each returns -1 with errno, as the system's calls do; names are beneath the directory.
 */
#ifndef FLEET_AGENTS_JOURNAL_STORAGE_H
#define FLEET_AGENTS_JOURNAL_STORAGE_H

#include <stddef.h>
#include <sys/types.h>

struct storage {
    int (*open)(void *context, int directory, const char *name, int flags);
    ssize_t (*write)(void *context, int file, const void *bytes, size_t length, off_t offset);
    int (*reserve)(void *context, int file, off_t offset, off_t length);
    int (*truncate)(void *context, int file, off_t length);
    int (*sync)(void *context, int file); /* its data, and what is needed to find them */
    int (*sync_directory)(void *context, int directory);
    int (*rename)(void *context, int directory, const char *from, const char *to);
    void *context;
};

/* The system's own. */
const struct storage *storage_system(void);

#endif
