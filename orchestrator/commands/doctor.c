/* fleet doctor - looks at every part that a rollout stands on and says what is wrong. */
#include <inttypes.h>

#include "common/signing.h"
#include "orchestrator/commands/all.h"
#include "orchestrator/histories.h"
#include "orchestrator/rebuild.h"
#include "orchestrator/repairing.h"
#include "orchestrator/report.h"
#include "orchestrator/stoppage_view.h"
#include "orchestrator/store/ledger.h"
#include "orchestrator/workspace.h"

static const struct report_column columns[] = {
    {.key = "check", .title = "CHECK"},
    {.key = "subject", .title = "SUBJECT"},
    {.key = "result", .title = "RESULT"},
    {.key = "detail", .title = "DETAIL"},
    {.key = "statement", .title = "STATEMENT", .is_number = true, .only_data = true},
    {.key = "statements", .title = "STATEMENTS", .is_number = true, .only_data = true},
    {.key = "reason", .title = "REASON", .only_data = true},
    {.key = "choices", .title = "CHOICES", .only_data = true},
};

/* The last of them, which only a target that stands inside a part has. */
enum { STOPPAGE_COLUMNS = 4 };

/* The examination while it goes on. */
struct examination {
    const struct invocation *invocation;
    struct workspace *workspace;
    struct selection selection;
    struct report *report;
    struct survey *survey;       /* once it is taken */
    struct stoppages *stoppages; /* of the survey */
    bool failed;
    bool needs_operator;
};

static void put_row(struct examination *examination, const char *check, const char *subject,
                    const char *result, enum style style, const char *detail)
{
    report_row(examination->report);
    report_text(examination->report, check, STYLE_PLAIN);
    report_text(examination->report, subject, STYLE_NAME);
    report_text(examination->report, result, style);
    report_text(examination->report, detail, STYLE_PLAIN);
}

static void find(struct examination *examination, const char *check, const char *subject, bool good,
                 const char *detail)
{
    put_row(examination, check, subject, good ? "ok" : "problem", good ? STYLE_GOOD : STYLE_BAD,
            detail);
    for (int i = 0; i < STOPPAGE_COLUMNS; i++)
        report_text(examination->report, NULL, STYLE_PLAIN);
    examination->failed = examination->failed || !good;
}

static void examine_migrations(struct examination *examination)
{
    const char *directory = workspace_inventory(examination->workspace)->migrations;
    AUTO(diagnostics) struct diagnostics *faults = diagnostics_new();
    AUTO(migrations)
    const struct migrations *migrations = migrations_load(directory, SUM_REQUIRED, faults);

    for (size_t i = 0; migrations == NULL && i < diagnostics_count(faults); i++) {
        AUTO_BUFFER struct buffer text = {0};

        error_describe(diagnostics_at(faults, i), &text);
        find(examination, "migrations", directory, false, buffer_text(&text));
    }
    if (migrations != NULL) {
        AUTO_BUFFER struct buffer text = {0};

        buffer_printf(&text, "%zu migrations, %zu repeatables, all as fleet.sum pins them",
                      migrations->count, migrations->repeatable_count);
        find(examination, "migrations", directory, true, buffer_text(&text));
    }
}

static void examine_store(struct examination *examination)
{
    const char *path = workspace_inventory(examination->workspace)->state;
    AUTO_BUFFER struct buffer text = {0};
    struct error err = {0};
    int64_t entries = 0;
    struct store *store = workspace_store(examination->workspace, &err);
    bool good = store != NULL && ledger_verify(store_database(store), &entries, &err);

    if (good)
        buffer_printf(&text, "%" PRId64 " ledger entries, the chain holds", entries);
    find(examination, "store", path, good, good ? buffer_text(&text) : err.message);
}

