/* golang-migrate: VERSION_NAME.up.sql and .down.sql, ordered by number. */
#include <string.h>

#include "orchestrator/import/tools.h"
#include "plans/version.h"

/* Takes ".up" or ".down" off the end of a name, and an engine on either side of it. */
static bool take_direction(char *name, struct piece *piece)
{
    source_take_engine(name, &piece->engine);
    char *dot = strrchr(name, '.');
    if (dot == NULL || (strcmp(dot, ".up") != 0 && strcmp(dot, ".down") != 0))
        return false;
    piece->down = dot[1] == 'd';
    *dot = '\0';
    source_take_engine(name, &piece->engine);
    return true;
}

static bool read_name(struct arena *arena, const struct source_file *file, struct piece *piece)
{
    *piece = (struct piece){.engine = file->engine};
    if (file->bytes == NULL || !numbered_name(arena, file->inner, piece))
        return false;
    char *name = arena_strdup(arena, piece->name);
    piece->name = name;
    return take_direction(name, piece);
}

static bool recognises(const struct source *source)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct piece piece;

    for (size_t i = 0; i < source->count; i++) {
        if (read_name(arena, &source->files[i], &piece))
            return true;
    }
    return false;
}

static void read_source(struct reading *reading)
{
    for (size_t i = 0; i < reading->source->count; i++) {
        struct source_file *file = &reading->source->files[i];
        struct piece piece;

        if (!read_name(reading->arena, file, &piece))
            continue;
        file->used = true;
        piece.path = file->path;
        piece.bytes = file->bytes;
        piece.length = file->length;
        reading_add(reading, &piece);
    }
}

const struct import_tool import_golang_migrate = {
    .kind = FOREIGN_GOLANG_MIGRATE,
    .recognises = recognises,
    .read = read_source,
    .compare = version_compare,
};
