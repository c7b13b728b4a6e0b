#include "agents/journal/storage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static int system_open(void *context, int directory, const char *name, int flags)
{
    (void)context;
    return openat(directory, name, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
}

static ssize_t system_write(void *context, int file, const void *bytes, size_t length, off_t offset)
{
    (void)context;
    return pwrite(file, bytes, length, offset);
}

static int system_reserve(void *context, int file, off_t offset, off_t length)
{
    (void)context;
    errno = posix_fallocate(file, offset, length);
    return errno == 0 ? 0 : -1;
}

static int system_truncate(void *context, int file, off_t length)
{
    (void)context;
    return ftruncate(file, length);
}

static int system_sync(void *context, int file)
{
    (void)context;
    return fdatasync(file);
}

/* Entries of a directory are not "data" to every file system. */
static int system_sync_directory(void *context, int directory)
{
    (void)context;
    return fsync(directory);
}

static int system_rename(void *context, int directory, const char *from, const char *to)
{
    (void)context;
    return renameat(directory, from, directory, to);
}

const struct storage *storage_system(void)
{
    static const struct storage table = {
        .open = system_open,
        .write = system_write,
        .reserve = system_reserve,
        .truncate = system_truncate,
        .sync = system_sync,
        .sync_directory = system_sync_directory,
        .rename = system_rename,
    };

    return &table;
}
