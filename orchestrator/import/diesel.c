/*
 * Diesel: a folder VERSION_NAME with up.sql, down.sql and metadata.toml for each migration, ordered
 * by the text of the version without its dashes.
 */
#include <string.h>

#include "orchestrator/import/tools.h"

/* run_in_transaction = false in the migration's metadata.toml. */
static bool has_no_transaction(struct reading *reading, int engine, const char *folder)
{
    static const char setting[] = "run_in_transaction";
    const char *path = arena_printf(reading->arena, "%s/metadata.toml", folder);
    struct source_file *metadata = source_find(reading->source, engine, path);

    if (metadata == NULL)
        return false;
    metadata->used = true;
    for (const char *line = metadata->bytes; *line != '\0';) {
        const char *text = line + strspn(line, " \t");

        if (strncmp(text, setting, strlen(setting)) == 0) {
            text += strlen(setting);
            text += strspn(text, " \t=");
            return strncmp(text, "false", strlen("false")) == 0;
        }
        line += strcspn(line, "\n");
        line += *line == '\n';
    }
    return false;
}

/* The version up to the first "_", without its dashes. */
static char *read_version(struct arena *arena, const char *folder)
{
    size_t length = strcspn(folder, "_");
    char *version = arena_copy(arena, folder, length);
    char *end = version;

    for (size_t i = 0; i < length; i++) {
        if (folder[i] != '-')
            *end++ = folder[i];
    }
    *end = '\0';
    return version;
}

/* The folder of FOLDER/up.sql or FOLDER/down.sql; NULL for another path. */
static char *folder_of(struct arena *arena, const char *inner, bool *down)
{
    const char *slash = strchr(inner, '/');

    if (slash == NULL || slash == inner ||
        (strcmp(slash, "/up.sql") != 0 && strcmp(slash, "/down.sql") != 0))
        return NULL;
    *down = slash[1] == 'd';
    return arena_copy(arena, inner, (size_t)(slash - inner));
}

static bool recognises(const struct source *source)
{
    AUTO(arena) struct arena *arena = arena_new();
    bool down;

    for (size_t i = 0; i < source->count; i++) {
        if (folder_of(arena, source->files[i].inner, &down) != NULL)
            return true;
    }
    return false;
}

static void read_source(struct reading *reading)
{
    for (size_t i = 0; i < reading->source->count; i++) {
        struct source_file *file = &reading->source->files[i];
        struct piece piece = {.engine = file->engine,
                              .path = file->path,
                              .bytes = file->bytes,
                              .length = file->length};
        char *folder = folder_of(reading->arena, file->inner, &piece.down);

        if (folder == NULL)
            continue;
        file->used = true;
        const char *name = strchr(folder, '_');
        piece.name = name != NULL ? name + 1 : "";
        piece.key = piece.number = read_version(reading->arena, folder);
        piece.no_transaction = has_no_transaction(reading, file->engine, folder);
        reading_add(reading, &piece);
    }
}

const struct import_tool import_diesel = {
    .kind = FOREIGN_DIESEL,
    .recognises = recognises,
    .read = read_source,
    .compare = strcmp,
};
