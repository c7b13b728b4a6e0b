#include "plans/schema/taken.h"

#include <stdint.h>

enum { BITS = 1 << 17 };

/* FNV-1a; http://www.isthe.com/chongo/tech/comp/fnv/ */
static uint32_t place_of(const char *name)
{
    uint32_t hash = 2166136261U;

    for (const char *c = name; *c != '\0'; c++)
        hash = (hash ^ (unsigned char)*c) * 16777619U;
    return (hash ^ hash >> 17) % BITS;
}

void taken_note(struct model *model, const char *name)
{
    uint32_t place = place_of(name);

    if (model->names == NULL)
        model->names = arena_calloc(model->arena, BITS / 8, 1);
    model->names[place / 8] |= (unsigned char)(1U << place % 8);
}

bool taken_maybe(const struct model *model, const char *name)
{
    uint32_t place = place_of(name);

    return model->names != NULL && (model->names[place / 8] >> place % 8 & 1) != 0;
}
