/* fleet resume - goes on with a rollout that was cut off, on its own terms. */
#include "orchestrator/commands/all.h"
#include "orchestrator/resuming.h"

static int run_resume(const struct invocation *invocation, struct error *err)
{
    struct resuming_wish wish = {0};
    int status;

    AUTO(workspace) struct workspace *workspace = workspace_open(invocation, &status, err);
    if (workspace == NULL)
        return status;
    if (!workspace_environment(workspace, &wish.environment, err))
        return STATUS_USAGE;
    return resuming_run(workspace, invocation, &wish, err);
}

static const struct option_spec options[] = {
    {"yes", 'y', NULL, false, "do not ask"},
    {"workers", 0, NULL, false, "fleet worker calls the agents"},
};

const struct command command_resume = {
    .name = "resume",
    .operands = "[ENV]",
    .summary = "Go on with a rollout that was cut off or paused",
    .details = "The newest rollout of the environment goes on with the plan, the waves and the\n"
               "budget that it began with, there or on its way back. What ended keeps its end;\n"
               "what nobody told of is asked for again. fleet apply makes a new plan instead.",
    .takes = TAKES_INVENTORY | TAKES_OUTPUT | TAKES_WORKERS,
    .options = options,
    .option_count = COUNT_OF(options),
    .run = run_resume,
};
