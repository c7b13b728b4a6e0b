#include "orchestrator/applying.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "inventory/window.h"
#include "orchestrator/acceptance.h"
#include "orchestrator/interruption.h"
#include "orchestrator/plan_view.h"
#include "orchestrator/progress.h"
#include "orchestrator/report.h"
#include "orchestrator/rollout.h"

enum { NAP_MS = 50 };

/* A safety setting that this release does not act on must not look as if it did. */
static bool check_policy(const struct environment *environment, struct error *err)
{
    const struct policy *policy = &environment->policy;

    if (policy->unbuilt_count == 0)
        return true;
    const struct unbuilt_policy *first = &policy->unbuilt[0];
    error_set(err, ERROR_UNSUPPORTED,
              "environment %s sets '%s', which this release does not act on yet: nothing is "
              "applied; take it out if you can do without it",
              environment->name, first->key);
    error_at_file(err, first->file, first->line);
    return false;
}

static bool check_budget(const struct applying *applying, struct error *err)
{
    const struct survey *survey = applying->survey;
    int64_t allowed =
        amount_of(&applying->environment->policy.max_failures.amount, (int64_t)survey->count);

    if ((int64_t)survey->unreached <= allowed)
        return true;
    return error_set(err, ERROR_BUDGET,
                     "%zu of %zu targets are out of reach, max_failures allows %" PRId64
                     ": nothing was started",
                     survey->unreached, survey->count, allowed);
}

/* Agents see to it as well; here nobody need be asked first. */
static bool check_window(const struct invocation *invocation, const struct applying *applying,
                         struct error *err)
{
    return window_require_open(applying->plan->header.policy.window, invocation->clock, err) ||
           error_wrap(err, "nothing was started");
}

static bool confirm(const struct invocation *invocation, const struct applying *applying,
                    struct error *err)
{
    const struct terminal *terminal = invocation->terminal;
    char question[160];

    if (arguments_has(invocation->arguments, "yes"))
        return true;
    if (!terminal->interactive)
        return error_set(err, ERROR_USAGE, "no terminal to ask on: --yes runs without a question");
    fflush(terminal->out);
    snprintf(question, sizeof question, "%s on %zu %s of %s?", applying->verb,
             applying->plan->target_count, applying->plan->target_count == 1 ? "target" : "targets",
             applying->environment->name);
    if (terminal_confirm(terminal, question))
        return true;
    return error_set(err, ERROR_CANCELLED, "not confirmed: nothing was started");
}

/* The ledger has it before anything is marked. */
static bool record_reason(struct workspace *workspace, const struct invocation *invocation,
                          const struct applying *applying, struct error *err)
{
    return applying->reason == NULL ||
           acceptance_record(workspace, invocation, applying->plan, applying->reason, err);
}

static const struct report_column columns[] = {
    {.key = "target", .title = "TARGET"},
    {.key = "state", .title = "STATE"},
    {.key = "steps", .title = "STEPS", .is_number = true},
    {.key = "duration_ms", .title = "MS", .is_number = true},
    {.key = "code", .title = "CODE"},
    {.key = "error", .title = "ERROR"},
    {.key = "file", .title = "FILE", .only_data = true},
    {.key = "line", .title = "LINE", .is_number = true, .only_data = true},
    {.key = "statement", .title = "STATEMENT", .is_number = true, .only_data = true},
    {.key = "sqlstate", .title = "SQLSTATE", .only_data = true},
    {.key = "wave", .title = "WAVE", .is_number = true, .only_data = true},
};

static void report_place(struct report *report, int number)
{
    if (number > 0)
        report_number(report, number);
    else
        report_text(report, NULL, STYLE_PLAIN);
}

/* Nothing, or what an error's fields say; the message stands alone in its column. */
static void report_failure(struct report *report, const struct error *err)
{
    bool failed = err->code != ERROR_NONE;

    report_text(report, failed ? error_code_name(err->code) : NULL, STYLE_PLAIN);
    report_text(report, failed ? err->message : NULL, STYLE_PLAIN);
    report_text(report, err->file[0] != '\0' ? err->file : NULL, STYLE_PLAIN);
    report_place(report, err->line);
    report_place(report, err->statement);
    report_text(report, err->sqlstate[0] != '\0' ? err->sqlstate : NULL, STYLE_PLAIN);
}

static void report_job(struct report *report, const struct rollout_job *job)
{
    report_row(report);
    report_text(report, job->target->name, STYLE_NAME);
    report_text(report, job_state_name(job->state), STYLE_PLAIN);
    report_number(report, (int64_t)job->steps_done);
    report_number(report, job->begun ? job->ended_ms - job->began_ms : 0);
    report_failure(report, &job->error);
    report_number(report, (int64_t)job->wave + 1);
}

static void report_unreached(struct report *report, const struct surveyed *item)
{
    report_row(report);
    report_text(report, item->target->name, STYLE_NAME);
    report_text(report, "unreachable", STYLE_BAD);
    report_number(report, 0);
    report_number(report, 0);
    report_failure(report, &item->error);
    report_place(report, 0);
}

