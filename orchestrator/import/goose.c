/*
 * goose: VERSION_NAME.sql with sections "-- +goose Up" and "-- +goose Down", ordered by number.
 * Its StatementBegin and StatementEnd stay in the bytes as the comments that they are: our splitter
 * finds the ends by itself.
 */
#include <string.h>

#include "orchestrator/import/tools.h"
#include "plans/version.h"

static const char prefix[] = "+goose ";

static bool recognises(const struct source *source)
{
    return source_has_mark(source, prefix);
}

/* What holds for the whole file. */
static void read_settings(struct reading *reading, const struct source_file *file,
                          struct piece *whole)
{
    const char *at = file->bytes;
    struct mark mark;
    int number = 1;

    while (mark_next(file, prefix, &at, &number, &mark)) {
        if (mark_says(&mark, "NO TRANSACTION"))
            whole->no_transaction = true;
        if (mark_says(&mark, "ENVSUB ON"))
            reading_fault(reading, file->path, mark.number,
                          "goose puts environment variables into this script, which fleet does not "
                          "do; write the values out");
    }
}

static void read_source(struct reading *reading)
{
    for (size_t i = 0; i < reading->source->count; i++) {
        struct source_file *file = &reading->source->files[i];
        struct piece piece = {.engine = file->engine, .path = file->path};

        if (file->bytes == NULL || !numbered_name(reading->arena, file->inner, &piece))
            continue;
        file->used = true;
        read_settings(reading, file, &piece);
        sections_read(reading, file, &piece, prefix, NULL);
    }
}

const struct import_tool import_goose = {
    .kind = FOREIGN_GOOSE,
    .recognises = recognises,
    .read = read_source,
    .compare = version_compare,
    .origin = "0",
};
