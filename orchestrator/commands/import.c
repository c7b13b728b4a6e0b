/* fleet import - another tool's folder of migrations as ours. */
#include "orchestrator/import.h"

#include "orchestrator/commands/all.h"
#include "orchestrator/workspace.h"

static void print_notes(const struct invocation *invocation, const struct diagnostics *notes)
{
    for (size_t i = 0; i < diagnostics_count(notes); i++) {
        AUTO_BUFFER struct buffer text = {0};

        error_describe(diagnostics_at(notes, i), &text);
        fputs("note: ", invocation->terminal->messages);
        terminal_put_untrusted(invocation->terminal->messages, buffer_text(&text), false);
        fputc('\n', invocation->terminal->messages);
    }
}

static int run_import(const struct invocation *invocation, struct error *err)
{
    const struct arguments *arguments = invocation->arguments;
    AUTO(diagnostics) struct diagnostics *notes = diagnostics_new();
    AUTO(diagnostics) struct diagnostics *faults = diagnostics_new();
    int status;

    if (!arguments_expect(arguments, 1, 1, "DIRECTORY", err))
        return STATUS_USAGE;
    AUTO(workspace) struct workspace *workspace = workspace_open(invocation, &status, err);
    if (workspace == NULL)
        return status;
    const char *directory = workspace_inventory(workspace)->migrations;
    AUTO(import)
    struct import *import = import_read(arguments_operand(arguments, 0),
                                        arguments_value(arguments, "from"), notes, faults);
    if (import == NULL)
        return report_faults(invocation->terminal, faults);
    print_notes(invocation, notes);
    if (!import_write(import, directory, err))
        return STATUS_FAILED;
    fprintf(invocation->terminal->out, "imported %zu migrations and %zu repeatables into %s\n",
            import->count - import->repeatable_count, import->repeatable_count, directory);
    return STATUS_DONE;
}

static const struct option_spec options[] = {
    {"from", 0, "TOOL", false,
     "golang-migrate, dbmate, goose, flyway, diesel or sqitch; else found out"},
};

const struct command command_import = {
    .name = "import",
    .operands = "DIRECTORY",
    .summary = "Turn another tool's folder of migrations into ours, byte for byte",
    .takes = TAKES_INVENTORY,
    .options = options,
    .option_count = COUNT_OF(options),
    .run = run_import,
};
