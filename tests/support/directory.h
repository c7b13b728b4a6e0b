/* directory - a new, empty directory that a test works in; gone with what is in it afterwards. */
#ifndef FLEET_TESTS_DIRECTORY_H
#define FLEET_TESTS_DIRECTORY_H

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "common/memory.h"

/* The state is its path. */
static inline int directory_enter(void **state)
{
    char *directory = xstrdup("/tmp/fleet-test-XXXXXX");

    *state = directory;
    return mkdtemp(directory) != NULL && chdir(directory) == 0 ? 0 : -1;
}

static inline int directory_leave(void **state)
{
    AUTO(text) char *directory = *state;
    AUTO(text) char *command = xasprintf("rm -rf '%s'", directory);

    return chdir("/") == 0 && system(command) == 0 ? 0 : -1;
}

/* Writes a file of the directory; false ends the test that asserts it. */
static inline bool directory_put(const char *path, const char *text, mode_t mode)
{
    struct error err = {0};

    return file_write(path, text, strlen(text), mode, &err);
}

#define IN_NEW_DIRECTORY(test) \
    cmocka_unit_test_setup_teardown(test, directory_enter, directory_leave)

#endif
