/* fleet lint - what in the migrations is dangerous on a database in use. */
#include <string.h>

#include "common/buffer.h"
#include "orchestrator/commands/all.h"
#include "orchestrator/report.h"
#include "orchestrator/sarif.h"
#include "orchestrator/workspace.h"
#include "plans/version.h"

static const struct report_column columns[] = {
    {.key = "file", .title = "FILE"},
    {.key = "line", .title = "LINE", .is_number = true},
    {.key = "engines", .title = "ENGINES"},
    {.key = "severity", .title = "SEVERITY"},
    {.key = "rule", .title = "RULE"},
    {.key = "hazard", .title = "HAZARD"},
    {.key = "safer", .title = "SAFER", .only_data = true},
    {.key = "reason", .title = "REASON", .only_data = true},
};

static bool read_severity(const char *name, enum lint_severity *severity)
{
    for (int i = 0; i < LINT_SEVERITY_COUNT; i++)
        if (strcmp(lint_severity_name((enum lint_severity)i), name) == 0) {
            *severity = (enum lint_severity)i;
            return true;
        }
    return false;
}

static bool set_rule(const char *id, const char *severity, enum lint_severity *severities,
                     struct error *err)
{
    const struct lint_rule *rule = lint_rule_find(id);

    if (rule == NULL)
        return error_set(err, ERROR_USAGE, "no rule is called %s; docs/lint.md has them", id);
    return read_severity(severity, &severities[rule - lint_rules]) ||
           error_set(err, ERROR_USAGE, "expected %s=off, note, warning or error", id);
}

/* "rename=off" */
static bool set_given(const char *text, enum lint_severity *severities, struct arena *arena,
                      struct error *err)
{
    const char *equals = strchr(text, '=');
    size_t length = equals != NULL ? (size_t)(equals - text) : strlen(text);

    return set_rule(arena_copy(arena, text, length), equals != NULL ? equals + 1 : "", severities,
                    err) ||
           error_wrap(err, "--rule %s", text);
}

/* The rules' own, then those of [lint], then what the command line says. */
static bool read_rules(const struct arguments *arguments, const struct inventory *inventory,
                       struct arena *arena, const enum lint_severity **severities,
                       struct error *err)
{
    enum lint_severity *all = arena_calloc(arena, lint_rule_count, sizeof *all);
    size_t count;
    const char *const *given = arguments_values(arguments, "rule", &count);

    *severities = all;
    for (size_t i = 0; i < lint_rule_count; i++)
        all[i] = lint_rules[i].severity;
    for (size_t i = 0; i < inventory->rule_setting_count; i++) {
        const struct rule_setting *setting = &inventory->rule_settings[i];

        if (!set_rule(setting->rule, setting->severity, all, err)) {
            error_at_file(err, setting->file, setting->line);
            return false;
        }
    }
    for (size_t i = 0; i < count; i++)
        if (!set_given(given[i], all, arena, err))
            return false;
    return true;
}

/* Those that the targets have; all of them if there is no target yet. */
static unsigned engines_of(const struct inventory *inventory)
{
    unsigned engines = 0;

    for (size_t i = 0; i < inventory->target_count; i++)
        engines |= 1u << inventory->targets[i].engine;
    return engines != 0 ? engines : LINT_ALL;
}

static struct migrations newer_than(const struct migrations *migrations, const char *version)
{
    struct migrations newer = *migrations;

    while (version != NULL && newer.count > 0 &&
           version_compare(newer.items[0].version, version) <= 0) {
        newer.items++;
        newer.count--;
    }
    return newer;
}

static const char *engine_names(unsigned engines, struct buffer *out)
{
    buffer_clear(out);
    for (int i = 0; i < ENGINE_KIND_COUNT; i++)
        if ((engines & 1u << i) != 0)
            buffer_printf(out, "%s%s", out->length > 0 ? ", " : "",
                          engine_kind_name((enum engine_kind)i));
    return buffer_text(out);
}

