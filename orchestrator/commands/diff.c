/* fleet diff - writes the migration that makes one schema of another. */
#include <stdio.h>
#include <string.h>

#include "common/buffer.h"
#include "common/memory.h"
#include "orchestrator/commands/all.h"
#include "orchestrator/migration_folder.h"
#include "orchestrator/schema_side.h"
#include "plans/schema/print.h"

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

static void tell_notes(const struct terminal *terminal, const struct diff *diff,
                       const struct schema_side *side)
{
    AUTO_BUFFER struct buffer outside = {0};

    for (size_t i = 0; i < diff->note_count; i++)
        fprintf(terminal->messages, "note: %s\n", diff->notes[i]);
    schema_side_print_outside(side, &outside);
    if (side->schema.outside_count > 0)
        fprintf(terminal->messages,
                "note: of %s this is outside of portable DDL and not compared:\n%s", side->name,
                buffer_text(&outside));
}

/* name is NULL if nothing is to be written. */
static int tell(const struct invocation *invocation, const char *directory, const char *name,
                const struct diff *diff, struct error *err)
{
    if (name == NULL) {
        print_check(diff, invocation->terminal);
        return STATUS_PENDING;
    }
    return write_change(invocation, directory, name, diff, err) ? STATUS_DONE : STATUS_FAILED;
}

/* --from and --to; else the migrations and schema.sql. */
static bool read_sides(struct workspace *workspace, const struct arguments *arguments,
                       struct arena *arena, struct schema_side *from, struct schema_side *to,
                       int *status, struct error *err)
{
    const char *from_name = arguments_value(arguments, "from");
    const char *to_name = arguments_value(arguments, "to");

    *status = STATUS_FAILED;
    return (from_name != NULL ? schema_side_of(workspace, from_name, arena, from, err)
                              : schema_side_of_migrations(workspace, arena, from, status, err)) &&
           (to_name != NULL ? schema_side_of(workspace, to_name, arena, to, err)
                            : schema_side_of_desired(workspace, arena, to, err));
}

static int run_diff(const struct invocation *invocation, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    const struct arguments *arguments = invocation->arguments;
    bool may_print = arguments_has(arguments, "check") || arguments_has(arguments, "from") ||
                     arguments_has(arguments, "to");
    struct schema_side from;
    struct schema_side to;
    struct diff diff;
    int status;

    if (!arguments_expect(arguments, may_print ? 0 : 1, arguments_has(arguments, "check") ? 0 : 1,
                          "NAME", err))
        return STATUS_USAGE;
    AUTO(workspace) struct workspace *workspace = workspace_open(invocation, &status, err);
    if (workspace == NULL || !read_sides(workspace, arguments, arena, &from, &to, &status, err))
        return status;
    schema_sides_meet(&from, &to);
    if (!diff_models(&from.schema.model, &to.schema.model, to.renamings, to.renaming_count, &diff,
                     err)) {
        error_wrap(err, "from %s to %s", from.name, to.name);
        return STATUS_FAILED;
    }
    tell_notes(invocation->terminal, &diff, &from);
    tell_notes(invocation->terminal, &(struct diff){0}, &to);
    if (diff.count == 0) {
        fprintf(invocation->terminal->out, "%s: no difference to %s\n", from.name, to.name);
        return STATUS_DONE;
    }
    const char *name =
        arguments_operand_count(arguments) > 0 ? arguments_operand(arguments, 0) : NULL;
    return tell(invocation, workspace_inventory(workspace)->migrations, name, &diff, err);
}

static const struct option_spec options[] = {
    {"from", 0, "TARGET|FILE", false, "the schema that is; else what the migrations make"},
    {"to", 0, "TARGET|FILE", false, "the schema that is wanted; else schema.sql beside fleet.ini"},
    {"check", 0, NULL, false,
     "write nothing: print what is missing, and end with 3 if anything is"},
};

const struct command command_diff = {
    .name = "diff",
    .operands = "[NAME]",
    .summary = "Write the migration that makes the schema what schema.sql says",
    .details =
        "schema.sql holds the wanted schema as portable DDL. What it has and the migrations\n"
        "do not make becomes the next VERSION_NAME.change.sql: look at it, then fleet sum.\n"
        "A rename is said in schema.sql (-- fleet: renamed-from OLD), and never guessed.\n"
        "Any two of targets and files are compared with --from and --to; without NAME the\n"
        "operations are printed, and the command ends with 3 if there are any.",
    .takes = TAKES_INVENTORY,
    .options = options,
    .option_count = COUNT_OF(options),
    .run = run_diff,
};
