#include "orchestrator/rollout_report.h"

#include <inttypes.h>
#include <string.h>

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
static bool is_stopped(const struct rollout_subject *subject, const struct surveyed *item)
{
    const struct plan *plan = subject->plan;

    if (!item->reached || item->status.intent == NULL)
        return false;
    for (size_t i = 0; i < plan->target_count; i++)
        if (strcmp(plan->targets[i].name, item->target->name) == 0)
            return false;
    return true;
}

size_t rollout_report_stopped(const struct rollout_subject *subject)
{
    size_t count = 0;

    for (size_t i = 0; i < subject->survey->count; i++)
        count += is_stopped(subject, &subject->survey->items[i]) ? 1 : 0;
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

void rollout_report_print_stopped(const struct rollout_subject *subject,
                                  const struct terminal *terminal)
{
    for (size_t i = 0; i < subject->survey->count; i++) {
        const struct surveyed *item = &subject->survey->items[i];

        if (!is_stopped(subject, item))
            continue;
        const struct error err = stop_of(item);
        fprintf(terminal->out, "%s: ", item->target->name);
        terminal_put_untrusted(terminal->out, err.message, false);
        fputc('\n', terminal->out);
    }
}

void rollout_report_print_data(const struct rollout_subject *subject,
                               const struct rollout_state *state, enum report_form form,
                               const struct terminal *terminal)
{
    AUTO(report) struct report *report = report_new(columns, COUNT_OF(columns));

    for (size_t i = 0; i < state->count; i++)
        report_job(report, &state->jobs[i]);
    for (size_t i = 0; i < subject->survey->count; i++)
        if (!subject->survey->items[i].reached && !subject->is_resumed)
            report_unreached(report, &subject->survey->items[i]);
        else if (is_stopped(subject, &subject->survey->items[i]))
            report_stopped(report, &subject->survey->items[i]);
    report_print(report, "targets", form, terminal);
}

void rollout_report_print_summary(const struct rollout_state *state, bool interrupted,
                                  int64_t took_ms, const struct terminal *terminal)
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
    if (state->obstacle.code != ERROR_NONE) {
        fputs("stopped: ", out);
        terminal_put_untrusted(out, state->obstacle.message, false);
        fputc('\n', out);
    } else if (state->stopped) {
        fprintf(out, "stopped: more failures than max_failures allows (%" PRId64 "%s)\n",
                state->failures_allowed, state->failures_in_a_row ? " in a row" : "");
    } else if (interrupted && state->skipped > 0) {
        fputs("stopped on request; fleet resume goes on, and fleet apply plans anew\n", out);
    }
    if (state->unconfirmed > 0)
        fprintf(out,
                "%zu not confirmed: they go back by themselves, unless fleet confirm keeps them\n",
                state->unconfirmed);
}

int rollout_report_status(const struct rollout_subject *subject, const struct rollout_state *state,
                          bool interrupted)
{
    if (rollout_report_stopped(subject) > 0 || (interrupted && state->skipped > 0) ||
        state->phase == PHASE_HALTED || state->obstacle.code == ERROR_CANCELLED)
        return STATUS_HALTED;
    for (size_t i = 0; i < state->count; i++)
        if (state->jobs[i].state == JOB_UNKNOWN ||
            error_exit_status(state->jobs[i].error.code) == STATUS_HALTED)
            return STATUS_HALTED;
    return state->applied == state->count && state->failed_before == 0 &&
                   state->obstacle.code == ERROR_NONE
               ? STATUS_DONE
               : STATUS_FAILED;
}
