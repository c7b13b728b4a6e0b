/* fleet rollback - takes applied migrations back, newest first. */
#include "orchestrator/applying.h"
#include "orchestrator/commands/all.h"

static bool read_goal(const struct arguments *arguments, struct draft_goal *goal, struct error *err)
{
    long steps;

    goal->to = arguments_value(arguments, "to");
    if (goal->to != NULL && arguments_has(arguments, "steps"))
        return error_set(err, ERROR_USAGE, "--to and --steps exclude each other");
    if (!arguments_number(arguments, "steps", 1, 1000000, 1, &steps, err))
        return false;
    goal->steps = (int)steps;
    goal->goal = goal->to != NULL ? GOAL_DOWN_TO : GOAL_DOWN_STEPS;
    return true;
}

static int run_rollback(const struct invocation *invocation, struct error *err)
{
    struct draft_goal goal = {0};
    __attribute__((cleanup(draft_free))) struct draft draft = {0};
    int status;

    if (!read_goal(invocation->arguments, &goal, err))
        return STATUS_USAGE;
    AUTO(workspace) struct workspace *workspace = workspace_open(invocation, &status, err);
    if (workspace == NULL || !draft_make(workspace, invocation, &goal, &draft, &status, err))
        return status;
    draft_report_unreached(&draft, invocation->terminal);
    const struct applying applying = {
        .plan = draft.plan,
        .environment = draft.environment,
        .survey = draft.survey,
        .verb = "Roll back",
    };
    return applying_run(workspace, invocation, &applying, err);
}

static const struct option_spec options[] = {
    {"yes", 'y', NULL, false, "do not ask"},
    {"workers", 0, NULL, false, "fleet worker calls the agents"},
    {"to", 0, "VERSION", false, "until this version is the newest; 0 for none"},
    {"steps", 0, "N", false, "this many migrations; 1 if neither is given"},
};

const struct command command_rollback = {
    .name = "rollback",
    .operands = "[ENV]",
    .summary = "Take applied migrations back, newest first",
    .details = "Runs the down scripts of the plans that applied them, as the store keeps them,\n"
               "never today's files.",
    .takes = TAKES_SELECTOR | TAKES_OUTPUT | TAKES_WORKERS,
    .options = options,
    .option_count = COUNT_OF(options),
    .run = run_rollback,
};
