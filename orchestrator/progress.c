#include "orchestrator/progress.h"

#include <inttypes.h>
#include <string.h>

#include "common/diagnostics.h"
#include "common/text.h"

enum { REDRAW_MS = 100, BAR_WIDTH = 24 };

static size_t ended_jobs(const struct rollout_state *state)
{
    return state->applied + state->failed + state->skipped + state->taken_back +
           state->not_taken_back;
}

static void append_clock(struct buffer *out, int64_t duration_ms)
{
    int64_t seconds = duration_ms / 1000;

    if (seconds >= 3600)
        buffer_printf(out, "%" PRId64 ":%02d:%02d", seconds / 3600, (int)(seconds / 60 % 60),
                      (int)(seconds % 60));
    else
        buffer_printf(out, "%d:%02d", (int)(seconds / 60), (int)(seconds % 60));
}

static void append_bar(struct buffer *out, size_t ended, size_t total, bool color)
{
    size_t full = total > 0 ? ended * BAR_WIDTH / total : BAR_WIDTH;

    buffer_append_text(out, terminal_style(color, STYLE_GOOD));
    for (size_t i = 0; i < BAR_WIDTH; i++) {
        if (i == full)
            buffer_append_text(out, terminal_style(color, STYLE_DIM));
        buffer_append_text(out, i < full ? "━" : "─");
    }
    buffer_append_text(out, terminal_style(color, STYLE_PLAIN));
}

static bool is_going_back(const struct rollout_state *state)
{
    return state->phase == PHASE_BACK || state->phase == PHASE_BACK_STOPPING;
}

void progress_line(const struct rollout_state *state, int64_t elapsed_ms, int width, bool color,
                   struct buffer *out)
{
    size_t ended = ended_jobs(state);

    buffer_printf(out, "%s%zu/%zu ", is_going_back(state) ? "taking back wave " : "wave ",
                  state->wave + 1, state->wave_count);
    if (width >= 72)
        append_bar(out, ended, state->count, color);
    buffer_printf(out, " %zu/%zu done", state->applied, state->count);
    if (state->failed > 0)
        buffer_printf(out, ", %s%zu failed%s", terminal_style(color, STYLE_BAD), state->failed,
                      terminal_style(color, STYLE_PLAIN));
    buffer_printf(out, ", %zu running, ", state->running);
    append_clock(out, elapsed_ms);
    if (ended > 0 && ended < state->count && elapsed_ms >= 1000) {
        buffer_append_text(out, ", about ");
        append_clock(out, elapsed_ms * (int64_t)(state->count - ended) / (int64_t)ended);
        buffer_append_text(out, " left");
    }
}

static void append_why(const struct error *err, struct buffer *out)
{
    AUTO_BUFFER struct buffer why = {0};

    error_describe(err, &why);
    buffer_append_text(out, "\n    ");
    text_append_escaped(out, buffer_text(&why), why.length, false);
}

void progress_step_line(const struct run_event *event, bool color, struct buffer *out)
{
    bool waiting = event->step == STEP_WAITING;

    buffer_printf(out, "%-24s %s%s%s  %s ", event->target,
                  terminal_style(color, waiting ? STYLE_WARN : STYLE_PLAIN),
                  step_state_name(event->step), terminal_style(color, STYLE_PLAIN),
                  direction_name(event->direction));
    text_append_escaped(out, event->version, strlen(event->version), false);
    buffer_append_char(out, ' ');
    text_append_escaped(out, event->name, strlen(event->name), false);
    if (waiting && event->error != NULL)
        append_why(event->error, out);
    buffer_append_char(out, '\n');
}

void progress_target_line(const struct rollout_job *job, bool color, struct buffer *out)
{
    char took[32];
    enum style style = job->state == JOB_APPLIED   ? STYLE_GOOD
                       : job->state == JOB_SKIPPED ? STYLE_WARN
                                                   : STYLE_BAD;

    duration_format(job->begun ? job->ended_ms - job->began_ms : 0, took);
    buffer_printf(out, "%-24s %s%s%s  %zu %s  %s", job->target->name, terminal_style(color, style),
                  job_state_name(job->state), terminal_style(color, STYLE_PLAIN), job->steps_done,
                  job->steps_done == 1 ? "step" : "steps", took);
    if (job->error.code != ERROR_NONE)
        append_why(&job->error, out);
    buffer_append_char(out, '\n');
}