/* A target that stands inside a step which the plan does not go on with: a way back that was cut
   off, when there is nothing to apply. */
static bool is_stopped(const struct applying *applying, const struct surveyed *item)
{
    const struct plan *plan = applying->plan;

    if (!item->reached || item->status.intent == NULL)
        return false;
    for (size_t i = 0; i < plan->target_count; i++)
        if (strcmp(plan->targets[i].name, item->target->name) == 0)
            return false;
    return true;
}

static size_t count_stopped(const struct applying *applying)
{
    size_t count = 0;

    for (size_t i = 0; i < applying->survey->count; i++)
        count += is_stopped(applying, &applying->survey->items[i]) ? 1 : 0;
    return count;
}

static struct error stop_of(const struct surveyed *item)
{
    const struct open_intent *intent = item->status.intent;
    struct error err = {0};

    error_set(&err, ERROR_NEEDS_OPERATOR,
              "%s %s_%s stopped at statement %d: %s; give the command that was cut off again",
              direction_name(intent->direction), intent->version, intent->name, intent->statement,
              intent->summary);
    return err;
}

static void report_stopped(struct report *report, const struct surveyed *item)
{
    const struct error err = stop_of(item);

    report_row(report);
    report_text(report, item->target->name, STYLE_NAME);
    report_text(report, job_state_name(JOB_NEEDS_OPERATOR), STYLE_BAD);
    report_number(report, 0);
    report_number(report, 0);
    report_failure(report, &err);
    report_place(report, 0);
}

static void print_stopped(const struct applying *applying, const struct terminal *terminal)
{
    for (size_t i = 0; i < applying->survey->count; i++) {
        const struct surveyed *item = &applying->survey->items[i];

        if (!is_stopped(applying, item))
            continue;
        const struct error err = stop_of(item);
        fprintf(terminal->out, "%s: ", item->target->name);
        terminal_put_untrusted(terminal->out, err.message, false);
        fputc('\n', terminal->out);
    }
}

static void print_data(const struct applying *applying, const struct rollout_state *state,
                       enum report_form form, const struct terminal *terminal)
{
    AUTO(report) struct report *report = report_new(columns, COUNT_OF(columns));

    for (size_t i = 0; i < state->count; i++)
        report_job(report, &state->jobs[i]);
    for (size_t i = 0; i < applying->survey->count; i++)
        if (!applying->survey->items[i].reached)
            report_unreached(report, &applying->survey->items[i]);
        else if (is_stopped(applying, &applying->survey->items[i]))
            report_stopped(report, &applying->survey->items[i]);
    report_print(report, "targets", form, terminal);
}

static void print_summary(const struct rollout_state *state, bool interrupted, int64_t took_ms,
                          const struct terminal *terminal)
{
    char took[32];
    FILE *out = terminal->out;

    duration_format(took_ms, took);
    fprintf(out, "%s%zu of %zu done%s", terminal_style(terminal->color_out, STYLE_BOLD),
            state->applied, state->count, terminal_style(terminal->color_out, STYLE_PLAIN));
    if (state->failed > 0)
        fprintf(out, ", %zu failed", state->failed);
    if (state->skipped > 0)
        fprintf(out, ", %zu not begun", state->skipped);
    if (state->taken_back > 0)
        fprintf(out, ", %zu taken back", state->taken_back);
    if (state->not_taken_back > 0)
        fprintf(out, ", %zu could not be taken back", state->not_taken_back);
    if (state->failed_before > 0)
        fprintf(out, ", %zu out of reach", state->failed_before);
    fprintf(out, " in %s\n", took);
    if (state->obstacle.code != ERROR_NONE)
        fprintf(out, "stopped before the next wave: %s\n", state->obstacle.message);
    else if (state->stopped)
        fprintf(out, "stopped: more failures than max_failures allows (%" PRId64 "%s)\n",
                state->failures_allowed, state->failures_in_a_row ? " in a row" : "");
    else if (interrupted && state->skipped > 0)
        fputs("stopped on request; the same command again goes on\n", out);
}

static int status_of(const struct applying *applying, const struct rollout_state *state,
                     bool interrupted)
{
    if (count_stopped(applying) > 0 || (interrupted && state->skipped > 0) ||
        state->phase == PHASE_HALTED || state->obstacle.code != ERROR_NONE)
        return STATUS_HALTED;
    for (size_t i = 0; i < state->count; i++)
        if (state->jobs[i].state == JOB_UNKNOWN ||
            error_exit_status(state->jobs[i].error.code) == STATUS_HALTED)
            return STATUS_HALTED;
    return state->applied == state->count && state->failed_before == 0 ? STATUS_DONE
                                                                       : STATUS_FAILED;
}

/* The first Ctrl-C or SIGTERM, and what it reaches. */
struct halting {
    struct dispatcher *dispatcher;
    const struct terminal *terminal;
    const struct interruption *interruption;
};

static void halt(void *context)
{
    const struct halting *halting = context;

    dispatcher_interrupt(halting->dispatcher);
    fprintf(halting->terminal->messages,
            "%sstopping: what runs is finished, nothing else begins; "
            "once more leaves at once\n",
            halting->terminal->live ? "\n" : "");
    fflush(halting->terminal->messages);
}

