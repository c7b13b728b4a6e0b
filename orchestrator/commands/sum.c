/* fleet sum - pins the bytes of the migrations in fleet.sum. */
#include "orchestrator/commands/all.h"
#include "orchestrator/workspace.h"

static int run_sum(const struct invocation *invocation, struct error *err)
{
    int status;

    if (!arguments_expect(invocation->arguments, 0, 0, "", err))
        return STATUS_USAGE;
    AUTO(workspace) struct workspace *workspace = workspace_open(invocation, &status, err);
    if (workspace == NULL)
        return status;
    const char *directory = workspace_inventory(workspace)->migrations;
    AUTO(diagnostics) struct diagnostics *faults = diagnostics_new();
    AUTO(migrations)
    const struct migrations *migrations = migrations_load(directory, SUM_IGNORED, faults);
    if (migrations == NULL)
        return report_faults(invocation->terminal, faults);
    if (!migrations_write_sum(directory, err))
        return STATUS_FAILED;
    fprintf(invocation->terminal->out,
            "pinned %zu migrations and %zu repeatables in %s/fleet.sum\n", migrations->count,
            migrations->repeatable_count, directory);
    return STATUS_DONE;
}

const struct command command_sum = {
    .name = "sum",
    .operands = "",
    .summary = "Pin the bytes of all migrations in fleet.sum",
    .takes = TAKES_INVENTORY,
    .run = run_sum,
};
