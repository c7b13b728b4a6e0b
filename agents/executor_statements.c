/*
 * A part outside a transaction: statement by statement. The end of one and the intent of the next
 * are one commit; the last end goes with the history row. So one DDL statement costs two commits.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "agents/executor_parts.h"
#include "agents/statement_class.h"
#include "common/fault.h"
#include "common/text.h"

enum { SUMMARY_LENGTH = 200 };

/* How far a part is. */
struct progress {
    struct run *run;
    struct work *work;
    struct patience patience;
    bool marked;  /* an intent of this attempt may be there */
    size_t done;  /* statements before this one have run for good */
    bool ran;     /* and so has this one, its end unmarked, before what failed … */
    bool open;    /* … when a transaction was still open */
    bool suspect; /* the one at `done` may have left something */
};

static enum statement_class class_at(const struct work *work, size_t index)
{
    return statement_class_of(work->statements[index].sql, work->statements[index].length);
}

/* The first statement from index on that changes more than the session; count if there is none. */
static size_t next_marked(const struct work *work, size_t index)
{
    while (index < work->count && class_at(work, index) == CLASS_SESSION)
        index++;
    return index;
}

static void summarise(const struct statement *statement, struct buffer *out)
{
    size_t length = SUMMARY_LENGTH;

    text_append_escaped(out, statement->sql, statement->length, false);
    if (out->length <= length)
        return;
    while (length > 0 && ((unsigned char)out->bytes[length] & 0xc0) == 0x80)
        length--;
    out->length = length;
    out->bytes[length] = '\0';
}

static bool add_intent(struct progress *progress, size_t index, struct error *err)
{
    struct run *run = progress->run;
    const struct work *work = progress->work;
    const struct statement *statement = &work->statements[index];
    const struct engine *engine = run->session->engine;
    AUTO_BUFFER struct buffer summary = {0};
    AUTO_BUFFER struct buffer session = {0};

    if (FAULT_ERROR(intent_mark, err))
        return false;
    summarise(statement, &summary);
    if (engine->session_name != NULL)
        engine->session_name(run->session, &session);
    const struct intent intent = {
        .attempt_key = work->key,
        .statement = (int)index + 1,
        .sha256 = digest_of(statement->sql, statement->length),
        .class_name = statement_class_name(class_at(work, index)),
        .session = buffer_text(&session),
        .version = work->step->version,
        .name = work->step->name,
        .direction = work->direction,
        .summary = buffer_text(&summary),
        .started_ms = run->session->clock->wall_ms(run->session->clock),
    };
    return target_tables_add_intent(run->session, &intent, err);
}

static void roll_back(struct run *run)
{
    struct error ignored = {0};

    (void)!run->session->engine->rollback(run->session, &ignored);
}

static bool begin(struct run *run, struct error *err)
{
    const struct engine *engine = run->session->engine;

    return engine->in_transaction(run->session) || engine->begin(run->session, err);
}

/* One commit: the fence if it is due, the end of the statement before, the intent of the next. */
static bool mark(struct progress *progress, size_t next, struct error *err)
{
    struct run *run = progress->run;
    bool first = !progress->marked;

    progress->marked = true;
    if (begin(run, err) && gate_raise(run, err) &&
        (first || target_tables_finish_intent(run->session, &progress->work->key,
                                              (int)progress->done + 1, err)) &&
        add_intent(progress, next, err) && !FAULT_ERROR(intent_added, err) &&
        run->session->engine->commit(run->session, err)) {
        FAULT_POINT(intent_committed);
        run->fence_due = false;
        return true;
    }
    roll_back(run);
    return false;
}

/* CONCURRENTLY waits for old transactions, and cut short by a lock timeout it leaves an invalid
   index behind: the statement's own limit alone ends it. */
static bool is_concurrent(const struct statement *statement)
{
    static const char word[] = "concurrently";

    for (size_t i = 0; i + strlen(word) <= statement->length; i++)
        if (strncasecmp(statement->sql + i, word, strlen(word)) == 0)
            return true;
    return false;
}

static bool run_raw(struct run *run, const struct work *work, size_t index, bool patient,
                    struct error *err)
{
    const struct engine *engine = run->session->engine;
    const struct statement *statement = &work->statements[index];

