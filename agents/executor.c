#include "agents/executor.h"

#include "agents/executor_parts.h"
#include "common/fault.h"

struct executor_limits executor_limits_default(void)
{
    return (struct executor_limits){.lock_timeout_ms = 3000,
                                    .lock_budget_ms = 60000,
                                    .max_blocking_ms = 3000,
                                    .long_transaction_ms = 300000};
}

static int64_t now_ms(const struct run *run)
{
    return run->session->clock->monotonic_ms(run->session->clock);
}

static void tell_step(const struct run *run, const struct work *work, enum step_state state,
                      int64_t duration_ms, const struct error *err)
{
    struct run_event event = {
        .kind = RUN_STEP,
        .target = run->job->target->name,
        .step = state,
        .version = work->step->version,
        .name = work->step->name,
        .direction = work->direction,
        .duration_ms = duration_ms,
        .error = err,
    };

    if (state == STEP_DONE) {
        event.seq = run->seq;
        event.head = run->head;
    }
    run->observer(run->context, &event);
}

static void tell_job(const struct run *run, enum job_state state, int64_t duration_ms,
                     const struct error *err)
{
    struct run_event event = {
        .kind = RUN_JOB,
        .target = run->job->target->name,
        .job = state,
        .duration_ms = duration_ms,
        .seq = run->seq,
        .error = state == JOB_APPLIED || err->code == ERROR_NONE ? NULL : err,
    };

    event.head = run->head;
    event.fingerprint = run->fingerprint;
    FAULT_POINT(outcome_tell);
    run->observer(run->context, &event);
    FAULT_POINT(outcome_told);
}

static bool explain(const struct run *run, const struct work *work, struct error *err)
{
    error_at_target(err, run->job->target->name);
    return error_wrap(err, "%s%s%s %s", work->step->version, work->step->version[0] ? " " : "",
                      work->step->name, direction_name(work->direction));
}

/* What a script changed in the session must not reach the next one. */
static void clean_session(struct run *run, const struct work *work)
{
    struct error ignored = {0};

    if (work->transactional && work->leaves_settings && !run->session->broken &&
        !run->session->engine->reset(run->session, &ignored))
        run->session->broken = true;
}

static enum part_end run_work(struct run *run, struct work *work, struct error *err)
{
    int64_t begun_ms = now_ms(run);
    enum part_end end = PART_DONE;

    if (!work->done) {
        tell_step(run, work, STEP_STARTED, 0, NULL);
        end = PART_FAILED;
        if (gate_reconnect(run, err))
            end = work->transactional ? part_run_transaction(run, work, err)
                                      : part_run_statements(run, work, err);
        clean_session(run, work);
    }
    if (end == PART_DONE && !work->by_another)
        tell_step(run, work, STEP_DONE, now_ms(run) - begun_ms, NULL);
    if (end == PART_DONE)
        return PART_DONE;
    explain(run, work, err);
    tell_step(run, work, STEP_FAILED, now_ms(run) - begun_ms, err);
    return end;
}

/* The newest work of the job that stands; NULL if none does. */
static struct work *newest_done(const struct run *run)
{
    for (size_t i = run->count; i > 0; i--)
        if (run->works[i - 1].done && !run->works[i - 1].undone && !run->works[i - 1].repairs)
            return &run->works[i - 1];
    return NULL;
}

static bool may_take_back(const struct run *run, struct error *err)
{
    const struct clock *clock = run->session->clock;
    int64_t until_ms = run->job->plan->header.rollback_until_ms;

    if (until_ms != 0 && clock->wall_ms(clock) > until_ms)
        return error_set(err, ERROR_VERIFY, "the time in which the plan may be taken back is over");
    if (atomic_load(&run->session->cancelled))
        return error_set(err, ERROR_CANCELLED, "stopped on request");
    return true;
}

