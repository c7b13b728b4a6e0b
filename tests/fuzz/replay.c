/* Feeds a fuzz target the files of folders, where there is no libFuzzer to do it: what was found
   once is found again by every build. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/buffer.h"
#include "common/file.h"
#include "common/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

enum { SEED_MAX = 1 << 20 };

static void feed(const char *folder, const char *name)
{
    AUTO(text) char *path = xasprintf("%s/%s", folder, name);
    AUTO_BUFFER struct buffer bytes = {0};
    struct error err = {0};

    if (!file_read(path, SEED_MAX, &bytes, &err)) {
        (void)fprintf(stderr, "%s: %s\n", path, err.message);
        exit(EXIT_FAILURE);
    }
    /* A copy of the very length, so that a read past its end is seen. */
    uint8_t *copy = xcalloc(bytes.length + 1, 1);
    for (size_t i = 0; i < bytes.length; i++)
        copy[i] = (uint8_t)bytes.bytes[i];
    (void)LLVMFuzzerTestOneInput(copy, bytes.length);
    free(copy);
}

static size_t feed_folder(const char *folder)
{
    DIR *directory = opendir(folder);
    size_t count = 0;

    if (directory == NULL)
        return 0;
    for (const struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory))
        if (entry->d_name[0] != '.') {
            feed(folder, entry->d_name);
            count++;
        }
    (void)closedir(directory);
    return count;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (feed_folder(argv[i]) == 0) {
            (void)fprintf(stderr, "%s: no seeds\n", argv[i]);
            return EXIT_FAILURE;
        }
    return argc > 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
