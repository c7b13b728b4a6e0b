/*
 * Flyway: V1.2__name.sql, U1.2__name.sql to undo it, R__name.sql whenever it changes, in folders of
 * any depth; versions order by their numbers. A file of settings beside a script may have
 * executeInTransaction=false.
 */
#include <string.h>

#include "orchestrator/import/tools.h"
#include "orchestrator/import/versions.h"

static const char ending[] = ".sql";

/* "1_2" and "1.2" are one version. */
static char *read_version(struct arena *arena, const char *text, size_t length)
{
    char *version = arena_copy(arena, text, length);

    for (char *p = version; *p != '\0'; p++) {
        if (*p == '_')
            *p = '.';
    }
    return version;
}

/* The kind's letter, a version unless it is R, "__" and the name. */
static bool read_name(struct arena *arena, const struct source_file *file, struct piece *piece)
{
    const char *base = source_base_name(file->inner);
    size_t length = strlen(base);
    const char *separator = strstr(base, "__");

    *piece = (struct piece){.engine = file->engine, .down = *base == 'U', .path = file->path};
    if (file->bytes == NULL || separator == NULL || length < strlen(ending) ||
        strcmp(base + length - strlen(ending), ending) != 0 || strchr("VURB", *base) == NULL)
        return false;
    size_t digits = (size_t)(separator - base) - 1;
    piece->repeatable = *base == 'R';
    if (strspn(base + 1, "0123456789._") < digits || (digits == 0) != piece->repeatable)
        return false;
    char *name =
        arena_copy(arena, separator + 2, length - (size_t)(separator + 2 - base) - strlen(ending));
    source_take_engine(name, &piece->engine);
    piece->name = name;
    piece->key = piece->repeatable ? name : read_version(arena, base + 1, digits);
    piece->number = piece->key;
    piece->bytes = file->bytes;
    piece->length = file->length;
    return true;
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

/* executeInTransaction=false in the settings beside the script. */
static bool has_no_transaction(struct reading *reading, const struct source_file *script)
{
    static const char setting[] = "executeInTransaction";
    const char *path = arena_printf(reading->arena, "%s.conf", script->inner);
    struct source_file *conf = source_find(reading->source, script->engine, path);

    if (conf == NULL)
        return false;
    conf->used = true;
    const char *value = strstr(conf->bytes, setting);
    if (value == NULL)
        return false;
    value += strlen(setting);
    value += strspn(value, " \t=");
    return strncmp(value, "false", strlen("false")) == 0;
}

static void read_source(struct reading *reading)
{
    for (size_t i = 0; i < reading->source->count; i++) {
        struct source_file *file = &reading->source->files[i];
        struct piece piece;

        if (!read_name(reading->arena, file, &piece))
            continue;
        file->used = true;
        if (*source_base_name(file->inner) == 'B') {
            reading_note(reading, file->path,
                         "a baseline stands for the versions up to it and was left out");
            continue;
        }
        if (memmem(file->bytes, file->length, "${", 2) != NULL)
            reading_note(reading, file->path,
                         "\"${\" stands here: fleet puts nothing in the place of placeholders, so "
                         "write their values out");
        piece.no_transaction = has_no_transaction(reading, file);
        reading_add(reading, &piece);
    }
}

const struct import_tool import_flyway = {
    .kind = FOREIGN_FLYWAY,
    .recognises = recognises,
    .finds_transactionless = true,
    .read = read_source,
    .compare = versions_compare_dotted,
    .origin = "0",
    .reaches_between = true,
};
