#include "orchestrator/import/versions.h"

#include <stdbool.h>
#include <string.h>

#include "common/buffer.h"
#include "plans/version.h"

enum { PARTS_MAX = 8 };

/* The widths that a way of numbering needs to know of all versions. */
struct widths {
    size_t longest;
    size_t parts[PARTS_MAX]; /* of versions with dots */
    size_t part_count;
};

static size_t max(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t part_length(const char *part)
{
    return strcspn(part, ".");
}

static const char *next_part(const char *part)
{
    part += part_length(part);
    return *part == '.' ? part + 1 : part;
}

static struct widths measure(const char *const *originals, size_t count)
{
    struct widths widths = {0};

    for (size_t i = 0; i < count; i++) {
        const char *part = originals[i];
        size_t parts = 0;

        widths.longest = max(widths.longest, strlen(part));
        for (; *part != '\0' && parts < PARTS_MAX; part = next_part(part), parts++)
            widths.parts[parts] = max(widths.parts[parts], part_length(part));
        widths.part_count = max(widths.part_count, parts);
    }
    return widths;
}

/* Each way gives the number of one version, or NULL where it cannot. */
typedef const char *(*numbering)(struct arena *arena, const char *original, size_t index,
                                 const struct widths *widths);

static const char *keep(struct arena *arena, const char *original, size_t index,
                        const struct widths *widths)
{
    (void)arena;
    (void)index;
    (void)widths;
    return version_is_valid(original) ? original : NULL;
}

/* Zeros at the end: then digits that come first in a text also count most. */
static char *pad(struct arena *arena, const char *original, const struct widths *widths)
{
    struct buffer padded AUTO_BUFFER = {0};

    buffer_append_text(&padded, original);
    while (padded.length < widths->longest)
        buffer_append_char(&padded, '0');
    return arena_copy(arena, buffer_text(&padded), padded.length);
}

static const char *pad_to_longest(struct arena *arena, const char *original, size_t index,
                                  const struct widths *widths)
{
    (void)index;
    return version_is_valid(original) ? pad(arena, original, widths) : NULL;
}

/* Where one version begins another and only zeros follow, the shorter comes first. */
static const char *pad_and_add_length(struct arena *arena, const char *original, size_t index,
                                      const struct widths *widths)
{
    (void)index;
    return version_is_valid(original)
               ? arena_printf(arena, "%s%02zu", pad(arena, original, widths), strlen(original))
               : NULL;
}

/* 1.2 is 1002 beside 1.10 (1010): each part but the first has three digits or more. */
static const char *join_parts(struct arena *arena, const char *original, size_t index,
                              const struct widths *widths)
{
    struct buffer joined AUTO_BUFFER = {0};
    const char *part = original;

    (void)index;
    if (widths->part_count < 2 || strspn(original, "0123456789.") != strlen(original))
        return NULL;
    for (size_t i = 0; i < widths->part_count; i++) {
        size_t length = part_length(part);
        size_t width = i == 0 ? widths->parts[i] : max(widths->parts[i], 3);

        for (size_t zeros = width - length; zeros > 0; zeros--)
            buffer_append_char(&joined, '0');
        buffer_append(&joined, part, length);
        part = next_part(part);
    }
    return arena_copy(arena, buffer_text(&joined), joined.length);
}

static const char *count_up(struct arena *arena, const char *original, size_t index,
                            const struct widths *widths)
{
    (void)original;
    (void)widths;
    return arena_printf(arena, "%06zu", index + 1);
}

static const numbering ways[] = {keep, join_parts, pad_to_longest, pad_and_add_length, count_up};

static bool number_all(struct arena *arena, numbering way, const char *const *originals,
                       size_t count, const char **numbers)
{
    struct widths widths = measure(originals, count);

    for (size_t i = 0; i < count; i++) {
        numbers[i] = way(arena, originals[i], i, &widths);
        if (numbers[i] == NULL || !version_is_valid(numbers[i]))
            return false;
        if (i > 0 && version_compare(numbers[i - 1], numbers[i]) >= 0)
            return false;
    }
    return true;
}

const char *const *versions_assign(struct arena *arena, const char *const *originals, size_t count)
{
    const char **numbers = arena_calloc(arena, count, sizeof *numbers);
    bool done = false;

    for (size_t i = 0; i < COUNT_OF(ways) && !done; i++)
        done = number_all(arena, ways[i], originals, count, numbers);
    return numbers;
}

/* The part without leading zeros, and how long it is. */
static const char *significant(const char *part, size_t *length)
{
    size_t all = part_length(part);
    size_t zeros = strspn(part, "0");

    if (zeros > all)
        zeros = all;
    *length = all - zeros;
    return part + zeros;
}

int versions_compare_dotted(const char *a, const char *b)
{
    while (*a != '\0' || *b != '\0') {
        size_t a_length;
        size_t b_length;
        const char *left = significant(a, &a_length);
        const char *right = significant(b, &b_length);

        if (a_length != b_length)
            return a_length < b_length ? -1 : 1;
        int order = memcmp(left, right, a_length);
        if (order != 0)
            return order;
        a = next_part(a);
        b = next_part(b);
    }
    return 0;
}
