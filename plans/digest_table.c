#include "plans/digest_table.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

struct entry {
    struct digest key;
    size_t number;
    bool used;
};

/* Open addressing; the capacity is a power of two and at most half of it is used. */
struct digest_table {
    struct entry *entries;
    size_t capacity;
    size_t count;
};

struct digest_table *digest_table_new(void)
{
    struct digest_table *table = xcalloc(1, sizeof *table);

    table->capacity = 64;
    table->entries = xcalloc(table->capacity, sizeof *table->entries);
    return table;
}

void digest_table_free(struct digest_table *table)
{
    if (table == NULL)
        return;
    free(table->entries);
    free(table);
}

/* The key's entry, or the free one where it belongs. A digest is its own hash. */
static struct entry *locate(const struct digest_table *table, const struct digest *key)
{
    uint64_t hash;

    memcpy(&hash, key->bytes, sizeof hash);
    size_t at = (size_t)hash & (table->capacity - 1);
    while (table->entries[at].used && !digest_equal(&table->entries[at].key, key))
        at = (at + 1) & (table->capacity - 1);
    return &table->entries[at];
}

static void grow(struct digest_table *table)
{
    struct entry *old = table->entries;
    size_t old_capacity = table->capacity;

    table->capacity *= 2;
    table->entries = xcalloc(table->capacity, sizeof *table->entries);
    for (size_t i = 0; i < old_capacity; i++)
        if (old[i].used)
            *locate(table, &old[i].key) = old[i];
    free(old);
}

size_t digest_table_intern(struct digest_table *table, const struct digest *key, size_t number)
{
    if (2 * (table->count + 1) > table->capacity)
        grow(table);
    struct entry *entry = locate(table, key);
    if (!entry->used) {
        *entry = (struct entry){*key, number, true};
        table->count++;
    }
    return entry->number;
}

bool digest_table_find(const struct digest_table *table, const struct digest *key, size_t *number)
{
    const struct entry *entry = locate(table, key);

    if (entry->used)
        *number = entry->number;
    return entry->used;
}
