/*
 * golang-migrate: VERSION_NAME.up.sql and .down.sql, ordered by number. Tools that share its names
 * put an engine before or after the direction (1_a.mysql.up.sql), and popx "autocommit" where a
 * script has no transaction.
 */
#include <string.h>

#include "orchestrator/import/tools.h"
#include "plans/version.h"

/* Takes off the last ".up" or ".down" of a name, an engine or "autocommit" on either side of it,
   and any other word behind it, as golang-migrate does: 1_a.up.db.sql. */
static bool take_direction(char *name, struct piece *piece)
{
    bool found = false;

    for (char *dot = strrchr(name, '.'); dot != NULL; dot = strrchr(name, '.')) {
        bool direction = !found && (strcmp(dot, ".up") == 0 || strcmp(dot, ".down") == 0);

        if (direction)
            piece->down = dot[1] == 'd';
        else if (strcmp(dot, ".autocommit") == 0)
            piece->no_transaction = true;
        else if (!source_engine_from_name(dot + 1, strlen(dot + 1), &piece->engine) && found)
            break;
        found = found || direction;
        *dot = '\0';
    }
    return found;
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
    .finds_transactionless = true,
    .read = read_source,
    .compare = version_compare,
};
