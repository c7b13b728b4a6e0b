#include <string.h>

#include "agents/executor_parts.h"
#include "agents/fingerprint.h"
#include "common/fault.h"

static bool run_check(struct run *run, const struct work *work, const struct check *check,
                      struct error *err)
{
    int64_t rows = 0;

    if (run->session->engine->run_counted(run->session, check->sql, strlen(check->sql), &rows,
                                          err)) {
        if (rows == 0)
            return true;
        error_set(err, ERROR_CHECK, "the check must return no row, and returned %lld",
                  (long long)rows);
    }
    error_at_file(err, work->file, check->line);
    return error_wrap(err, "check");
}

static bool run_checks(struct run *run, const struct work *work, struct error *err)
{
    for (size_t i = 0; i < work->directives.check_count; i++)
        if (!run_check(run, work, &work->directives.checks[i], err))
            return false;
    return true;
}

static void fill_row(const struct run *run, const struct work *work, int64_t started_ms,
                     struct history_row *row)
{
    const struct job *job = run->job;
    const struct clock *clock = run->session->clock;

    row->seq = run->seq + 1;
    row->attempt_key = work->key;
    row->part = 1;
    row->parts = 1;
    row->version = work->step->version;
    row->name = work->step->name;
    row->direction = work->direction;
    row->source_sha256 = work->step->source_sha256;
    row->rendered_sha256 = work->rendered;
    row->plan = job->plan->digest;
    row->rollout = job->rollout;
    row->operator_name = job->operator_name;
    row->epoch = job->epoch;
    row->started_ms = started_ms;
    row->ended_ms = clock->wall_ms(clock);
    row->previous = run->head;
    row->hash = history_row_hash(row);
}

bool part_finish(struct run *run, const struct work *work, int64_t started_ms,
                 struct history_row *row, struct error *err)
{
    *row = (struct history_row){0};
    if (FAULT_ERROR(part_finish, err))
        return false;
    if (!run_checks(run, work, err))
        return false;
    if (work->last && !fingerprint_take(run->session, &row->fingerprint, err))
        return false;
    fill_row(run, work, started_ms, row);
    return !FAULT_ERROR(history_row, err) && target_tables_add_row(run->session, row, err) &&
           !FAULT_ERROR(history_row_added, err);
}

void part_note_row(struct run *run, struct work *work, const struct history_row *row)
{
    FAULT_POINT(row_noted);
    run->head = row->hash;
    run->seq = row->seq;
    run->fingerprint = row->fingerprint;
    run->moved = true;
    run->fence_due = false;
    run->has_tables = true;
    work->done = true;
}
