/* fleet drift - which targets are not what their history and their siblings say. */
#include <inttypes.h>
#include <string.h>

#include "common/buffer.h"
#include "common/list.h"
#include "orchestrator/commands/all.h"
#include "orchestrator/drifting.h"
#include "orchestrator/report.h"

static const struct report_column columns[] = {
    {.key = "target", .title = "TARGET"},
    {.key = "environment", .title = "ENV"},
    {.key = "state", .title = "STATE"},
    {.key = "detail", .title = "DETAIL"},
    {.key = "like", .title = "LIKE", .only_data = true},
    {.key = "differences", .title = "DIFFERENCES", .only_data = true},
    {.key = "fingerprint", .title = "FINGERPRINT", .only_data = true},
    {.key = "recorded", .title = "RECORDED", .only_data = true},
};

static const enum style styles[DRIFT_STATE_COUNT] = {
    [DRIFT_SAME] = STYLE_GOOD,       [DRIFT_CHANGED] = STYLE_BAD,   [DRIFT_UNLIKE] = STYLE_BAD,
    [DRIFT_UNRECORDED] = STYLE_WARN, [DRIFT_UNREACHED] = STYLE_BAD,
};

static void report_hex(struct report *report, const struct digest *digest)
{
    char hex[DIGEST_HEX_SIZE];

    digest_to_hex(digest, hex);
    report_text(report, digest_is_none(digest) ? NULL : hex, STYLE_PLAIN);
}

static void describe(const struct drifted *drifted, struct buffer *out)
{
    enum drift_state state = drifted->verdict.state;
    size_t count = drifted->difference.count;

    if (state == DRIFT_UNREACHED)
        buffer_append_text(out, drifted->surveyed->error.message);
    else if (state == DRIFT_UNRECORDED)
        buffer_append_text(out, "the last row of its history has no fingerprint");
    else if (state != DRIFT_SAME && drifted->like == NULL)
        buffer_append_text(out, "no target is as it was, so what changed is not known");
    else if (state != DRIFT_SAME)
        buffer_printf(out, "%zu difference%s to %s", count, count == 1 ? "" : "s", drifted->like);
}

static void report_target(struct report *report, const struct drifted *drifted)
{
    const struct surveyed *surveyed = drifted->surveyed;
    enum drift_state state = drifted->verdict.state;
    AUTO_BUFFER struct buffer detail = {0};
    AUTO_BUFFER struct buffer differences = {0};

    describe(drifted, &detail);
    for (size_t i = 0; i < drifted->difference.count; i++)
        buffer_printf(&differences, "%s%s", i > 0 ? "\n" : "", drifted->difference.items[i]);
    report_row(report);
    report_text(report, surveyed->target->name, STYLE_NAME);
    report_text(report, surveyed->target->environment->name, STYLE_PLAIN);
    report_text(report, drift_state_name(state), styles[state]);
    report_text(report, buffer_text(&detail), STYLE_PLAIN);
    report_text(report, drifted->like, STYLE_PLAIN);
    report_text(report, differences.length > 0 ? buffer_text(&differences) : NULL, STYLE_PLAIN);
    report_hex(report, &surveyed->status.fingerprint);
    report_hex(report, &surveyed->status.recorded_fingerprint);
}

/* A difference, and how many targets have it. */
struct group {
    const char *text;
    const char *first; /* target that has it */
    size_t targets;
};

static struct group *group_of(struct arena *arena, struct group **groups, size_t *count,
                              const char *text)
{
    for (size_t i = 0; i < *count; i++)
        if (strcmp((*groups)[i].text, text) == 0)
            return &(*groups)[i];
    *groups = list_room(arena, *groups, *count, sizeof **groups);
    (*groups)[*count] = (struct group){.text = text};
    return &(*groups)[(*count)++];
}

static void print_groups(const struct drifting *drifting, const struct terminal *terminal)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct group *groups = NULL;
    size_t count = 0;

    for (size_t i = 0; i < drifting->count; i++)
        for (size_t j = 0; j < drifting->items[i].difference.count; j++) {
            struct group *group =
                group_of(arena, &groups, &count, drifting->items[i].difference.items[j]);

            if (group->targets++ == 0)
                group->first = drifting->items[i].surveyed->target->name;
        }
    if (count > 0)
        fputs("\nwhat would bring them back:\n", terminal->out);
    for (size_t i = 0; i < count; i++) {
        fprintf(terminal->out, "  %zu of %zu targets (%s%s): ", groups[i].targets, drifting->count,
                groups[i].first, groups[i].targets > 1 ? ", ..." : "");
        terminal_put_untrusted(terminal->out, groups[i].text, false);
        fputc('\n', terminal->out);
    }
}

static int status_of(const struct drifting *drifting)
{
    int status = STATUS_DONE;

    for (size_t i = 0; i < drifting->count; i++) {
        enum drift_state state = drifting->items[i].verdict.state;

        if (state == DRIFT_UNREACHED)
            return STATUS_FAILED;
        if (state == DRIFT_CHANGED || state == DRIFT_UNLIKE)
            status = STATUS_PENDING;
    }
    return status;
}

static int tell(const struct drifting *drifting, bool all, enum report_form form,
                const struct terminal *terminal)
{
    AUTO(report) struct report *report = report_new(columns, COUNT_OF(columns));
    size_t same = 0;

    for (size_t i = 0; i < drifting->count; i++) {
        bool is_same = drifting->items[i].verdict.state == DRIFT_SAME;

        same += is_same;
        if (!is_same || all || form != REPORT_TABLE)
            report_target(report, &drifting->items[i]);
    }
    if (form != REPORT_TABLE || report_row_count(report) > 0)
        report_print(report, "targets", form, terminal);
    if (form == REPORT_TABLE) {
        print_groups(drifting, terminal);
        fprintf(terminal->out, "%zu of %zu targets are as their history and siblings say\n", same,
                drifting->count);
    }
    return status_of(drifting);
}

static int run_drift(const struct invocation *invocation, struct error *err)
{
    const struct arguments *arguments = invocation->arguments;
    const struct survey_question question = {.fingerprint = true};
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
    AUTO(survey)
    struct survey *survey = workspace_survey(workspace, &selection, &question, err);
    if (survey == NULL)
        return STATUS_FAILED;
    AUTO(drifting)
    struct drifting *drifting = drifting_take(workspace, survey, migrations, err);
    if (drifting == NULL)
        return STATUS_FAILED;
    return tell(drifting, arguments_has(arguments, "all"), form, invocation->terminal);
}

static const struct option_spec options[] = {
    {"all", 0, NULL, false, "also list the targets that are as they should be"},
};

const struct command command_drift = {
    .name = "drift",
    .operands = "[ENV…]",
    .summary = "Tell which targets are not what their history and their siblings say",
    .details =
        "Compares each target's schema with the fingerprint that its last job recorded, and\n"
        "with targets of the same engine that have the same migrations; then says what would\n"
        "bring the others back. Exit status: 0 none, 3 some, 1 a target is out of reach.",
    .takes = TAKES_SELECTOR | TAKES_OUTPUT,
    .options = options,
    .option_count = COUNT_OF(options),
    .run = run_drift,
};
