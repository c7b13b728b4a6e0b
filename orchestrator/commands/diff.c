/* fleet diff - writes the migration that makes the schema what schema.sql says. */
#include <stdio.h>
#include <string.h>

#include "common/buffer.h"
#include "common/file.h"
#include "common/memory.h"
#include "orchestrator/commands/all.h"
#include "orchestrator/migration_folder.h"
#include "orchestrator/workspace.h"
#include "plans/schema/desired.h"
#include "plans/schema/keep.h"
#include "plans/schema/print.h"
#include "plans/schema/replay.h"

enum { SCHEMA_FILE_MAX = 64 * 1024 * 1024 };

static bool read_desired(const char *path, struct arena *arena, struct desired *desired,
                         struct error *err)
{
    AUTO_BUFFER struct buffer text = {0};

    if (!file_read(path, SCHEMA_FILE_MAX, &text, err))
        return false;
    if (desired_read(arena, buffer_text(&text), text.length, desired, err))
        return true;
    error_at_file(err, path, err->line);
    return false;
}

/* What the folder makes, as far as portable changes made it all. */
static bool read_present(const struct migrations *migrations, struct arena *arena,
                         struct model *model, struct error *err)
{
    const struct migration *opaque;

    if (!replay_schema(arena, migrations->items, migrations->count, model, &opaque, err))
        return false;
    keep_hide(model);
    return opaque == NULL ||
           error_set(
               err, ERROR_UNSUPPORTED,
               "migration %s_%s is in SQL of the engines, so what it makes is not known here: "
               "fleet diff is for folders of portable changes (.change.sql) alone",
               opaque->version, opaque->name);
}

static bool write_change(const struct invocation *invocation, const char *directory,
                         const char *name, const struct diff *diff, struct error *err)
{
    AUTO_BUFFER struct buffer text = {0};
    AUTO(text) char *path = NULL;

    for (size_t i = 0; i < diff->count; i++)
        print_operation(&diff->operations[i], &text);
    if (!migration_folder_add_change(directory, invocation->clock, name, &text, &path, err))
        return false;
    fprintf(invocation->terminal->out, "%s\n", path);
    return true;
}

static void print_check(const struct diff *diff, const struct terminal *terminal)
{
    AUTO_BUFFER struct buffer text = {0};

    for (size_t i = 0; i < diff->count; i++)
        print_operation(&diff->operations[i], &text);
    fputs(buffer_text(&text), terminal->out);
}

static int tell(const struct invocation *invocation, const char *directory, const struct diff *diff,
                struct error *err)
{
    const struct terminal *terminal = invocation->terminal;

    for (size_t i = 0; i < diff->note_count; i++)
        fprintf(terminal->messages, "note: %s\n", diff->notes[i]);
    if (diff->count == 0) {
        fputs("the migrations make what schema.sql says\n", terminal->out);
        return STATUS_DONE;
    }
    if (arguments_has(invocation->arguments, "check")) {
        print_check(diff, terminal);
        return STATUS_PENDING;
    }
    return write_change(invocation, directory, arguments_operand(invocation->arguments, 0), diff,
                        err)
               ? STATUS_DONE
               : STATUS_FAILED;
}

static int run_diff(const struct invocation *invocation, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    const char *given = arguments_value(invocation->arguments, "schema");
    size_t operands = arguments_has(invocation->arguments, "check") ? 0 : 1;
    struct desired desired;
    struct model model;
    struct diff diff;
    int status;

    if (!arguments_expect(invocation->arguments, operands, operands, "NAME", err))
        return STATUS_USAGE;
    AUTO(workspace) struct workspace *workspace = workspace_open(invocation, &status, err);
    if (workspace == NULL)
        return status;
    const struct migrations *migrations = workspace_migrations(workspace, &status);
    if (migrations == NULL)
        return status;
    AUTO(text)
    char *path = given != NULL
                     ? xstrdup(given)
                     : xasprintf("%s/schema.sql", workspace_inventory(workspace)->directory);
    if (!read_desired(path, arena, &desired, err) || !read_present(migrations, arena, &model, err))
        return STATUS_FAILED;
    if (!diff_models(&model, &desired.model, desired.renamings, desired.renaming_count, &diff,
                     err)) {
        error_at_file(err, path, 0);
        return STATUS_FAILED;
    }
    return tell(invocation, migrations->directory, &diff, err);
}

static const struct option_spec options[] = {
    {"schema", 0, "FILE", false, "the schema that is wanted; else schema.sql beside fleet.ini"},
    {"check", 0, NULL, false,
     "write nothing: print what is missing, and end with 3 if anything is"},
};

const struct command command_diff = {
    .name = "diff",
    .operands = "NAME | --check",
    .summary = "Write the migration that makes the schema what schema.sql says",
    .details =
        "schema.sql holds the wanted schema as portable DDL. What it has and the migrations\n"
        "do not make becomes the next VERSION_NAME.change.sql: look at it, then fleet sum.\n"
        "A rename is said in schema.sql (-- fleet: renamed-from OLD), and never guessed.",
    .takes = TAKES_INVENTORY,
    .options = options,
    .option_count = COUNT_OF(options),
    .run = run_diff,
};
