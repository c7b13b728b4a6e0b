/* fleet audit - what was applied where, when, by whom and with which bytes; and the ledger. */
#include <stdlib.h>

#include <string.h>

#include "orchestrator/commands/all.h"
#include "orchestrator/histories.h"
#include "orchestrator/report.h"
#include "orchestrator/store/ledger.h"
#include "orchestrator/workspace.h"

static const struct report_column report_columns[] = {
    {.key = "target", .title = "TARGET"},
    {.key = "environment", .title = "ENV"},
    {.key = "version", .title = "VERSION"},
    {.key = "name", .title = "NAME"},
    {.key = "how", .title = "HOW"},
    {.key = "since", .title = "SINCE"},
    {.key = "operator", .title = "BY"},
    {.key = "signed_by", .title = "SIGNED BY"},
    {.key = "source_sha256", .title = "SHA-256", .only_data = true},
    {.key = "plan", .title = "PLAN", .only_data = true},
    {.key = "rollout", .title = "ROLLOUT", .only_data = true},
    {.key = "error", .title = "ERROR"},
};

/* What the report needs beside a target's rows. */
struct auditing {
    struct report *report;
    struct store *store;
    int64_t at_ms; /* the moment that is reported */
    bool failed;   /* a target was out of reach, or its history does not hold */
};

/* Who signed the plan, as the store's copy says; "" when it is not there. */
static bool append_signers(struct store *store, const struct digest *digest, struct buffer *out,
                           struct error *err)
{
    AUTO_BUFFER struct buffer document = {0};
    bool found;

    if (!store_read_plan(store, digest, &document, &found, err))
        return false;
    if (!found)
        return true;
    AUTO(plan) struct plan *plan = plan_read(document.bytes, document.length, err);
    if (plan == NULL)
        return false;
    for (size_t i = 0; i < plan->signature_count; i++)
        buffer_printf(out, "%s%s", i > 0 ? ", " : "", plan->signatures[i].signer);
    return true;
}

/* The row that made an applied thing what it is: the last that is not a later state's. */
static const struct history_row *row_of(const struct target_history *history, size_t count,
                                        const struct applied *applied)
{
    for (size_t i = count; i-- > 0;) {
        const struct history_row *row = &history->rows[i];

        if (row->direction != DIRECTION_DOWN && row->direction != DIRECTION_REPAIR &&
            strcmp(row->version, applied->version) == 0 && strcmp(row->name, applied->name) == 0)
            return row;
    }
    return NULL;
}

static void report_hex(struct report *report, const struct digest *digest)
{
    char hex[DIGEST_HEX_SIZE];

    digest_to_hex(digest, hex);
    report_text(report, hex, STYLE_PLAIN);
}

static bool report_applied(struct auditing *auditing, const struct target *target,
                           const struct history_row *row, struct error *err)
{
    struct report *report = auditing->report;
    AUTO_BUFFER struct buffer signers = {0};
    char since[TIMESTAMP_SIZE];

    if (!append_signers(auditing->store, &row->plan, &signers, err))
        return false;
    timestamp_format(row->ended_ms, since);
    report_row(report);
    report_text(report, target->name, STYLE_NAME);
    report_text(report, target->environment->name, STYLE_PLAIN);
    report_text(report, row->version, STYLE_PLAIN);
    report_text(report, row->name, STYLE_PLAIN);
    report_text(report, direction_name(row->direction), STYLE_PLAIN);
    report_text(report, since, STYLE_PLAIN);
    report_text(report, row->operator_name, STYLE_PLAIN);
    report_text(report, buffer_text(&signers), STYLE_PLAIN);
    report_hex(report, &row->source_sha256);
    report_hex(report, &row->plan);
    report_text(report, row->rollout, STYLE_PLAIN);
    report_text(report, NULL, STYLE_PLAIN);
    return true;
}

static void report_failure(struct auditing *auditing, const struct target_history *history)
{
    struct report *report = auditing->report;

    auditing->failed = true;
    report_row(report);
    report_text(report, history->target->name, STYLE_NAME);
    report_text(report, history->target->environment->name, STYLE_PLAIN);
    for (size_t i = 2; i + 1 < COUNT_OF(report_columns); i++)
        report_text(report, NULL, STYLE_PLAIN);
    report_text(report, history->error.message, STYLE_BAD);
}

static bool report_history(struct auditing *auditing, const struct target_history *history,
                           struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    size_t count = 0;

    if (history->error.code != ERROR_NONE)
        report_failure(auditing, history);
    while (count < history->count && history->rows[count].ended_ms <= auditing->at_ms)
        count++;
    struct applied_set set = history_fold(arena, history->rows, count);
    for (size_t i = 0; i < set.count; i++) {
        const struct history_row *row = row_of(history, count, &set.items[i]);

        if (row != NULL && !report_applied(auditing, history->target, row, err))
            return false;
    }
    return true;
}

