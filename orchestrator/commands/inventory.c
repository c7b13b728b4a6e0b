/* fleet inventory - what the inventory says, and whether its agents can be reached. */
#include "common/buffer.h"
#include "orchestrator/commands/all.h"
#include "orchestrator/report.h"
#include "orchestrator/workspace.h"

static void append_labels(const struct target *target, struct buffer *out)
{
    for (size_t i = 0; i < target->label_count; i++)
        buffer_printf(out, "%s%s=%s", i > 0 ? "," : "", target->labels[i].key,
                      target->labels[i].value);
}

static const struct report_column list_columns[] = {
    {.key = "target", .title = "TARGET"}, {.key = "environment", .title = "ENV"},
    {.key = "engine", .title = "ENGINE"}, {.key = "agent", .title = "AGENT"},
    {.key = "labels", .title = "LABELS"},
};

static int run_list(const struct invocation *invocation, struct error *err)
{
    AUTO_SELECTION struct selection selection = {0};
    enum report_form form;
    int status;

    AUTO(workspace) struct workspace *workspace = workspace_open(invocation, &status, err);
    if (workspace == NULL)
        return status;
    if (!report_form_from_name(arguments_value(invocation->arguments, "output"), &form, err) ||
        !workspace_select(workspace, OPERANDS_ARE_ENVIRONMENTS, &selection, err))
        return STATUS_USAGE;
    AUTO(report) struct report *report = report_new(list_columns, COUNT_OF(list_columns));
    for (size_t i = 0; i < selection.count; i++) {
        const struct target *target = selection.targets[i];
        AUTO_BUFFER struct buffer labels = {0};

        append_labels(target, &labels);
        report_row(report);
        report_text(report, target->name, STYLE_NAME);
        report_text(report, target->environment->name, STYLE_PLAIN);
        report_text(report, engine_kind_name(target->engine), STYLE_PLAIN);
        report_text(report, target->agent != NULL ? target->agent->name : "local", STYLE_PLAIN);
        report_text(report, buffer_text(&labels), STYLE_PLAIN);
    }
    report_print(report, "targets", form, invocation->terminal);
    return STATUS_DONE;
}

static const struct report_column check_columns[] = {
    {.key = "target", .title = "TARGET"}, {.key = "agent", .title = "AGENT"},
    {.key = "server", .title = "SERVER"}, {.key = "result", .title = "RESULT"},
    {.key = "error", .title = "ERROR"},
};

static void report_reached(struct report *report, const struct surveyed *item)
{
    const struct target *target = item->target;

    report_row(report);
    report_text(report, target->name, STYLE_NAME);
    report_text(report, target->agent != NULL ? target->agent->name : "local", STYLE_PLAIN);
    report_text(report, item->reached ? item->status.server : NULL, STYLE_PLAIN);
    report_text(report, item->reached ? "ok" : error_code_name(item->error.code),
                item->reached ? STYLE_GOOD : STYLE_BAD);
    report_text(report, item->reached ? NULL : item->error.message, STYLE_PLAIN);
}

static int run_check(const struct invocation *invocation, struct error *err)
{
    AUTO_SELECTION struct selection selection = {0};
    enum report_form form;
    int status;

    AUTO(workspace) struct workspace *workspace = workspace_open(invocation, &status, err);
    if (workspace == NULL)
        return status;
    if (!report_form_from_name(arguments_value(invocation->arguments, "output"), &form, err) ||
        !workspace_select(workspace, OPERANDS_ARE_ENVIRONMENTS, &selection, err))
        return STATUS_USAGE;
    struct dispatcher *dispatcher = workspace_dispatcher(workspace, &selection, err);
    if (dispatcher == NULL)
        return STATUS_FAILED;
    AUTO(survey)
    struct survey *survey =
        survey_take(dispatcher, workspace_inventory(workspace), &selection, NULL, err);
    if (survey == NULL)
        return STATUS_FAILED;
    AUTO(report) struct report *report = report_new(check_columns, COUNT_OF(check_columns));
    for (size_t i = 0; i < survey->count; i++)
        report_reached(report, &survey->items[i]);
    report_print(report, "targets", form, invocation->terminal);
    return survey->unreached == 0 ? STATUS_DONE : STATUS_FAILED;
}

const struct command command_inventory_list = {
    .name = "inventory list",
    .operands = "[ENV…]",
    .summary = "List the targets of the inventory",
    .takes = TAKES_SELECTOR | TAKES_OUTPUT,
    .run = run_list,
};

const struct command command_inventory_check = {
    .name = "inventory check",
    .operands = "[ENV…]",
    .summary = "Check the inventory and reach every target through its agent",
    .takes = TAKES_SELECTOR | TAKES_OUTPUT,
    .run = run_check,
};