void progress_start(struct progress *progress, const struct terminal *terminal,
                    const struct clock *clock, int64_t soak_ms, bool quiet)
{
    *progress = (struct progress){
        .terminal = terminal,
        .clock = clock,
        .quiet = quiet,
        .soak_ms = soak_ms,
        .began_ms = clock->monotonic_ms(clock),
    };
}

static void erase(struct progress *progress)
{
    if (progress->drawn)
        fputs("\r\033[K", progress->terminal->messages);
    progress->drawn = false;
}

static void draw(struct progress *progress, const struct rollout_state *state)
{
    const struct terminal *terminal = progress->terminal;
    AUTO_BUFFER struct buffer line = {0};
    int64_t now = progress->clock->monotonic_ms(progress->clock);

    if (progress->drawn && now - progress->drawn_ms < REDRAW_MS)
        return;
    progress_line(state, now - progress->began_ms, terminal->width, terminal->color_messages,
                  &line);
    fprintf(terminal->messages, "\r%s\033[K", buffer_text(&line));
    fflush(terminal->messages);
    progress->drawn = true;
    progress->drawn_ms = now;
}

/* The line that an event is worth; none for most. Whoever waits for a lock is always told. */
static void describe(const struct terminal *terminal, const struct rollout_job *job,
                     const struct run_event *event, struct buffer *line)
{
    bool all = terminal->verbose;

    if (event->kind == RUN_STEP && (all || event->step == STEP_WAITING))
        progress_step_line(event, terminal->color_out, line);
    else if (event->kind == RUN_JOB && job->ended &&
             (all || !terminal->live || job->state != JOB_APPLIED))
        progress_target_line(job, terminal->color_out, line);
}

void progress_observe(void *context, const struct rollout_state *state, size_t index,
                      const struct run_event *event)
{
    struct progress *progress = context;
    const struct terminal *terminal = progress->terminal;
    AUTO_BUFFER struct buffer line = {0};

    if (event != NULL && !progress->quiet)
        describe(terminal, &state->jobs[index], event, &line);
    if (line.length > 0) {
        erase(progress);
        fputs(buffer_text(&line), terminal->out);
        if (terminal->live || event->kind == RUN_STEP || state->jobs[index].state != JOB_APPLIED)
            fflush(terminal->out);
    }
    if (terminal->live)
        draw(progress, state);
}

void progress_wave_line(const struct rollout_state *state, int64_t soak_ms, struct buffer *out)
{
    char soak[32];

    if (state->phase == PHASE_SOAK) {
        duration_format(soak_ms, soak);
        if (soak_ms > 0)
            buffer_printf(out, "wave %zu of %zu is over; %s %s\n", state->wave + 1,
                          state->wave_count,
                          state->wave + 1 < state->wave_count ? "the next one begins in"
                                                              : "its health is watched for",
                          soak);
    } else if (state->phase == PHASE_BACK) {
        buffer_printf(out, "taking back wave %zu of %zu: %zu %s\n", state->wave + 1,
                      state->wave_count, state->left, state->left == 1 ? "target" : "targets");
    } else if (state->wave_count > 1) {
        buffer_printf(out, "wave %zu of %zu: %zu %s\n", state->wave + 1, state->wave_count,
                      state->left, state->left == 1 ? "target" : "targets");
    }
}

void progress_announce(void *context, const struct rollout_state *state)
{
    struct progress *progress = context;
    AUTO_BUFFER struct buffer line = {0};

    progress_wave_line(state, progress->soak_ms, &line);
    if (line.length == 0 || progress->quiet)
        return;
    erase(progress);
    fputs(buffer_text(&line), progress->terminal->out);
    fflush(progress->terminal->out);
}

void progress_end(struct progress *progress)
{
    erase(progress);
    fflush(progress->terminal->messages);
}
