/* Outcomes on their way to the store; rollout_parts.h documents it. */
#include "common/fault.h"
#include "common/memory.h"
#include "orchestrator/rollout_parts.h"

enum { FLUSH_AFTER_MS = 500 };

static void flush(struct running *running)
{
    if (running->store_error.code != ERROR_NONE)
        return;
    FAULT_POINT(outcomes_flush);
    bool ok = store_record(running->settings->store, &running->record, running->settings->plan,
                           running->pending, running->pending_count, &running->store_error);
    running->pending_count = 0;
    running->flushed_ms = rollout_now_ms(running);
    arena_free(running->pending_arena);
    running->pending_arena = arena_new();
    if (!ok)
        dispatcher_stop(running->settings->dispatcher);
}

static void note(struct running *running, struct outcome outcome, const struct error *err)
{
    struct arena *arena = running->pending_arena;

    if (running->pending_count == OUTCOMES_AT_ONCE) {
        flush(running);
        arena = running->pending_arena;
    }
    outcome.subject = arena_strdup(arena, outcome.subject);
    outcome.code = err != NULL ? err->code : ERROR_NONE;
    outcome.message = err != NULL ? arena_strdup(arena, err->message) : "";
    running->pending[running->pending_count++] = outcome;
}

void outcomes_note(struct running *running, const struct plan_target *target,
                   const struct run_event *event)
{
    if (event->kind == RUN_STEP && (event->step == STEP_DONE || event->step == STEP_FAILED)) {
        AUTO(text)
        char *subject =
            xasprintf("%s %s_%s", direction_name(event->direction), event->version, event->name);
        note(running,
             (struct outcome){.target = target->name,
                              .is_step = true,
                              .subject = subject,
                              .result = step_state_name(event->step)},
             event->error);
    } else if (event->kind == RUN_JOB && event->job != JOB_STARTED) {
        note(running,
             (struct outcome){
                 .target = target->name, .subject = "", .result = job_state_name(event->job)},
             event->error);
    }
}

void outcomes_note_end(struct running *running, const struct rollout_job *job)
{
    note(running,
         (struct outcome){
             .target = job->target->name, .subject = "", .result = job_state_name(job->state)},
         &job->error);
}

void outcomes_record_if_due(struct running *running)
{
    if (rollout_now_ms(running) - running->flushed_ms > FLUSH_AFTER_MS)
        flush(running);
}

bool outcomes_record(struct running *running, struct error *err)
{
    flush(running);
    if (running->store_error.code != ERROR_NONE)
        *err = running->store_error;
    return running->store_error.code == ERROR_NONE;
}
