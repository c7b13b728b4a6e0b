/*
 * progress - what a person sees while a rollout runs.
 *
 * On a terminal one line is drawn again and again: a bar for the wave, targets done, failed
 * and running, time gone and time left by the pace so far; failures scroll away above it. In a
 * pipe each finished target is one plain line and nothing is redrawn. Whoever waits for a lock is
 * told on either; each step only on request. The lines are made by pure functions.
 */
#ifndef FLEET_ORCHESTRATOR_PROGRESS_H
#define FLEET_ORCHESTRATOR_PROGRESS_H

#include "common/buffer.h"
#include "common/clock.h"
#include "orchestrator/rollout.h"
#include "orchestrator/terminal.h"

/* The line for a state after elapsed_ms, at most width columns. */
void progress_line(const struct rollout_state *state, int64_t elapsed_ms, int width, bool color,
                   struct buffer *out);

/* What a step is at: "orders-017  waiting  up 002 email", and below it who is in the way. */
void progress_step_line(const struct run_event *event, bool color, struct buffer *out);

/* One finished target: "orders-017  applied  3 steps  1.2 s". */
void progress_target_line(const struct rollout_job *job, bool color, struct buffer *out);

/* What begins now: "wave 2 of 3: 40 targets"; nothing for a rollout in one wave. */
void progress_wave_line(const struct rollout_state *state, int64_t soak_ms, struct buffer *out);

struct progress {
    const struct terminal *terminal;
    const struct clock *clock;
    int64_t soak_ms; /* between waves */
    bool quiet;      /* JSON or CSV is wanted: no lines for targets */
    int64_t began_ms;
    int64_t drawn_ms;
    bool drawn;
};

void progress_start(struct progress *progress, const struct terminal *terminal,
                    const struct clock *clock, int64_t soak_ms, bool quiet);
/* A rollout_observer with the progress as its context. */
void progress_observe(void *context, const struct rollout_state *state, size_t job,
                      const struct run_event *event);
/* The announce of rollout_settings, with the progress as its context. */
void progress_announce(void *context, const struct rollout_state *state);
/* Takes the live line away. */
void progress_end(struct progress *progress);

#endif