    if (patient && !engine->limit(run->session, 0, work->directives.statement_timeout_ms, err))
        return false;
    if (FAULT_ERROR(alone_run, err) ||
        !engine->run(run->session, statement->sql, statement->length, err))
        return false;
    FAULT_POINT(alone_ran);
    return !patient || gate_configure(run, work, err);
}

/* Whether a statement that failed has changed the schema all the same, as far as can be told. */
static bool left_something(struct session *session, const struct buffer *before)
{
    AUTO_BUFFER struct buffer after = {0};
    struct error ignored = {0};

    return session->broken || !session->engine->introspect(session, &after, &ignored) ||
           strcmp(buffer_text(before), buffer_text(&after)) != 0;
}

/* Data goes in a transaction that stays open, for its end to be marked in. */
static bool run_statement(struct progress *progress, size_t index, struct error *err)
{
    struct run *run = progress->run;
    const struct work *work = progress->work;
    const struct engine *engine = run->session->engine;
    enum statement_class statement_class = class_at(work, index);
    bool data = statement_class == CLASS_DATA;
    bool in_stages = engine->traits.transactional_ddl && is_concurrent(&work->statements[index]);
    AUTO_BUFFER struct buffer before = {0};

    if (in_stages && !engine->introspect(run->session, &before, err))
        return work_locate(work, index, err);
    do {
        if ((!data || begin(run, err)) && run_raw(run, work, index, in_stages, err))
            return true;
        if (data)
            roll_back(run);
        progress->suspect = statement_class == CLASS_OPAQUE || run->session->broken ||
                            (data && run->session->kept_changes) ||
                            (in_stages && left_something(run->session, &before));
    } while (err->code == ERROR_LOCKED && !progress->suspect &&
             patience_wait(run, work, &progress->patience, err));
    return work_locate(work, index, err);
}

static bool check_lock(struct progress *progress, struct error *err)
{
    struct run *run = progress->run;
    bool held = false;

    if (run->session->engine->holds_lock(run->session, &held, err)) {
        if (held)
            return true;
        error_set(err, ERROR_LOCKED, "the session lost the target's lock");
    }
    progress->suspect = true;
    return false;
}

/* All statements; the transaction of the last one may be open afterwards. */
static bool run_all(struct progress *progress, struct error *err)
{
    const struct work *work = progress->work;
    size_t current = next_marked(work, 0);

    if (current < work->count && !mark(progress, current, err))
        return false;
    for (size_t i = 0; i < work->count; i++) {
        if ((i > 0 && !check_lock(progress, err)) || !run_statement(progress, i, err))
            return false;
        if (i != current)
            continue;
        progress->done = i;
        progress->ran = true;
        current = next_marked(work, i + 1);
        if (current == work->count)
            continue;
        if (!mark(progress, current, err)) {
            progress->suspect = true;
            return false;
        }
        progress->done = current;
        progress->ran = false;
    }
    return true;
}

static bool finish(struct progress *progress, int64_t started_ms, struct history_row *row,
                   struct error *err)
{
    struct run *run = progress->run;
    const struct work *work = progress->work;

    if (!begin(run, err))
        return false;
    if (work->leaves_settings && !run->session->engine->restore_settings(run->session, err))
        return error_wrap(err, "cannot restore the session's settings");
    return gate_raise(run, err) && !FAULT_ERROR(intents_forget, err) &&
           (!progress->marked || target_tables_forget_intents(run->session, &work->key, err)) &&
           part_finish(run, work, started_ms, row, err);
}

/* A lost session's lock is taken again, which proves that it has ended. */
static bool be_connected(struct progress *progress, struct error *err)
{
    struct run *run = progress->run;

    if (!run->session->broken)
        return true;
    if (!gate_reconnect(run, err))
        return false;
    while (!gate_lock(run, LOCK_SESSION, err))
        if (err->code != ERROR_LOCKED ||
            !patience_wait(run, progress->work, &progress->patience, err))
            return false;
    return true;
}

static bool forget(struct progress *progress, struct error *err)
{
    struct run *run = progress->run;

    if (!progress->marked)
        return true;
    if (!be_connected(progress, err))
        return false;
    if (begin(run, err) && target_tables_forget_intents(run->session, &progress->work->key, err) &&
        run->session->engine->commit(run->session, err))
        return true;
    roll_back(run);
    return false;
}

static bool is_undone_by(const struct statement *undo, const struct work *work, size_t done)
{
    return undo->undoes > 0 && (size_t)undo->undoes <= done &&
           class_at(work, (size_t)undo->undoes - 1) != CLASS_SESSION;
}

