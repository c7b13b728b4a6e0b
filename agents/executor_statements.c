/*
 * A part outside a transaction: statement by statement. The end of one and the intent of the next
 * are one commit; the last end goes with the history row. So one DDL statement costs two commits.
 */
#include "agents/executor_statements.h"

#include <string.h>

#include "common/fault.h"

/* How often a part goes on after its session or its lock was lost. */
enum { LOSSES_MAX = 3 };

void progress_roll_back(struct run *run)
{
    struct error ignored = {0};

    (void)!run->session->engine->rollback(run->session, &ignored);
}

bool progress_begin(struct run *run, struct error *err)
{
    const struct engine *engine = run->session->engine;

    return engine->in_transaction(run->session) || engine->begin(run->session, err);
}

bool progress_run(struct progress *progress, const struct statement *statement,
                  const struct statement_facts *facts, struct error *err)
{
    struct run *run = progress->run;
    const struct work *work = progress->work;
    bool patient = facts->in_stages;
    struct error ignored = {0};

    if (patient && !gate_limit(run, work, true, err))
        return false;
    bool ok = run->session->engine->run(run->session, statement->sql, statement->length, err);
    if (patient && !gate_limit(run, work, false, ok ? err : &ignored))
        return false;
    return ok;
}

static bool run_raw(struct progress *progress, size_t index, struct error *err)
{
    const struct work *work = progress->work;

    if (FAULT_ERROR(alone_run, err) ||
        !progress_run(progress, &work->statements[index], &work->facts[index], err))
        return false;
    FAULT_POINT(alone_ran);
    return true;
}

/* What a statement that failed has left, as far as can be told. */
static void inspect(struct progress *progress, size_t index)
{
    const struct work *work = progress->work;
    const struct statement_facts *facts = &work->facts[index];
    struct session *session = progress->run->session;
    enum object_verdict verdict = OBJECT_OTHER;
    struct error ignored = {0};
    bool told = !session->broken && (facts->kind != OBJECT_NONE || !facts->in_stages) &&
                probe_judge(progress, &work->statements[index], facts,
                            buffer_text(&progress->before), &verdict, &ignored);

    progress->lost = session->broken;
    progress->suspect =
        !told || verdict != OBJECT_BEFORE || (facts->class == CLASS_DATA && session->kept_changes);
}

/* Data goes in a transaction that stays open, for its end to be marked in. */
static bool run_statement(struct progress *progress, size_t index, struct error *err)
{
    struct run *run = progress->run;
    const struct work *work = progress->work;
    bool data = work->facts[index].class == CLASS_DATA;

    patience_renew(&progress->patience, run);
    do {
        if ((!data || progress_begin(run, err)) && run_raw(progress, index, err))
            return true;
        if (data)
            progress_roll_back(run);
        inspect(progress, index);
    } while (err->code == ERROR_LOCKED && !progress->suspect &&
             patience_wait(run, work, &progress->patience, err));
    return work_locate(work, index, err);
}

/* Without the lock somebody else may be at work: a new session that has it can tell. */
static bool check_lock(struct progress *progress, struct error *err)
{
    struct session *session = progress->run->session;
    struct error ignored = {0};
    bool held = false;

    if (session->engine->holds_lock(session, &held, err)) {
        if (held)
            return true;
        error_set(err, ERROR_LOCKED, "the session lost the target's lock");
        (void)!session->engine->unlock(session, &ignored);
    }
    session->broken = true;
    progress->lost = true;
    return false;
}

/* Rows wait for the history's commit, unless a statement of the session's that is still to come
   (SET autocommit = 1, LOCK TABLES) commits them: then their end must go with them. */
static bool tie_rows(struct progress *progress, struct error *err)
{
    const struct work *work = progress->work;
    size_t after = progress->done + 1;

    return after == work->count || work->facts[progress->done].class != CLASS_DATA ||
           marks_move_inside(progress, after, err);
}

static bool move_on(struct progress *progress, size_t next, struct error *err)
{
    if (next == progress->work->count)
        return tie_rows(progress, err);
    if (!marks_move(progress, next, err)) {
        progress->suspect = true;
        progress->lost = progress->run->session->broken;
        return false;
    }
    progress->done = next;
    progress->ran = false;
    return true;
}

/* All statements; the transaction of the last one may be open afterwards. */
static bool run_all(struct progress *progress, struct error *err)
{
    const struct work *work = progress->work;
    size_t current = marks_next(work, progress->start);

    if (!progress->marked && current < work->count && !marks_move(progress, current, err)) {
        progress->lost = progress->run->session->broken;
        return false;
    }
    for (size_t i = progress->start; i < work->count; i++) {
        if ((i > progress->start && !check_lock(progress, err)) || !run_statement(progress, i, err))
            return false;
        if (i != current)
            continue;
        progress->done = i;
        progress->ran = true;
        current = marks_next(work, i + 1);
        if (!move_on(progress, current, err))
            return false;
    }
    return true;
}

static bool finish(struct progress *progress, int64_t started_ms, struct history_row *row,
                   struct error *err)
{
    struct run *run = progress->run;
    const struct work *work = progress->work;

    if (!progress_begin(run, err))
        return false;
    if (work->leaves_settings && !run->session->engine->restore_settings(run->session, err))
        return error_wrap(err, "cannot restore the session's settings");
    return gate_raise(run, err) && !FAULT_ERROR(intents_forget, err) &&
           (!progress->marked || target_intents_forget(run->session, &work->key, err)) &&
           part_finish(run, work, started_ms, row, err);
}

