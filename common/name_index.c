#include "common/name_index.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

struct slot {
    const char *name; /* NULL: free */
    const void *value;
};

struct name_index {
    struct slot *slots;
    size_t size; /* a power of two, never more than half full */
    size_t count;
};

/* FNV-1a. */
static uint64_t hash(const char *name)
{
    uint64_t value = 0xcbf29ce484222325;

    for (; *name != '\0'; name++)
        value = (value ^ (unsigned char)*name) * 0x100000001b3;
    return value ^ value >> 32;
}

/* The slot that has the name, or the free one where it belongs. */
static struct slot *slot_of(const struct name_index *index, const char *name)
{
    size_t at = hash(name) & (index->size - 1);

    while (index->slots[at].name != NULL && strcmp(index->slots[at].name, name) != 0)
        at = (at + 1) & (index->size - 1);
    return &index->slots[at];
}

static void grow(struct name_index *index)
{
    struct name_index larger = {.size = index->size * 2, .count = index->count};

    larger.slots = xcalloc(larger.size, sizeof *larger.slots);
    for (size_t i = 0; i < index->size; i++)
        if (index->slots[i].name != NULL)
            *slot_of(&larger, index->slots[i].name) = index->slots[i];
    free(index->slots);
    *index = larger;
}

struct name_index *name_index_new(size_t count)
{
    struct name_index *index = xcalloc(1, sizeof *index);

    index->size = 16;
    while (index->size < count * 2)
        index->size *= 2;
    index->slots = xcalloc(index->size, sizeof *index->slots);
    return index;
}

void name_index_free(struct name_index *index)
{
    if (index == NULL)
        return;
    free(index->slots);
    free(index);
}

const void *name_index_add(struct name_index *index, const char *name, const void *value)
{
    assert(value != NULL);
    if (index->count * 2 >= index->size)
        grow(index);
    struct slot *slot = slot_of(index, name);
    if (slot->name != NULL)
        return slot->value;
    *slot = (struct slot){name, value};
    index->count++;
    return NULL;
}

const void *name_index_find(const struct name_index *index, const char *name)
{
    return slot_of(index, name)->value;
}
