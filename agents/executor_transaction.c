#include <stdio.h>
#include <string.h>

#include "agents/executor_parts.h"

#include "common/fault.h"

static bool run_own(struct run *run, const char *sql, struct error *err)
{
    return run->session->engine->query(run->session, sql, NULL, 0, NULL, NULL, err);
}

/* About the savepoint that a script begins at. Its name has the attempt's key in it, which no
   script can know: one of the same name would take our place. */
static bool run_on_savepoint(struct run *run, const struct work *work, const char *command,
                             struct error *err)
{
    char key[DIGEST_HEX_SIZE];
    char sql[2 * DIGEST_HEX_SIZE];

    digest_to_hex(&work->key, key);
    snprintf(sql, sizeof sql, "%s fleet_%.32s", command, key);
    return run_own(run, sql, err);
}

static bool run_script(struct run *run, const struct work *work, struct error *err)
{
    const struct engine *engine = run->session->engine;

    for (size_t i = 0; i < work->count; i++) {
        const struct statement *statement = &work->statements[i];

        if (FAULT_ERROR(statement_run, err) ||
            !engine->run(run->session, statement->sql, statement->length, err) ||
            FAULT_ERROR(statement_ran, err))
            return work_locate(work, i, err);
        if (engine->in_transaction(run->session))
            continue;
        error_set(err, ERROR_NEEDS_OPERATOR,
                  "the statement ended the executor's transaction, so what ran before it is "
                  "committed without a record");
        return work_locate(work, i, err);
    }
    return true;
}

static bool list_violations(struct run *run, const struct work *work, struct buffer *out,
                            struct error *err)
{
    const struct engine *engine = run->session->engine;

    if (!work->directives.foreign_keys_off || engine->foreign_key_violations == NULL)
        return true;
    return engine->foreign_key_violations(run->session, out, err) ||
           error_wrap(err, "cannot check foreign keys");
}

static size_t count_line(const struct buffer *lines, const char *line, size_t length)
{
    const char *at = buffer_text(lines);
    size_t count = 0;

    while (*at != '\0') {
        size_t this_length = strcspn(at, "\n");

        count += this_length == length && memcmp(at, line, length) == 0;
        at += this_length + (at[this_length] == '\n' ? 1 : 0);
    }
    return count;
}

/* Rows that were astray before the script are not its fault, but further keys of them are. */
static bool compare_violations(struct run *run, const struct work *work,
                               const struct buffer *before, struct error *err)
{
    AUTO_BUFFER struct buffer after = {0};

    if (!list_violations(run, work, &after, err))
        return false;
    if (strcmp(buffer_text(&after), buffer_text(before)) == 0)
        return true;
    for (const char *line = buffer_text(&after); *line != '\0';) {
        size_t length = strcspn(line, "\n");

        if (count_line(&after, line, length) > count_line(before, line, length)) {
            error_set(err, ERROR_CHECK, "the script broke a foreign key: %.*s", (int)length, line);
            error_at_file(err, work->file, 1);
            return false;
        }
        line += length + (line[length] == '\n' ? 1 : 0);
    }
    return true;
}

static bool run_inside(struct run *run, const struct work *work, int64_t started_ms,
                       struct history_row *row, struct error *err)
{
    const struct engine *engine = run->session->engine;
    AUTO_BUFFER struct buffer before = {0};

    if (!list_violations(run, work, &before, err) || !run_script(run, work, err))
        return false;
    if (work->count > 0 && !engine->restore_settings(run->session, err))
        return error_wrap(err, "cannot restore the session's settings");
    return compare_violations(run, work, &before, err) &&
           part_finish(run, work, started_ms, row, err);
}

static void roll_back(struct run *run)
{
    struct error ignored = {0};

    (void)!run->session->engine->rollback(run->session, &ignored);
}

/* Back to where the script began, with the fence kept. */
static void abandon(struct run *run, const struct work *work, bool fence_raised)
{
    const struct engine *engine = run->session->engine;
    struct error ignored = {0};

    FAULT_POINT(part_abandon);
    if (fence_raised && !run->session->broken && engine->in_transaction(run->session) &&
        run_on_savepoint(run, work, "ROLLBACK TO SAVEPOINT", &ignored) &&
        engine->commit(run->session, &ignored)) {
        run->fence_due = false;
        run->has_tables = true;
        FAULT_POINT(part_abandoned);
        return;
    }
    roll_back(run);
    gate_keep_fence(run, work);
}

/* The history had the row already: only the fence may be new. */
static enum part_end leave_done(struct run *run, struct error *err)
{
    if (run->fence_due) {
        if (!gate_raise(run, err) || !run->session->engine->commit(run->session, err)) {
            roll_back(run);
            return PART_FAILED;
        }
        run->fence_due = false;
        return PART_DONE;
    }
    roll_back(run);
    return PART_DONE;
}

static enum part_end commit(struct run *run, struct work *work, const struct history_row *row,
                            bool fence_raised, struct error *err)
{
    if (run->session->engine->commit(run->session, err)) {
        part_note_row(run, work, row);
        return PART_DONE;
    }
    if (err->code == ERROR_UNKNOWN)
        return gate_settle(run, work, row, err);
    error_wrap(err, "commit");
    /* Whoever holds off this commit would hold off that of the fence too; the next try has both. */
    if (err->code == ERROR_LOCKED)
        roll_back(run);
    else
        abandon(run, work, fence_raised);
    return PART_FAILED;
}

static enum part_end run_locked(struct run *run, struct work *work, int64_t started_ms,
                                struct error *err)
{
    struct history_row row;

    if (!gate_enter(run, work, err)) {
        roll_back(run);
        return PART_REFUSED;
    }
    FAULT_POINT(gate_passed);
    if (work->done)
        return leave_done(run, err);
    bool fence_raised = run->fence_due;
    if (fence_raised && (!gate_raise(run, err) || !run_on_savepoint(run, work, "SAVEPOINT", err))) {
        roll_back(run);
        return PART_FAILED;
    }
    FAULT_POINT(fence_raised);
    if (run_inside(run, work, started_ms, &row, err))
        return commit(run, work, &row, fence_raised, err);
    abandon(run, work, fence_raised);
    return err->code == ERROR_NEEDS_OPERATOR ? PART_STUCK : PART_FAILED;
}

static enum part_end try_once(struct run *run, struct work *work, int64_t started_ms,
                              struct error *err)
{
    const struct engine *engine = run->session->engine;

    if (!gate_configure(run, work, err) || !engine->begin(run->session, err))
        return PART_FAILED;
    if (!gate_lock(run, LOCK_TRANSACTION, err)) {
        roll_back(run);
        return PART_FAILED;
    }
    return run_locked(run, work, started_ms, err);
}

enum part_end part_run_transaction(struct run *run, struct work *work, struct error *err)
{
    const struct clock *clock = run->session->clock;
    struct patience patience = patience_start(run);
    int64_t started_ms = clock->wall_ms(clock);
    enum part_end end;

    do {
        end = try_once(run, work, started_ms, err);
    } while (end != PART_DONE && end != PART_UNKNOWN && err->code == ERROR_LOCKED &&
             patience_wait(run, work, &patience, err));
    return end;
}
