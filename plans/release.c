#include "plans/release.h"

#include <string.h>

#define DIGITS "0123456789"

/* How many of a version's numbers. */
static const int numbers[ENGINE_KIND_COUNT] = {
    [ENGINE_POSTGRESQL] = 1,
    [ENGINE_MYSQL] = 2,
    [ENGINE_SQLITE] = 0,
};

size_t release_length(enum engine_kind engine, const char *version)
{
    size_t length = strcspn(version, DIGITS);

    if (numbers[engine] == 0 || version[length] == '\0')
        return 0;
    for (int i = 0; i < numbers[engine]; i++) {
        size_t dot = i > 0 && version[length] == '.' ? 1 : 0;

        length += dot + (i == 0 || dot > 0 ? strspn(version + length + dot, DIGITS) : 0);
    }
    return length;
}
