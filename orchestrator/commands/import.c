/* fleet import - another tool's folder of migrations as ours. */
#include "orchestrator/import.h"

#include "common/memory.h"
#include "orchestrator/applying.h"
#include "orchestrator/commands/all.h"
#include "orchestrator/import/adoption.h"

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

static int write_folder(const struct workspace *workspace, const struct invocation *invocation,
                        const struct import *import, struct error *err)
{
    const char *directory = workspace_inventory(workspace)->migrations;

    if (!import_write(import, directory, err))
        return STATUS_FAILED;
    fprintf(invocation->terminal->out, "imported %zu migrations and %zu repeatables into %s\n",
            import->count - import->repeatable_count, import->repeatable_count, directory);
    return STATUS_DONE;
}

/* Judges what the targets said, and shows it: alone where that is the end, else before the plan. */
static bool judge(const struct invocation *invocation, const struct adoption *adoption,
                  struct error *err)
{
    enum report_form form;

    if (!report_form_from_name(arguments_value(invocation->arguments, "output"), &form, err))
        return false;
    bool good = adoption_check(adoption, err);
    if (!good || form == REPORT_TABLE)
        adoption_print(adoption, form, invocation->terminal);
    if (form == REPORT_TABLE)
        fputc('\n', invocation->terminal->out);
    return good;
}

static char *describe_reason(const struct foreign_request *foreign)
{
    return xasprintf("%s's history on the targets says so%s%s", foreign_tool_name(foreign->tool),
                     *foreign->table != '\0' ? ": " : "", foreign->table);
}

static int mark_applied(struct workspace *workspace, const struct invocation *invocation,
                        const struct import *import, const struct foreign_request *foreign,
                        struct error *err)
{
    struct draft_goal goal = {
        .goal = GOAL_BASELINE,
        .operands = OPERANDS_AFTER_ONE_ARE_ENVIRONMENTS,
        .question.foreign = foreign,
    };
    __attribute__((cleanup(draft_free))) struct draft draft = {0};
    int status;

    const struct migrations *migrations = workspace_migrations(workspace, &status);
    if (migrations == NULL)
        return status;
    if (!adoption_check_folder(import, migrations, err) ||
        !draft_survey(workspace, &goal, &draft, err))
        return STATUS_FAILED;
    AUTO(adoption) struct adoption *adoption = adoption_judge(import, draft.survey);
    if (!judge(invocation, adoption, err))
        return STATUS_FAILED;
    goal.each_to = adoption->each_to;
    if (!draft_plan(workspace, invocation, &goal, &draft, &status, err))
        return status;
    AUTO(text) char *reason = describe_reason(foreign);
    const struct applying applying = {
        .plan = draft.plan,
        .environment = draft.environment,
        .survey = draft.survey,
        .verb = "Mark as applied",
        .reason = reason,
        .idle = "without anything to mark",
    };
    return applying_run(workspace, invocation, &applying, err);
}

/* Without --baseline no target is asked anything: options that choose some have a mistake in them.
 */
static bool check_options(const struct arguments *arguments, struct error *err)
{
    static const char *const of_baseline[] = {"history-table", "yes",   "env",
                                              "target",        "label", "output"};
    const char *table = arguments_value(arguments, "history-table");

    if (table != NULL && !foreign_table_is_valid(table))
        return error_set(err, ERROR_USAGE,
                         "--history-table: \"%s\" is not TABLE or SCHEMA.TABLE of ASCII letters, "
                         "digits and _",
                         table);
    if (arguments_has(arguments, "baseline"))
        return arguments_expect(arguments, 1, SIZE_MAX, "DIRECTORY", err);
    for (size_t i = 0; i < COUNT_OF(of_baseline); i++)
        if (arguments_has(arguments, of_baseline[i]))
            return error_set(err, ERROR_USAGE, "--%s goes with --baseline only", of_baseline[i]);
    return arguments_expect(arguments, 1, 1, "DIRECTORY", err);
}

static int run_import(const struct invocation *invocation, struct error *err)
{
    const struct arguments *arguments = invocation->arguments;
    AUTO(diagnostics) struct diagnostics *notes = diagnostics_new();
    AUTO(diagnostics) struct diagnostics *faults = diagnostics_new();
    int status;

    if (!check_options(arguments, err))
        return STATUS_USAGE;
    AUTO(workspace) struct workspace *workspace = workspace_open(invocation, &status, err);
    if (workspace == NULL)
        return status;
    AUTO(import)
    struct import *import = import_read(arguments_operand(arguments, 0),
                                        arguments_value(arguments, "from"), notes, faults);
    if (import == NULL)
        return report_faults(invocation->terminal, faults);
    if (!arguments_has(arguments, "baseline")) {
        print_notes(invocation, notes);
        return write_folder(workspace, invocation, import, err);
    }
    const char *table = arguments_value(arguments, "history-table");
    const struct foreign_request foreign = {.tool = import_tool_of(import),
                                            .table = table != NULL ? table : ""};
    return mark_applied(workspace, invocation, import, &foreign, err);
}

static const struct option_spec options[] = {
    {"from", 0, "TOOL", false,
     "golang-migrate, dbmate, goose, flyway, diesel or sqitch; else found out"},
    {"baseline", 0, NULL, false, "mark on targets what the tool has applied there"},
    {"history-table", 0, "TABLE", false, "the tool's history, if it is not its usual table"},
    {"yes", 'y', NULL, false, "do not ask"},
};

const struct command command_import = {
    .name = "import",
    .operands = "DIRECTORY [--baseline [ENV…]]",
    .summary = "Turn another tool's folder of migrations into ours, byte for byte",
    .details =
        "With --baseline the folder that was imported is compared with what each target's own\n"
        "table of the other tool says, and what is applied there is marked as applied, without\n"
        "running it. One target that is dirty, or that has what the folder lacks, refuses all.",
    .takes = TAKES_SELECTOR | TAKES_OUTPUT,
    .options = options,
    .option_count = COUNT_OF(options),
    .run = run_import,
};
