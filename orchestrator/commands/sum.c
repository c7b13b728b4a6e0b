/* fleet sum - pins the bytes of the migrations in fleet.sum. */
#include <stdlib.h>

#include "common/memory.h"
#include "orchestrator/commands/all.h"
#include "orchestrator/survey.h"
#include "orchestrator/workspace.h"

/* What the targets have applied must stay as it is: adds a fault for each file that does not. */
static void check_applied(const struct migrations *migrations, const struct survey *survey,
                          struct diagnostics *faults)
{
    for (size_t i = 0; i < survey->count; i++) {
        const struct applied_set *set = survey->items[i].applied;

        if (!survey->items[i].reached || (i > 0 && survey->items[i - 1].applied == set))
            continue;
        struct applied_script *scripts = xcalloc(set->count, sizeof *scripts);
        for (size_t n = 0; n < set->count; n++)
            scripts[n] = (struct applied_script){.version = set->items[n].version,
                                                 .name = set->items[n].name,
                                                 .sha256 = set->items[n].source_sha256};
        migrations_check_applied(migrations, scripts, set->count, faults);
        free(scripts);
    }
}

static int pin(const struct invocation *invocation, struct workspace *workspace, struct error *err)
{
    const char *directory = workspace_inventory(workspace)->migrations;
    AUTO(diagnostics) struct diagnostics *faults = diagnostics_new();
    AUTO(migrations)
    const struct migrations *migrations = migrations_load(directory, SUM_IGNORED, faults);

    if (migrations == NULL)
        return report_faults(invocation->terminal, faults);
    AUTO(survey) struct survey *survey = workspace_survey_all(workspace, err);
    if (survey == NULL)
        return STATUS_FAILED;
    if (survey->unreached > 0)
        fprintf(invocation->terminal->messages,
                "%zu targets are out of reach: what they have applied was not compared\n",
                survey->unreached);
    check_applied(migrations, survey, faults);
    if (diagnostics_count(faults) > 0)
        return report_faults(invocation->terminal, faults);
    if (!migrations_write_sum(directory, err))
        return STATUS_FAILED;
    fprintf(invocation->terminal->out,
            "pinned %zu migrations and %zu repeatables in %s/fleet.sum\n", migrations->count,
            migrations->repeatable_count, directory);
    return STATUS_DONE;
}

static int run_sum(const struct invocation *invocation, struct error *err)
{
    int status;

    if (!arguments_expect(invocation->arguments, 0, 0, "", err))
        return STATUS_USAGE;
    AUTO(workspace) struct workspace *workspace = workspace_open(invocation, &status, err);
    return workspace != NULL ? pin(invocation, workspace, err) : status;
}

const struct command command_sum = {
    .name = "sum",
    .operands = "",
    .summary = "Pin the bytes of all migrations in fleet.sum",
    .details = "New and edited files are pinned anew; a file that a target has applied must not\n"
               "have changed.",
    .takes = TAKES_INVENTORY,
    .run = run_sum,
};