static bool read_moment(const struct invocation *invocation, int64_t *at_ms, struct error *err)
{
    const char *text = arguments_value(invocation->arguments, "at");

    *at_ms = INT64_MAX;
    if (text == NULL || timestamp_parse(text, at_ms))
        return true;
    return error_set(err, ERROR_USAGE,
                     "--at %s: expected a moment in UTC such as 2026-03-01T08:30:00.000Z", text);
}

static int report_all(struct workspace *workspace, const struct selection *selection,
                      struct auditing *auditing, struct error *err)
{
    auditing->store = workspace_store(workspace, err);
    struct dispatcher *dispatcher =
        auditing->store != NULL ? workspace_dispatcher(workspace, selection, err) : NULL;
    if (dispatcher == NULL)
        return STATUS_FAILED;
    AUTO(histories)
    struct histories *histories =
        histories_take(dispatcher, workspace_inventory(workspace), selection, err);
    if (histories == NULL)
        return STATUS_FAILED;
    for (size_t i = 0; i < histories->count; i++)
        if (!report_history(auditing, &histories->items[i], err))
            return STATUS_FAILED;
    return auditing->failed ? STATUS_FAILED : STATUS_DONE;
}

static int run_report(const struct invocation *invocation, struct error *err)
{
    AUTO_SELECTION struct selection selection = {0};
    AUTO(report) struct report *report = report_new(report_columns, COUNT_OF(report_columns));
    struct auditing auditing = {.report = report};
    enum report_form form;
    int status;

    AUTO(workspace) struct workspace *workspace = workspace_open(invocation, &status, err);
    if (workspace == NULL)
        return status;
    if (!report_form_from_name(arguments_value(invocation->arguments, "output"), &form, err) ||
        !read_moment(invocation, &auditing.at_ms, err) ||
        !workspace_select(workspace, OPERANDS_ARE_ENVIRONMENTS, &selection, err))
        return STATUS_USAGE;
    status = report_all(workspace, &selection, &auditing, err);
    if (err->code == ERROR_NONE)
        report_print(report, "applied", form, invocation->terminal);
    return status;
}

static const struct report_column log_columns[] = {
    {.key = "seq", .title = "SEQ", .is_number = true},
    {.key = "at", .title = "AT"},
    {.key = "who", .title = "WHO"},
    {.key = "what", .title = "WHAT"},
    {.key = "target", .title = "TARGET"},
    {.key = "subject", .title = "SUBJECT"},
    {.key = "result", .title = "RESULT"},
    {.key = "detail", .title = "DETAIL"},
    {.key = "rollout", .title = "ROLLOUT", .only_data = true},
    {.key = "plan", .title = "PLAN", .only_data = true},
    {.key = "hash", .title = "HASH", .only_data = true},
};

static bool report_entry(void *context, const struct ledger_entry *entry)
{
    struct report *report = context;

    report_row(report);
    report_number(report, entry->seq);
    report_text(report, entry->at, STYLE_PLAIN);
    report_text(report, entry->who, STYLE_PLAIN);
    report_text(report, entry->what, STYLE_PLAIN);
    report_text(report, entry->target, STYLE_NAME);
    report_text(report, entry->subject, STYLE_PLAIN);
    report_text(report, entry->result, STYLE_PLAIN);
    report_text(report, entry->detail, STYLE_PLAIN);
    report_text(report, entry->rollout, STYLE_PLAIN);
    report_text(report, entry->plan, STYLE_PLAIN);
    report_hex(report, &entry->hash);
    return true;
}

static int run_log(const struct invocation *invocation, struct error *err)
{
    AUTO(report) struct report *report = report_new(log_columns, COUNT_OF(log_columns));
    enum report_form form;
    int64_t entries;
    int status;

    AUTO(workspace) struct workspace *workspace = workspace_open(invocation, &status, err);
    if (workspace == NULL)
        return status;
    if (!report_form_from_name(arguments_value(invocation->arguments, "output"), &form, err) ||
        !arguments_expect(invocation->arguments, 0, 0, "", err))
        return STATUS_USAGE;
    struct store *store = workspace_store(workspace, err);
    if (store == NULL || !ledger_read(store_database(store), report_entry, report, err))
        return STATUS_FAILED;
    report_print(report, "entries", form, invocation->terminal);
    return ledger_verify(store_database(store), &entries, err) ? STATUS_DONE : STATUS_FAILED;
}

static const struct option_spec report_options[] = {
    {"at", 0, "MOMENT", false, "as it was then: 2026-03-01T08:30:00.000Z; else now"},
};

const struct command command_audit_report = {
    .name = "audit report",
    .operands = "[ENV…]",
    .summary = "Report which version is where, since when, by whom and with which bytes",
    .details = "Reads the targets' own histories and checks the chain of each.",
    .takes = TAKES_SELECTOR | TAKES_OUTPUT,
    .options = report_options,
    .option_count = COUNT_OF(report_options),
    .run = run_report,
};

const struct command command_audit_log = {
    .name = "audit log",
    .operands = "",
    .summary = "Print the ledger of intentions and outcomes, and check its chain",
    .takes = TAKES_INVENTORY | TAKES_OUTPUT,
    .run = run_log,
};
