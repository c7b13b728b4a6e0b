/* scratch - a directory for one test, gone with all that is in it when the test ends. */
#ifndef FLEET_TESTS_SCRATCH_H
#define FLEET_TESTS_SCRATCH_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buffer.h"
#include "common/file.h"
#include "common/memory.h"

struct scratch {
    char path[64];
};

#define AUTO_SCRATCH __attribute__((cleanup(scratch_end)))

static inline struct scratch scratch_begin(void)
{
    struct scratch scratch = {.path = "/tmp/fleet-test-XXXXXX"};

    assert_non_null(mkdtemp(scratch.path));
    return scratch;
}

static inline int scratch_remove(const char *path, const struct stat *status, int kind,
                                 struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    return remove(path);
}

static inline void scratch_end(struct scratch *scratch)
{
    nftw(scratch->path, scratch_remove, 8, FTW_DEPTH | FTW_PHYS);
}

/* Writes a file beneath it, and the directories above. */
static inline void scratch_put(const struct scratch *scratch, const char *name, const char *text)
{
    struct error err = {0};
    AUTO(text) char *path = xasprintf("%s/%s", scratch->path, name);

    *strrchr(path, '/') = '\0';
    assert_true(file_make_directory(path, 0755, &err));
    path[strlen(path)] = '/';
    assert_true(file_write(path, text, strlen(text), 0644, &err));
}

/* Appends what a file beneath it holds. */
static inline void scratch_get(const struct scratch *scratch, const char *name, struct buffer *out)
{
    struct error err = {0};
    AUTO(text) char *path = xasprintf("%s/%s", scratch->path, name);

    if (!file_read(path, 1 << 24, out, &err))
        fail_msg("%s", err.message);
}

#endif
