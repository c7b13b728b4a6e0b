/* fleet sum - pins the bytes of the migrations in fleet.sum. */
#include <stdlib.h>

#include "common/memory.h"
#include "orchestrator/commands/all.h"
#include "orchestrator/survey.h"
#include "orchestrator/workspace.h"

static size_t count_applied(const struct survey *survey)
{
    size_t count = 0;

    for (size_t i = 0; i < survey->count; i++)
        count += survey->items[i].reached ? survey->items[i].applied->count : 0;
    return count;
}

/* Whether the target before it has the same set, as neighbours mostly do. */
static bool repeats(const struct survey *survey, size_t index)
{
    const struct surveyed *item = &survey->items[index];

    return index > 0 && survey->items[index - 1].applied == item->applied &&
           survey->items[index - 1].target->engine == item->target->engine;
}

/* What the targets have applied must stay as it is: adds a fault for each file that does not. */
static void check_applied(const struct migrations *migrations, const struct survey *survey,
                          struct diagnostics *faults)
{
    struct applied_script *scripts = xcalloc(count_applied(survey), sizeof *scripts);
    size_t count = 0;

    for (size_t i = 0; i < survey->count; i++) {
        const struct surveyed *item = &survey->items[i];

        for (size_t n = 0; item->reached && !repeats(survey, i) && n < item->applied->count; n++)
            scripts[count++] = (struct applied_script){
                .version = item->applied->items[n].version,
                .name = item->applied->items[n].name,
                .engine = item->target->engine,
                .sha256 = item->applied->items[n].source_sha256,
            };
    }
    migrations_check_applied(migrations, scripts, count, faults);
    free(scripts);
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
