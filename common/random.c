#include "common/random.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/types.h>

#include "common/digest.h"

static void system_fill(const struct random_source *source, void *bytes, size_t length)
{
    unsigned char *at = bytes;

    (void)source;
    while (length > 0) {
        ssize_t got = getrandom(at, length, 0);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            perror("fleet: getrandom");
            abort();
        }
        at += got;
        length -= (size_t)got;
    }
}

const struct random_source *random_system(void)
{
    static const struct random_source system = {.fill = system_fill};

    return &system;
}

uint32_t random_u32(const struct random_source *source)
{
    uint32_t number;

    source->fill(source, &number, sizeof number);
    return number;
}

void random_hex(const struct random_source *source, size_t length, char *text)
{
    unsigned char bytes[64];

    assert(length <= sizeof bytes);
    source->fill(source, bytes, length);
    hex_encode(bytes, length, text);
}