static void examine_certificate(struct examination *examination)
{
    const struct operator_settings *settings =
        &workspace_inventory(examination->workspace)->operator_settings;
    const struct clock *clock = examination->invocation->clock;
    struct error err = {0};
    char until[TIMESTAMP_SIZE];

    if (settings->cert == NULL || settings->key == NULL || settings->ca == NULL)
        return;
    const struct tls_files files = {settings->cert, settings->key, settings->ca, settings->crl};
    AUTO(tls_identity) struct tls_identity *identity = tls_identity_load(&files, &err);
    if (identity == NULL) {
        find(examination, "certificate", settings->cert, false, err.message);
        return;
    }
    AUTO_BUFFER struct buffer text = {0};
    int64_t end_ms = tls_identity_not_after_ms(identity);
    bool good = end_ms > clock->wall_ms(clock);
    timestamp_format(end_ms, until);
    buffer_printf(&text, "%s %s, valid until %s", role_name(tls_identity_self(identity)->role),
                  tls_identity_self(identity)->name, until);
    find(examination, "certificate", settings->cert, good, buffer_text(&text));
}

static void examine_signing_key(struct examination *examination)
{
    const char *path = workspace_inventory(examination->workspace)->operator_settings.signing_key;
    char hex[PUBLIC_KEY_HEX_SIZE] = "";
    struct error err = {0};

    if (path == NULL)
        return;
    AUTO(signing_key) struct signing_key *key = signing_key_load(path, &err);
    if (key != NULL) {
        const struct public_key public_key = signing_key_public(key);

        public_key_to_hex(&public_key, hex);
    }
    find(examination, "signing key", path, key != NULL, key != NULL ? hex : err.message);
}

static void list_choices(const struct stoppage *stoppage, struct buffer *out)
{
    AUTO(arena) struct arena *arena = arena_new();
    size_t count;
    const struct stop_choice *choices = stoppage_choices(stoppage, arena, &count);

    for (size_t i = 0; i < count; i++)
        buffer_printf(out, "%s%s", i > 0 ? "\n" : "", choices[i].command);
}

static void find_stoppage(struct examination *examination, const struct stoppage *stoppage)
{
    bool needs_operator = stoppage_needs_operator(stoppage);
    AUTO_BUFFER struct buffer summary = {0};
    AUTO_BUFFER struct buffer reason = {0};
    AUTO_BUFFER struct buffer choices = {0};

    stoppage_summarise(stoppage, &summary);
    stoppage_reason(stoppage, &reason);
    list_choices(stoppage, &choices);
    put_row(examination, "target", stoppage->item->target->name,
            needs_operator ? "problem" : stop_kind_name(stoppage->kind),
            needs_operator ? STYLE_BAD : STYLE_WARN, buffer_text(&summary));
    report_number(examination->report, stoppage->item->status.intent->statement);
    report_number(examination->report, (int64_t)stoppage->part.count);
    report_text(examination->report, buffer_text(&reason), STYLE_PLAIN);
    report_text(examination->report, buffer_text(&choices), STYLE_PLAIN);
    examination->failed = true;
    examination->needs_operator = examination->needs_operator || needs_operator;
}

static void examine_status(struct examination *examination, const struct surveyed *item)
{
    const struct stoppage *stoppage = stoppages_find(examination->stoppages, item->target);

    if (stoppage != NULL)
        find_stoppage(examination, stoppage);
    else
        find(examination, "target", item->target->name, item->reached,
             item->reached ? item->status.server : item->error.message);
}

static void examine_history(struct examination *examination, const struct target_history *history)
{
    AUTO_BUFFER struct buffer text = {0};

    if (!history->reached)
        return;
    bool good = history->error.code == ERROR_NONE;
    buffer_printf(&text, "%zu rows, the chain holds", history->count);
    find(examination, "history", history->target->name, good,
         good ? buffer_text(&text) : history->error.message);
}

static bool examine_targets(struct examination *examination, struct error *err)
{
    struct workspace *workspace = examination->workspace;
    const struct inventory *inventory = workspace_inventory(workspace);
    const struct selection *selection = &examination->selection;
    struct dispatcher *dispatcher = workspace_dispatcher(workspace, selection, err);

    if (dispatcher == NULL)
        return false;
    struct survey *survey = survey_take(dispatcher, inventory, selection, NULL, err);
    examination->survey = survey;
    if (survey == NULL)
        return false;
    examination->stoppages = stoppages_take(workspace, survey, err);
    if (examination->stoppages == NULL)
        return false;
    AUTO(histories)
    struct histories *histories = histories_take(dispatcher, inventory, selection, err);
    if (histories == NULL)
        return false;
    for (size_t i = 0; i < survey->count; i++) {
        examine_status(examination, &survey->items[i]);
        examine_history(examination, &histories->items[i]);
    }
    return true;
}