/* Whether each statement that has run has one in the way back that undoes it. */
static bool has_pairs(const struct work *work, size_t done)
{
    for (size_t i = next_marked(work, 0); i < done; i = next_marked(work, i + 1)) {
        bool found = false;

        for (size_t u = 0; u < work->undo_count && !found; u++)
            found = (size_t)work->undo[u].undoes == i + 1;
        if (!found)
            return false;
    }
    return true;
}

static bool take_back(struct progress *progress, struct error *err)
{
    const struct engine *engine = progress->run->session->engine;
    const struct work *work = progress->work;

    if (FAULT_ERROR(statement_undo, err))
        return false;
    for (size_t u = 0; u < work->undo_count; u++) {
        const struct statement *undo = &work->undo[u];
        bool session = statement_class_of(undo->sql, undo->length) == CLASS_SESSION;

        if (!session && !is_undone_by(undo, work, progress->done))
            continue;
        if (!engine->run(progress->run->session, undo->sql, undo->length, err))
            return error_wrap(err, "taking back statement %d", undo->undoes);
    }
    return true;
}

/* What stays is for a person: the intent says where, the error why. */
static enum part_end stuck(const struct progress *progress, const char *reason, struct error *err)
{
    err->code = ERROR_NEEDS_OPERATOR;
    error_wrap(err, "stopped half-way: %s", reason);
    error_at_file(err, progress->work->file, 1);
    return PART_STUCK;
}

/* Brings the target back to where the part began, if that can be known. */
static enum part_end recover(struct progress *progress, struct error *err)
{
    struct error second = {0};
    char reason[320];
    size_t first = next_marked(progress->work, 0);

    if (progress->suspect)
        return stuck(progress, "the statement may have left a part of its work", err);
    if (progress->done > first && !has_pairs(progress->work, progress->done)) {
        snprintf(reason, sizeof reason,
                 "statements up to %zu have run, and the way back has no \"-- fleet: undoes N\" "
                 "for each",
                 progress->done);
        return stuck(progress, reason, err);
    }
    if ((progress->done > first && !take_back(progress, &second)) || !forget(progress, &second)) {
        snprintf(reason, sizeof reason, "%.300s", second.message);
        return stuck(progress, reason, err);
    }
    return PART_FAILED;
}

/* Rolls back the last transaction; only data that was written in it goes with it. A statement of
   the session's (SET autocommit = 1, LOCK TABLES) may have committed that. */
static void drop_last(struct progress *progress)
{
    const struct run *run = progress->run;

    roll_back(progress->run);
    if (!progress->ran)
        return;
    bool gone = progress->open && class_at(progress->work, progress->done) == CLASS_DATA &&
                !run->session->broken && !run->session->kept_changes;
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
        return recover(progress, err);
    }
    enum part_end end = gate_settle(run, progress->work, row, err);
    if (end == PART_FAILED)
        return stuck(progress, "the last commit did not happen", err);
    return end;
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

static enum part_end run_under_lock(struct progress *progress, int64_t started_ms,
                                    struct error *err)
{
    struct run *run = progress->run;
    struct work *work = progress->work;
    struct history_row row;

    if (!gate_enter(run, work, err))
        return PART_REFUSED;
    if (work->done || !parse_all(run, work, err)) {
        gate_keep_fence(run, work);
        return work->done ? PART_DONE : PART_FAILED;
    }
    bool ok = run_all(progress, err);
    progress->open = run->session->engine->in_transaction(run->session);
    if (ok && finish(progress, started_ms, &row, err))
        return commit_last(progress, &row, err);
    drop_last(progress);
    return recover(progress, err);
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

enum part_end part_run_statements(struct run *run, struct work *work, struct error *err)
{
    struct progress progress = {.run = run, .work = work, .patience = patience_start(run)};
    int64_t started_ms = run->session->clock->wall_ms(run->session->clock);

    while (!gate_configure(run, work, err) || !gate_lock(run, LOCK_SESSION, err))
        if (err->code != ERROR_LOCKED || !patience_wait(run, work, &progress.patience, err))
            return PART_FAILED;
    enum part_end end = run_under_lock(&progress, started_ms, err);
    release(run, work);
    FAULT_POINT(lock_released);
    return end;
}
