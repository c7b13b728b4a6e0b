/* fleet status - which version is where. */
#include "orchestrator/commands/all.h"
#include "orchestrator/pending.h"
#include "orchestrator/report.h"
#include "orchestrator/stoppage.h"
#include "orchestrator/workspace.h"
#include "plans/applied.h"

static const struct report_column columns[] = {
    {.key = "target", .title = "TARGET"},
    {.key = "environment", .title = "ENV"},
    {.key = "engine", .title = "ENGINE", .only_data = true},
    {.key = "server", .title = "SERVER"},
    {.key = "version", .title = "VERSION"},
    {.key = "name", .title = "NAME"},
    {.key = "applied", .title = "APPLIED", .is_number = true},
    {.key = "pending", .title = "PENDING", .is_number = true},
    {.key = "state", .title = "STATE"},
    {.key = "detail", .title = "DETAIL"},
    {.key = "head", .title = "HEAD", .only_data = true},
    {.key = "fingerprint", .title = "FINGERPRINT", .only_data = true},
};

static void report_hex(struct report *report, const struct digest *digest)
{
    char hex[DIGEST_HEX_SIZE];

    digest_to_hex(digest, hex);
    report_text(report, digest_is_none(digest) ? NULL : hex, STYLE_PLAIN);
}

static void report_unreached(struct report *report, const struct surveyed *item)
{
    for (int i = 0; i < 5; i++)
        report_text(report, NULL, STYLE_PLAIN);
    report_text(report, "unreachable", STYLE_BAD);
    report_text(report, item->error.message, STYLE_PLAIN);
    report_text(report, NULL, STYLE_PLAIN);
    report_text(report, NULL, STYLE_PLAIN);
}

/* What a person should know about a target at a glance. */
static void report_state(struct report *report, const struct surveyed *item,
                         const struct stoppage *stoppage, int64_t pending)
{
    AUTO_BUFFER struct buffer detail = {0};

    if (stoppage != NULL) {
        bool needs_operator = stoppage_needs_operator(stoppage);

        stoppage_summarise(stoppage, &detail);
        report_text(report, needs_operator ? "needs_operator" : stop_kind_name(stoppage->kind),
                    needs_operator ? STYLE_BAD : STYLE_WARN);
    } else if (item->status.read_only) {
        buffer_append_text(&detail, "a replica or read-only server: its history may lag");
        report_text(report, "read_only", STYLE_WARN);
    } else if (pending == PENDING_UNKNOWN) {
        report_text(report, "conflict", STYLE_BAD);
    } else {
        report_text(report, pending > 0 ? "pending" : "current",
                    pending > 0 ? STYLE_WARN : STYLE_GOOD);
    }
    report_text(report, buffer_text(&detail), STYLE_PLAIN);
}

static void report_reached(struct report *report, const struct surveyed *item,
                           const struct stoppage *stoppage, int64_t pending)
{
    const struct applied *newest = applied_newest(item->applied);

    report_text(report, item->status.server, STYLE_PLAIN);
    report_text(report, newest != NULL ? newest->version : NULL, STYLE_PLAIN);
    report_text(report, newest != NULL ? newest->name : NULL, STYLE_PLAIN);
    report_number(report, (int64_t)applied_count_versions(item->applied));
    if (pending == PENDING_UNKNOWN)
        report_text(report, NULL, STYLE_PLAIN);
    else
        report_number(report, pending);
    report_state(report, item, stoppage, pending);
    report_hex(report, &item->status.head);
    report_hex(report, &item->status.fingerprint);
}

static int status_of(const struct survey *survey, const struct stoppages *stoppages,
                     const int64_t *pending)
{
    int status = STATUS_DONE;

    for (size_t i = 0; i < stoppages->count; i++)
        if (stoppage_needs_operator(&stoppages->items[i]))
            return STATUS_HALTED;
    for (size_t i = 0; i < survey->count; i++) {
        if (pending[i] == PENDING_UNKNOWN)
            status = STATUS_FAILED;
    }
    return status;
}

static int report_survey(const struct invocation *invocation, const struct survey *survey,
                         const struct stoppages *stoppages, const int64_t *pending,
                         enum report_form form)
{
    AUTO(report) struct report *report = report_new(columns, COUNT_OF(columns));

    for (size_t i = 0; i < survey->count; i++) {
        const struct surveyed *item = &survey->items[i];

        report_row(report);
        report_text(report, item->target->name, STYLE_NAME);
        report_text(report, item->target->environment->name, STYLE_PLAIN);
        report_text(report, engine_kind_name(item->target->engine), STYLE_PLAIN);
        if (item->reached)
            report_reached(report, item, stoppages_find(stoppages, item->target), pending[i]);
        else
            report_unreached(report, item);
    }
    report_print(report, "targets", form, invocation->terminal);
    return status_of(survey, stoppages, pending);
}

static int run_status(const struct invocation *invocation, struct error *err)
{
    const struct arguments *arguments = invocation->arguments;
    AUTO_SELECTION struct selection selection = {0};
    enum report_form form;
    int status;

    AUTO(workspace) struct workspace *workspace = workspace_open(invocation, &status, err);
    if (workspace == NULL)
        return status;
    if (!report_form_from_name(arguments_value(arguments, "output"), &form, err) ||
        !workspace_select(workspace, OPERANDS_ARE_ENVIRONMENTS, &selection, err))
        return STATUS_USAGE;
    const struct migrations *migrations = workspace_migrations(workspace, &status);
    if (migrations == NULL)
        return status;
    const struct survey_question question = {.fingerprint =
                                                 arguments_has(arguments, "fingerprint")};
    AUTO(survey)
    struct survey *survey = workspace_survey(workspace, &selection, &question, err);
    if (survey == NULL)
        return STATUS_FAILED;
    AUTO(stoppages) struct stoppages *stoppages = stoppages_take(workspace, survey, err);
    if (stoppages == NULL)
        return STATUS_FAILED;
    AUTO(diagnostics) struct diagnostics *problems = diagnostics_new();
    const int64_t *pending =
        pending_count(survey, workspace_inventory(workspace), migrations, problems);
    report_faults(invocation->terminal, problems);
    return report_survey(invocation, survey, stoppages, pending, form);
}

static const struct option_spec options[] = {
    {"fingerprint", 0, NULL, false, "also take each target's schema fingerprint now (json, csv)"},
};

const struct command command_status = {
    .name = "status",
    .operands = "[ENV…]",
    .summary = "Show which version each target has and what is pending",
    .details =
        "Exit status: 0 all is well, 1 a target is out of reach or in conflict with the files,\n"
        "4 one needs an operator: fleet doctor says more.",
    .takes = TAKES_SELECTOR | TAKES_OUTPUT,
    .options = options,
    .option_count = COUNT_OF(options),
    .run = run_status,
};