/* One step back; JOB_ROLLED_BACK when that worked. */
static enum job_state take_back(struct run *run, struct work *done, struct error *err)
{
    static const enum job_state states[] = {
        [PART_DONE] = JOB_ROLLED_BACK,     [PART_FAILED] = JOB_HALTED,
        [PART_REFUSED] = JOB_HALTED,       [PART_UNKNOWN] = JOB_UNKNOWN,
        [PART_STUCK] = JOB_NEEDS_OPERATOR,
    };
    struct work undo;

    FAULT_POINT(way_back);
    if (!may_take_back(run, err) || !work_prepare_undo(run, done, &undo, err))
        return JOB_HALTED;
    done->undone = true;
    undo.last = newest_done(run) == NULL;
    enum part_end end = run_work(run, &undo, err);
    done->undone = end == PART_DONE;
    FAULT_POINT(way_back_done);
    return states[end];
}

/* Newest first, until the target is where it was or a step has no way back. */
static enum job_state take_back_all(struct run *run, struct error *err)
{
    struct work *done;

    /* The deadline that ended the step must not end its way back as well. */
    run->session->deadline_ms = 0;
    while ((done = newest_done(run)) != NULL) {
        struct error second = {0};
        enum job_state state = take_back(run, done, &second);

        if (state == JOB_ROLLED_BACK)
            continue;
        if (state == JOB_NEEDS_OPERATOR)
            err->code = ERROR_NEEDS_OPERATOR;
        error_wrap(err, "the target stays at %s %s (%s)", done->step->version, done->step->name,
                   second.message);
        return state;
    }
    return JOB_ROLLED_BACK;
}

static enum job_state end_failed(struct run *run, enum part_end end, struct error *err)
{
    if (end == PART_UNKNOWN)
        return JOB_UNKNOWN;
    if (end == PART_STUCK)
        return JOB_NEEDS_OPERATOR;
    if (newest_done(run) != NULL)
        return run->job->keep ? JOB_HALTED : take_back_all(run, err);
    if (run->taken_back)
        return JOB_ROLLED_BACK;
    return end == PART_REFUSED ? JOB_REFUSED : JOB_FAILED_CLEAN;
}

/* The whole job back, as the history has it: a job of a rollout that is taken back. */
static enum job_state run_back(struct run *run, struct error *err)
{
    struct work *done;

    if (!gate_catch_up(run, err)) {
        error_at_target(err, run->job->target->name);
        return JOB_REFUSED;
    }
    while ((done = newest_done(run)) != NULL) {
        enum job_state state = take_back(run, done, err);

        if (state == JOB_ROLLED_BACK)
            continue;
        if (state == JOB_NEEDS_OPERATOR)
            err->code = ERROR_NEEDS_OPERATOR;
        error_at_target(err, run->job->target->name);
        error_wrap(err, "the target stays at %s %s", done->step->version, done->step->name);
        return state;
    }
    return JOB_ROLLED_BACK;
}

static enum job_state run_job(struct run *run, struct error *err)
{
    if (!works_prepare(run, err)) {
        error_at_target(err, run->job->target->name);
        return JOB_REFUSED;
    }
    if (run->job->back)
        return run_back(run, err);
    for (size_t i = 0; i < run->count; i++) {
        enum part_end end = run_work(run, &run->works[i], err);

        if (end != PART_DONE)
            return end_failed(run, end, err);
    }
    return JOB_APPLIED;
}

enum job_state executor_run(struct session *session, const struct job *job,
                            const struct executor_limits *limits,
                            const struct random_source *random, run_observer observer,
                            void *context, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct run run = {
        .session = session,
        .job = job,
        .limits = limits,
        .random = random,
        .observer = observer,
        .context = context,
        .arena = arena,
    };
    int64_t begun_ms = now_ms(&run);

    run.head = job->target->head;
    enum job_state state = run_job(&run, err);

    tell_job(&run, state, now_ms(&run) - begun_ms, err);
    session_free(run.fresh);
    return state;
}