static bool stop_asked(void *context)
{
    const struct halting *halting = context;

    return interruption_came(halting->interruption);
}

/* In short naps, so that a stop is seen soon. */
static void pause_between_waves(void *context, int64_t ms)
{
    for (int64_t left = ms; left > 0 && !stop_asked(context); left -= NAP_MS) {
        int64_t this_ms = left < NAP_MS ? left : NAP_MS;

        nanosleep(&(struct timespec){.tv_nsec = this_ms * 1000000L}, NULL);
    }
}

static enum failure_action failure_action_of(const struct applying *applying)
{
    enum failure_action action = applying->environment->policy.on_failure;

    return applying->may_take_back || action == FAILURE_HALT ? action : FAILURE_ROLLBACK_TARGET;
}

/* A rollout in one wave is not worth a line. */
static void print_waves(const struct rollout_state *state, const struct terminal *terminal)
{
    size_t place = 0;

    if (state->wave_count < 2)
        return;
    fprintf(terminal->out, "%zu waves:", state->wave_count);
    for (size_t wave = 0; wave < state->wave_count; wave++) {
        size_t count = 0;

        for (size_t i = 0; i < state->count; i++)
            count += state->jobs[i].wave == wave;
        fprintf(terminal->out, "%s %zu", place++ > 0 ? "," : "", count);
    }
    fputs(" targets\n", terminal->out);
}

static int run_and_report(struct workspace *workspace, const struct invocation *invocation,
                          const struct applying *applying, enum report_form form, struct error *err)
{
    __attribute__((cleanup(rollout_state_free))) struct rollout_state state = {0};
    const struct policy *policy = &applying->environment->policy;
    struct progress progress;
    struct store *store = workspace_store(workspace, err);
    struct dispatcher *dispatcher =
        store != NULL ? workspace_dispatcher(workspace, NULL, err) : NULL;

    if (dispatcher == NULL)
        return STATUS_FAILED;
    struct halting halting = {dispatcher, invocation->terminal, NULL};
    AUTO(interruption)
    struct interruption *interruption = interruption_begin(halt, &halting, err);
    if (interruption == NULL)
        return STATUS_FAILED;
    halting.interruption = interruption;
    progress_start(&progress, invocation->terminal, invocation->clock, policy->soak_ms,
                   form != REPORT_TABLE);
    const struct rollout_settings settings = {
        .plan = applying->plan,
        .inventory = workspace_inventory(workspace),
        .policy = policy,
        .on_failure = failure_action_of(applying),
        .dispatcher = dispatcher,
        .store = store,
        .clock = invocation->clock,
        .operator_name = workspace_operator(workspace),
        .epoch_seen = applying->survey->epoch_seen,
        .failed_before = applying->survey->unreached,
        .total = applying->survey->count,
        .control = {stop_asked, pause_between_waves, &halting},
        .observer = progress_observe,
        .announce = progress_announce,
        .context = &progress,
    };
    bool ok = rollout_prepare(&settings, &state, err);
    if (ok && form == REPORT_TABLE)
        print_waves(&state, invocation->terminal);
    ok = ok && rollout_run(&settings, &state, err);
    progress_end(&progress);
    bool interrupted = interruption_came(interruption);
    if (form != REPORT_TABLE)
        print_data(applying, &state, form, invocation->terminal);
    else if (state.count > 0)
        print_summary(&state, interrupted,
                      invocation->clock->monotonic_ms(invocation->clock) - progress.began_ms,
                      invocation->terminal);
    return ok ? status_of(applying, &state, interrupted) : STATUS_FAILED;
}

int applying_run(struct workspace *workspace, const struct invocation *invocation,
                 const struct applying *applying, struct error *err)
{
    const struct terminal *terminal = invocation->terminal;
    const struct plan_view view = {
        .up_to_date = applying->survey->count - applying->survey->unreached -
                      applying->plan->target_count - count_stopped(applying),
        .idle = applying->idle,
    };
    enum report_form form;

    if (!report_form_from_name(arguments_value(invocation->arguments, "output"), &form, err))
        return STATUS_USAGE;
    if (!check_policy(applying->environment, err))
        return STATUS_FAILED;
    if (form == REPORT_TABLE)
        plan_view_print(applying->plan, &view, terminal);
    if (form == REPORT_TABLE)
        print_stopped(applying, terminal);
    if (!check_budget(applying, err))
        return STATUS_FAILED;
    if (applying->plan->target_count == 0) {
        const struct rollout_state nothing = {.failed_before = applying->survey->unreached};

        if (form != REPORT_TABLE)
            print_data(applying, &nothing, form, terminal);
        return status_of(applying, &nothing, false);
    }
    if (!check_window(invocation, applying, err) || !confirm(invocation, applying, err) ||
        !record_reason(workspace, invocation, applying, err))
        return STATUS_FAILED;
    return run_and_report(workspace, invocation, applying, form, err);
}
