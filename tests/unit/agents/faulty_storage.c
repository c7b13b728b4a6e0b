#include "faulty_storage.h"

#include <errno.h>

static bool fails(void *context)
{
    struct faulty_storage *faulty = context;
    int call = atomic_fetch_add(&faulty->calls, 1) + 1;

    errno = faulty->number;
    return faulty->fails_at > 0 &&
           (call == faulty->fails_at || (faulty->dies && call > faulty->fails_at));
}

static int faulty_open(void *context, int directory, const char *name, int flags)
{
    return fails(context) ? -1 : storage_system()->open(NULL, directory, name, flags);
}

/* Half of it gets there. */
static ssize_t faulty_write(void *context, int file, const void *bytes, size_t length, off_t offset)
{
    bool failing = fails(context);
    int number = errno;
    ssize_t wrote =
        storage_system()->write(NULL, file, bytes, failing ? length / 2 : length, offset);

    errno = number;
    return failing ? -1 : wrote;
}

static int faulty_reserve(void *context, int file, off_t offset, off_t length)
{
    return fails(context) ? -1 : storage_system()->reserve(NULL, file, offset, length);
}

static int faulty_truncate(void *context, int file, off_t length)
{
    return fails(context) ? -1 : storage_system()->truncate(NULL, file, length);
}

static int faulty_sync(void *context, int file)
{
    struct faulty_storage *faulty = context;

    atomic_fetch_add(&faulty->syncs, 1);
    return fails(context) ? -1 : storage_system()->sync(NULL, file);
}

static int faulty_sync_directory(void *context, int directory)
{
    return fails(context) ? -1 : storage_system()->sync_directory(NULL, directory);
}

static int faulty_rename(void *context, int directory, const char *from, const char *to)
{
    return fails(context) ? -1 : storage_system()->rename(NULL, directory, from, to);
}

void faulty_storage_make(struct faulty_storage *faulty, int fails_at, bool dies, int number)
{
    *faulty = (struct faulty_storage){.fails_at = fails_at, .dies = dies, .number = number};
    faulty->storage =
        (struct storage){faulty_open, faulty_write,          faulty_reserve, faulty_truncate,
                         faulty_sync, faulty_sync_directory, faulty_rename,  faulty};
}
