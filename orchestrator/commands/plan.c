/* fleet plan - what would run where, without running it. */
#include "common/buffer.h"
#include "common/file.h"
#include "orchestrator/commands/all.h"
#include "orchestrator/draft.h"
#include "orchestrator/plan_view.h"
#include "orchestrator/report.h"

static bool write_plan(const struct plan *plan, const char *path, const struct terminal *terminal,
                       struct error *err)
{
    AUTO_BUFFER struct buffer document = {0};

    plan_write(plan, &document);
    if (!file_write(path, document.bytes, document.length, 0600, err))
        return false;
    fprintf(terminal->messages, "wrote %s; run it with: fleet apply %s\n", path, path);
    if (plan->signature_count == 0)
        fputs("it is not signed: agents refuse it; name signing_key in [operator]\n",
              terminal->messages);
    return true;
}

static void show(const struct invocation *invocation, const struct draft *draft,
                 enum report_form form)
{
    const struct plan_view view = {
        .sql = arguments_has(invocation->arguments, "sql"),
        .up_to_date = draft->survey->count - draft->survey->unreached - draft->plan->target_count,
    };

    if (form == REPORT_JSON)
        plan_view_print_json(draft->plan, &view, invocation->terminal);
    else
        plan_view_print(draft->plan, &view, invocation->terminal);
}

static bool read_goal(const struct arguments *arguments, struct draft_goal *goal, struct error *err)
{
    const char *expires = arguments_value(arguments, "expires");

    goal->goal = GOAL_UP;
    goal->to = arguments_value(arguments, "to");
    if (expires == NULL || (duration_parse(expires, &goal->expires_ms) && goal->expires_ms > 0))
        return true;
    return error_set(err, ERROR_USAGE, "--expires %s: expected a duration such as 30m or 2d",
                     expires);
}

static int run_plan(const struct invocation *invocation, struct error *err)
{
    const struct arguments *arguments = invocation->arguments;
    const char *file = arguments_value(arguments, "out");
    struct draft_goal goal = {0};
    __attribute__((cleanup(draft_free))) struct draft draft = {0};
    enum report_form form;
    int status;

    AUTO(workspace) struct workspace *workspace = workspace_open(invocation, &status, err);
    if (workspace == NULL)
        return status;
    if (!report_form_from_name(arguments_value(arguments, "output"), &form, err) ||
        !read_goal(arguments, &goal, err))
        return STATUS_USAGE;
    if (form != REPORT_TABLE && form != REPORT_JSON) {
        error_set(err, ERROR_USAGE, "a plan is no list of rows: use --output table or json");
        return STATUS_USAGE;
    }
    if (!draft_make(workspace, invocation, &goal, &draft, &status, err))
        return status;
    draft_report_unreached(&draft, invocation->terminal);
    show(invocation, &draft, form);
    if (file != NULL && !write_plan(draft.plan, file, invocation->terminal, err))
        return STATUS_FAILED;
    if (draft.survey->unreached > 0)
        return STATUS_FAILED;
    return draft.plan->target_count > 0 ? STATUS_PENDING : STATUS_DONE;
}

static const struct option_spec options[] = {
    {"sql", 0, NULL, false, "print each step's SQL"},
    {"out", 'o', "FILE", false, "write the signed plan, for fleet apply FILE"},
    {"to", 0, "VERSION", false, "up to this version; else to the newest"},
    {"expires", 0, "DURATION", false, "how long it may wait to be applied; 24h if not given"},
    {"allow-out-of-order", 0, "VERSION", true, "let this migration come after newer ones"},
    {"allow-drift", 0, NULL, false, "also where somebody changed the schema by hand"},
};

const struct command command_plan = {
    .name = "plan",
    .operands = "[ENV] [-o FILE]",
    .summary = "Show what apply would do",
    .details = "Targets with the same steps are one cohort and are shown once.\n"
               "Exit status: 0 nothing to do, 3 something is pending, 1 a target is out of reach.",
    .takes = TAKES_SELECTOR | TAKES_OUTPUT | TAKES_OUT_OF_ORDER,
    .options = options,
    .option_count = COUNT_OF(options),
    .run = run_plan,
};