static void print_report(const struct lint_finding *findings, size_t count, enum report_form form,
                         const struct terminal *terminal)
{
    static const enum style styles[] = {[LINT_OFF] = STYLE_PLAIN,
                                        [LINT_NOTE] = STYLE_PLAIN,
                                        [LINT_WARNING] = STYLE_WARN,
                                        [LINT_ERROR] = STYLE_BAD};
    AUTO(report) struct report *report = report_new(columns, COUNT_OF(columns));
    AUTO_BUFFER struct buffer engines = {0};

    for (size_t i = 0; i < count; i++) {
        const struct lint_finding *finding = &findings[i];
        bool allowed = finding->severity == LINT_OFF;

        report_row(report);
        report_text(report, finding->file, STYLE_NAME);
        report_number(report, finding->line);
        report_text(report, engine_names(finding->engines, &engines), STYLE_PLAIN);
        report_text(report, allowed ? "allowed" : lint_severity_name(finding->severity),
                    styles[finding->severity]);
        report_text(report, finding->rule, STYLE_PLAIN);
        report_text(report, allowed ? finding->reason : finding->hazard, STYLE_PLAIN);
        report_text(report, finding->safer, STYLE_PLAIN);
        report_text(report, finding->reason, STYLE_PLAIN);
    }
    report_print(report, "findings", form, terminal);
}

static size_t count_of(const struct lint_finding *findings, size_t count,
                       enum lint_severity severity)
{
    size_t found = 0;

    for (size_t i = 0; i < count; i++)
        found += findings[i].severity == severity;
    return found;
}

static int conclude(const struct invocation *invocation, const struct lint_finding *findings,
                    size_t count, bool in_words)
{
    size_t errors = count_of(findings, count, LINT_ERROR);
    size_t warnings = count_of(findings, count, LINT_WARNING);
    bool strict = arguments_has(invocation->arguments, "strict");

    if (in_words)
        fprintf(invocation->terminal->out, "%zu errors, %zu warnings, %zu notes, %zu allowed\n",
                errors, warnings, count_of(findings, count, LINT_NOTE),
                count_of(findings, count, LINT_OFF));
    return errors > 0 || (strict && warnings > 0) ? STATUS_FAILED : STATUS_DONE;
}

static int run_lint(const struct invocation *invocation, struct error *err)
{
    const struct arguments *arguments = invocation->arguments;
    AUTO(arena) struct arena *arena = arena_new();
    const char *output = arguments_value(arguments, "output");
    bool is_sarif = output != NULL && strcmp(output, "sarif") == 0;
    enum report_form form = REPORT_TABLE;
    struct lint_settings settings;
    size_t count;
    int status;

    if ((!is_sarif && !report_form_from_name(output, &form, err)) ||
        !arguments_expect(arguments, 0, 0, "", err))
        return STATUS_USAGE;
    AUTO(workspace) struct workspace *workspace = workspace_open(invocation, &status, err);
    if (workspace == NULL)
        return status;
    if (!read_rules(arguments, workspace_inventory(workspace), arena, &settings.severity, err))
        return STATUS_USAGE;
    const struct migrations *migrations = workspace_migrations(workspace, &status);
    if (migrations == NULL)
        return status;
    settings.engines = engines_of(workspace_inventory(workspace));
    const struct migrations newer = newer_than(migrations, arguments_value(arguments, "since"));
    const struct lint_finding *findings = lint_folder(arena, &newer, &settings, &count);
    if (is_sarif) {
        AUTO_BUFFER struct buffer text = {0};
        sarif_write(findings, count, migrations->directory, &text);
        fputs(buffer_text(&text), invocation->terminal->out);
    } else if (count > 0 || form != REPORT_TABLE) {
        print_report(findings, count, form, invocation->terminal);
    }
    return conclude(invocation, findings, count, !is_sarif && form == REPORT_TABLE);
}

static const struct option_spec options[] = {
    {"since", 0, "VERSION", false, "only what comes after this version"},
    {"rule", 0, "RULE=SEVERITY", true, "off, note, warning or error instead of the rule's own"},
    {"strict", 0, NULL, false, "end with 1 for warnings too"},
};

const struct command command_lint = {
    .name = "lint",
    .operands = "",
    .summary = "Tell what in the migrations is dangerous on a database in use",
    .details =
        "Looks at each statement for what it locks, writes anew or loses, for each engine of\n"
        "the targets; ends with 1 if there is an error. A line -- fleet: allow RULE REASON\n"
        "in a script takes its findings back. Code hosts read --output sarif.",
    .takes = TAKES_INVENTORY | TAKES_OUTPUT,
    .options = options,
    .option_count = COUNT_OF(options),
    .run = run_lint,
};