/* Rolls back the last transaction; only data that was written in it goes with it. A statement of
   the session's (SET autocommit = 1, LOCK TABLES) may have committed that. */
static void drop_last(struct progress *progress)
{
    const struct session *session = progress->run->session;

    progress->lost = progress->lost || session->broken;
    progress_roll_back(progress->run);
    if (!progress->ran)
        return;
    bool gone = progress->open && progress->work->facts[progress->done].class == CLASS_DATA &&
                !session->broken && !session->kept_changes;
    progress->done += gone ? 0 : 1;
}

static enum part_end commit_last(struct progress *progress, const struct history_row *row,
                                 struct error *err)
{
    struct run *run = progress->run;

    if (run->session->engine->commit(run->session, err)) {
        part_note_row(run, progress->work, row);
        return PART_DONE;
    }
    if (err->code != ERROR_UNKNOWN) {
        drop_last(progress);
        return compensate(progress, err);
    }
    enum part_end end = gate_settle(run, progress->work, row, err);
    if (end != PART_FAILED)
        return end;
    progress->lost = true;
    return PART_UNKNOWN;
}

/* So that an error in a late statement is found before the first one runs; the only one that does
   something is refused by the server itself. */
static bool parse_all(const struct run *run, const struct work *work, struct error *err)
{
    if (work->count == 1)
        return true;
    for (size_t i = 0; i < work->count; i++)
        if (!run->session->engine->parse(run->session, work->statements[i].sql,
                                         work->statements[i].length, err))
            return work_locate(work, i, err);
    return true;
}

/* Rows that no transaction takes back are opaque; a table that the script will make is looked at
   when its turn comes. */
static bool check_tables(struct progress *progress, struct error *err)
{
    const struct work *work = progress->work;

    if (progress->run->job->plan->header.policy.opaque_allowed || work->back)
        return true;
    for (size_t i = 0; i < work->count; i++) {
        enum statement_class statement_class;

        if (!probe_class(progress, i, &statement_class, err))
            return work_locate(work, i, err);
        if (statement_class != CLASS_OPAQUE || work->facts[i].class != CLASS_DATA ||
            work->statements[i].probe != NULL)
            continue;
        error_set(
            err, ERROR_UNSUPPORTED,
            "%s has no transactions: after a crash nobody could tell which rows the statement "
            "has changed; put \"-- fleet: probe SELECT …\" before it, a query that returns a "
            "row once it has run, or set opaque = allow for the environment",
            work->facts[i].table);
        return work_locate(work, i, err);
    }
    return true;
}

static enum part_end run_under_lock(struct progress *progress, int64_t started_ms,
                                    struct error *err)
{
    struct run *run = progress->run;
    struct work *work = progress->work;
    struct history_row row;
    enum part_end end = PART_DONE;

    if (!gate_enter(run, work, err)) {
        progress->lost = run->session->broken;
        return PART_REFUSED;
    }
    if (work->repairs && !work->done)
        return repair_part(progress, started_ms, err);
    if (work->done || !parse_all(run, work, err) || !check_tables(progress, err)) {
        gate_keep_fence(run, work);
        return work->done ? PART_DONE : PART_FAILED;
    }
    if (work->left_count > 0)
        end = resume_part(progress, err);
    if (end != PART_DONE)
        return end;
    bool ok = run_all(progress, err);
    progress->open = run->session->engine->in_transaction(run->session);
    if (ok && finish(progress, started_ms, &row, err))
        return commit_last(progress, &row, err);
    drop_last(progress);
    return compensate(progress, err);
}

/* Leaves the session without our lock and without what the script set. */
static void release(struct run *run, const struct work *work)
{
    const struct engine *engine = run->session->engine;
    struct error ignored = {0};

    if (run->session->broken)
        return;
    FAULT_POINT(lock_release);
    bool ok = work->leaves_settings ? engine->reset(run->session, &ignored)
                                    : engine->unlock(run->session, &ignored);
    if (!ok)
        run->session->broken = true;
}

static bool take_lock(struct progress *progress, struct error *err)
{
    struct run *run = progress->run;

    if (!gate_reconnect(run, err))
        return false;
    while (!gate_configure(run, progress->work, err) || !gate_lock(run, LOCK_SESSION, err))
        if (err->code != ERROR_LOCKED ||
            !patience_wait(run, progress->work, &progress->patience, err))
            return false;
    return true;
}

static enum part_end run_once(struct progress *progress, int64_t started_ms, struct error *err)
{
    if (!take_lock(progress, err))
        return progress->lost ? PART_UNKNOWN : PART_FAILED;
    *progress = (struct progress){
        .run = progress->run,
        .work = progress->work,
        .patience = progress->patience,
        .before = progress->before,
    };
    buffer_clear(&progress->before);
    enum part_end end = run_under_lock(progress, started_ms, err);
    release(progress->run, progress->work);
    FAULT_POINT(lock_released);
    return end;
}

enum part_end part_run_statements(struct run *run, struct work *work, struct error *err)
{
    struct progress progress = {.run = run, .work = work, .patience = patience_start(run)};
    int64_t started_ms = run->session->clock->wall_ms(run->session->clock);
    enum part_end end = run_once(&progress, started_ms, err);

    struct error first = *err;

    for (int losses = 0; end != PART_DONE && progress.lost && losses < LOSSES_MAX; losses++) {
        error_clear(err);
        end = run_once(&progress, started_ms, err);
    }
    if (end != PART_DONE && strcmp(err->message, first.message) != 0)
        error_wrap(err, "after \"%s\"", first.message);
    buffer_free(&progress.before);
    return end;
}
