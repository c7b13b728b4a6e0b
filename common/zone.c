#include "common/zone.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/buffer.h"
#include "common/file.h"
#include "common/zone_rule.h"

enum { FILE_MAX = 1024 * 1024, HEADER_SIZE = 44, COUNTS_AT = 20, TYPE_SIZE = 6, RULE_MAX = 256 };

struct zone {
    size_t change_count;
    int64_t *changes;     /* instants, ascending */
    int64_t *offsets;     /* from each change on */
    int64_t first_offset; /* before all of them */
    bool has_rule;        /* after all of them */
    struct zone_rule rule;
};

void zone_free(struct zone *zone)
{
    if (zone == NULL)
        return;
    free(zone->changes);
    free(zone->offsets);
    free(zone);
}

static int64_t big_endian(const uint8_t *bytes, size_t size)
{
    uint64_t value = bytes[0] & 0x80 ? UINT64_MAX : 0;

    for (size_t i = 0; i < size; i++)
        value = value << 8 | bytes[i];
    return (int64_t)value;
}

/* The counts of a header, in its order, and the bytes of the data that follows it. */
struct block {
    size_t isut, isstd, leap, times, types, chars;
    const uint8_t *data;
    size_t size;
};

static bool read_block(const uint8_t *bytes, size_t length, size_t time_size, struct block *block)
{
    size_t counts[6];

    if (length < HEADER_SIZE || memcmp(bytes, "TZif", 4) != 0 || bytes[4] < '2')
        return false;
    for (size_t i = 0; i < COUNT_OF(counts); i++) {
        int64_t count = big_endian(bytes + COUNTS_AT + 4 * i, 4);

        if (count < 0 || count > FILE_MAX)
            return false;
        counts[i] = (size_t)count;
    }
    *block = (struct block){counts[0], counts[1], counts[2],           counts[3],
                            counts[4], counts[5], bytes + HEADER_SIZE, 0};
    block->size = block->times * (time_size + 1) + block->types * TYPE_SIZE + block->chars +
                  block->leap * (time_size + 4) + block->isstd + block->isut;
    return block->size <= length - HEADER_SIZE;
}

static bool take_changes(const struct block *block, struct zone *zone)
{
    const uint8_t *indexes = block->data + 8 * block->times;
    const uint8_t *types = indexes + block->times;

    zone->change_count = block->times;
    zone->changes = xcalloc(block->times + 1, sizeof *zone->changes);
    zone->offsets = xcalloc(block->times + 1, sizeof *zone->offsets);
    zone->first_offset = big_endian(types, 4);
    for (size_t i = 0; i < block->times; i++) {
        zone->changes[i] = big_endian(block->data + 8 * i, 8);
        if (indexes[i] >= block->types || (i > 0 && zone->changes[i] <= zone->changes[i - 1]))
            return false;
        zone->offsets[i] = big_endian(types + (size_t)TYPE_SIZE * indexes[i], 4);
    }
    return true;
}

/* "\nCET-1CEST,M3.5.0,M10.5.0/3\n"; nothing between the newlines where the future is not known. */
static bool take_footer(const char *bytes, size_t length, struct zone *zone)
{
    const char *end = length > 1 && bytes[0] == '\n' ? memchr(bytes + 1, '\n', length - 1) : NULL;
    char text[RULE_MAX];

    if (end == NULL || end - bytes > RULE_MAX)
        return false;
    size_t size = (size_t)(end - bytes) - 1;
    memcpy(text, bytes + 1, size);
    text[size] = '\0';
    zone->has_rule = size > 0;
    return size == 0 || zone_rule_parse(text, &zone->rule);
}

/* A first block with 32 bits for older readers, then the one that counts, then the rule. */
static bool decode(const uint8_t *bytes, size_t length, struct zone *zone)
{
    struct block old, block;

    if (!read_block(bytes, length, 4, &old))
        return false;
    size_t skipped = HEADER_SIZE + old.size;
    if (!read_block(bytes + skipped, length - skipped, 8, &block) || block.leap > 0 ||
        block.types == 0 || !take_changes(&block, zone))
        return false;
    skipped += HEADER_SIZE + block.size;
    return take_footer((const char *)bytes + skipped, length - skipped, zone);
}

struct zone *zone_load(const char *directory, const char *name, struct error *err)
{
    AUTO(text) char *path = xasprintf("%s/%s", directory, name);
    AUTO_BUFFER struct buffer bytes = {0};
    AUTO(zone) struct zone *zone = xcalloc(1, sizeof *zone);

    if (!file_read(path, FILE_MAX, &bytes, err)) {
        error_clear(err);
        error_set(err, ERROR_CONFIG, "this machine does not know the time zone %s: there is no %s",
                  name, path);
        return NULL;
    }
    if (!decode((const uint8_t *)bytes.bytes, bytes.length, zone)) {
        error_set(err, ERROR_CONFIG, "%s is not a time zone file that can be used here", path);
        return NULL;
    }
    return TAKE(zone);
}

int64_t zone_offset(const struct zone *zone, int64_t instant)
{
    size_t low = 0, high = zone->change_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (zone->changes[middle] <= instant)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == zone->change_count && zone->has_rule)
        return zone_rule_offset(&zone->rule, instant);
    return low == 0 ? zone->first_offset : zone->offsets[low - 1];
}