static void tell_stoppages(const struct examination *examination)
{
    const struct stoppages *stoppages = examination->stoppages;

    for (size_t i = 0; stoppages != NULL && i < stoppages->count; i++)
        stoppage_print(&stoppages->items[i], examination->invocation->terminal);
}

static int examine(struct examination *examination, enum report_form form, struct error *err)
{
    const struct inventory *inventory = workspace_inventory(examination->workspace);

    find(examination, "inventory", inventory->file, true, NULL);
    examine_migrations(examination);
    examine_store(examination);
    examine_certificate(examination);
    examine_signing_key(examination);
    bool ok = examine_targets(examination, err);
    report_print(examination->report, "checks", form, examination->invocation->terminal);
    if (form == REPORT_TABLE)
        tell_stoppages(examination);
    stoppages_free(examination->stoppages);
    survey_free(examination->survey);
    if (examination->needs_operator)
        return STATUS_HALTED;
    return ok && !examination->failed ? STATUS_DONE : STATUS_FAILED;
}

static int run_doctor(const struct invocation *invocation, struct error *err)
{
    AUTO(report) struct report *report = report_new(columns, COUNT_OF(columns));
    struct examination examination = {.invocation = invocation, .report = report};
    enum report_form form;
    int status;

    AUTO(workspace) struct workspace *workspace = workspace_open(invocation, &status, err);
    if (workspace == NULL)
        return status;
    examination.workspace = workspace;
    if (!report_form_from_name(arguments_value(invocation->arguments, "output"), &form, err) ||
        !workspace_select(workspace, OPERANDS_ARE_ENVIRONMENTS, &examination.selection, err))
        return STATUS_USAGE;
    if (arguments_has(invocation->arguments, "rebuild"))
        status = rebuild_run(workspace, invocation, &examination.selection, err);
    else if (repairing_is_asked(invocation->arguments))
        status = repairing_run(workspace, invocation, &examination.selection, err);
    else
        status = examine(&examination, form, err);
    selection_free(&examination.selection);
    return status;
}

static const struct option_spec options[] = {
    {"statement", 0, "N", false, "the statement that --verdict is about"},
    {"verdict", 0, "WORD", false,
     "done or undone: whether that statement has run; the rest goes on"},
    {"continue-from", 0, "N", false, "all before statement N has run, also by hand: go on there"},
    {"taken-back", 0, NULL, false, "all of the part was undone by hand: give it up"},
    {"rebuild", 0, NULL, false, "the store was lost: make it again from targets and agents"},
    {"out", 'o', "FILE", false, "write the signed order instead, for fleet apply FILE"},
    {"yes", 'y', NULL, false, "do not ask"},
};

const struct command command_doctor = {
    .name = "doctor",
    .operands = "[ENV…]",
    .summary = "Examine inventory, migrations, store, keys, agents and targets",
    .details =
        "For a target that stands inside a step: which statements have run, where it stopped,\n"
        "why nobody can tell, and what may be done. What a person says of one such target is a\n"
        "signed order for the very state that was seen, and the rest of the step then runs:\n"
        "either --statement N --verdict done|undone, or --continue-from N, or --taken-back.\n"
        "With --rebuild: the ledger gets what the targets' histories have and it lacks, what "
        "agents\n"
        "kept for a store that is gone, and where each target stands; epochs go on above theirs.\n"
        "Exit status: 0 all is well, 1 something is not, 4 a target needs an operator.",
    .takes = TAKES_SELECTOR | TAKES_OUTPUT,
    .options = options,
    .option_count = COUNT_OF(options),
    .run = run_doctor,
};
