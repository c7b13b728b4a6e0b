#include "orchestrator/import.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/text.h"
#include "orchestrator/import/grouping.h"
#include "orchestrator/import/tools.h"

static const struct import_tool *const tools[] = {
    &import_golang_migrate, &import_dbmate, &import_goose,
    &import_flyway,         &import_diesel, &import_sqitch,
};

/* What import_read hands out is the first member. */
struct document {
    struct import import;
    struct arena *arena;
};

enum foreign_tool import_tool_of(const struct import *import)
{
    return import->tool->kind;
}

static const char *name_of(const struct import_tool *tool)
{
    return foreign_tool_name(tool->kind);
}

static const struct import_tool *tool_by_name(const char *name, struct diagnostics *faults)
{
    const char *names[COUNT_OF(tools)];
    struct buffer known AUTO_BUFFER = {0};

    for (size_t i = 0; i < COUNT_OF(tools); i++) {
        names[i] = name_of(tools[i]);
        if (strcmp(names[i], name) == 0)
            return tools[i];
        buffer_printf(&known, "%s%s", i > 0 ? ", " : "", names[i]);
    }
    const char *near = text_nearest(name, names, COUNT_OF(tools));
    if (near != NULL)
        diagnostics_add(faults, ERROR_USAGE, NULL, 0, "unknown tool \"%s\", did you mean \"%s\"?",
                        name, near);
    else
        diagnostics_add(faults, ERROR_USAGE, NULL, 0, "unknown tool \"%s\"; there are %s", name,
                        buffer_text(&known));
    return NULL;
}

/* The one tool whose folder it can be; its marks inside files count more than file names. */
static const struct import_tool *detect(const struct source *source, const char *directory,
                                        struct diagnostics *faults)
{
    const struct import_tool *found = NULL;

    for (size_t i = 0; i < COUNT_OF(tools); i++) {
        if (!tools[i]->recognises(source))
            continue;
        if (found != NULL) {
            diagnostics_add(faults, ERROR_CONFIG, directory, 0,
                            "the folder can be %s's or %s's: say which", name_of(found),
                            name_of(tools[i]));
            return NULL;
        }
        found = tools[i];
    }
    if (found == NULL)
        diagnostics_add(faults, ERROR_CONFIG, directory, 0,
                        "no tool that can be imported from has such a folder: say which it is of");
    return found;
}

static void note_unused(struct reading *reading)
{
    for (size_t i = 0; i < reading->source->count; i++) {
        const struct source_file *file = &reading->source->files[i];

        if (!file->used && strncmp(source_base_name(file->path), "README", 6) != 0)
            reading_note(reading, file->path, "not a migration of the tool: left out");
    }
}

static void read_with(struct document *document, const struct import_tool *tool,
                      const struct source *source, const char *directory, struct diagnostics *notes,
                      struct diagnostics *faults)
{
    struct reading reading = {
        .arena = document->arena,
        .directory = directory,
        .source = source,
        .notes = notes,
        .faults = faults,
    };

    tool->read(&reading);
    note_unused(&reading);
    group_pieces(&reading, tool, &document->import);
    if (document->import.count == 0 && diagnostics_count(faults) == 0)
        diagnostics_add(faults, ERROR_CONFIG, directory, 0, "there is no migration of %s here",
                        name_of(tool));
}

struct import *import_read(const char *directory, const char *tool_name, struct diagnostics *notes,
                           struct diagnostics *faults)
{
    size_t faults_before = diagnostics_count(faults);
    struct document *document = xcalloc(1, sizeof *document);
    AUTO(import) struct import *import = &document->import;
    const struct import_tool *tool = NULL;
    struct source source;

    document->arena = arena_new();
    source_read(document->arena, directory, &source, faults);
    if (diagnostics_count(faults) > faults_before)
        return NULL;
    tool = tool_name != NULL ? tool_by_name(tool_name, faults) : detect(&source, directory, faults);
    if (tool == NULL)
        return NULL;
    read_with(document, tool, &source, directory, notes, faults);
    return diagnostics_count(faults) == faults_before ? TAKE(import) : NULL;
}

void import_free(struct import *import)
{
    struct document *document = (struct document *)import;

    if (document == NULL)
        return;
    arena_free(document->arena);
    free(document);
}
