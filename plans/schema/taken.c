#include "plans/schema/taken.h"

#include <limits.h>
#include <stdint.h>

enum { COUNTS = 1 << 16, PLACES = 1 << 13 };

/* FNV-1a; http://www.isthe.com/chongo/tech/comp/fnv/ */
static uint32_t hash_of(const char *name)
{
    uint32_t hash = 2166136261U;

    for (const char *c = name; *c != '\0'; c++)
        hash = (hash ^ (unsigned char)*c) * 16777619U;
    return hash ^ hash >> 17;
}

void taken_note(struct model *model, const char *name)
{
    uint32_t place = hash_of(name) % COUNTS;

    if (model->names == NULL) {
        model->names = arena_calloc(model->arena, COUNTS, sizeof *model->names);
        model->table_places = arena_calloc(model->arena, PLACES, sizeof *model->table_places);
        model->index_places = arena_calloc(model->arena, PLACES, sizeof *model->index_places);
    }
    if (model->names[place] < USHRT_MAX)
        model->names[place]++;
}

void taken_forget(const struct model *model, const char *name)
{
    uint32_t place = hash_of(name) % COUNTS;

    /* Of what was counted to the end nobody knows any more how often it was. */
    if (model->names != NULL && model->names[place] > 0 && model->names[place] < USHRT_MAX)
        model->names[place]--;
}

bool taken_maybe(const struct model *model, const char *name)
{
    if (model->names == NULL)
        return model->table_count > 0;
    return model->names[hash_of(name) % COUNTS] > 0;
}

unsigned *taken_place(unsigned *places, const char *name)
{
    return places != NULL ? &places[hash_of(name) % PLACES] : NULL;
}
