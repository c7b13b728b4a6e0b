/*
 * dbmate: VERSION_NAME.sql with sections "-- migrate:up" and "-- migrate:down", ordered by text.
 * A section begins after its mark's line; "transaction:false" behind the mark is our directive.
 */
#include <string.h>

#include "orchestrator/import/tools.h"

static const char prefix[] = "migrate:";

static bool recognises(const struct source *source)
{
    return source_has_mark(source, prefix);
}

static bool has_no_transaction(const struct mark *mark)
{
    static const char option[] = "transaction:false";

    return memmem(mark->line, mark->length, option, strlen(option)) != NULL;
}

static void read_source(struct reading *reading)
{
    for (size_t i = 0; i < reading->source->count; i++) {
        struct source_file *file = &reading->source->files[i];
        struct piece piece = {.engine = file->engine, .path = file->path};

        if (file->bytes == NULL || !numbered_name(reading->arena, file->inner, &piece))
            continue;
        file->used = true;
        sections_read(reading, file, &piece, prefix, has_no_transaction);
    }
}

const struct import_tool import_dbmate = {
    .kind = FOREIGN_DBMATE,
    .recognises = recognises,
    .read = read_source,
    .compare = strcmp,
};
