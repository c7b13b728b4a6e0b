/*
 * Taking back the statements of a part before the one that failed, by the pairs that its way back
 * names. Each is marked before and after, so that this too can be cut off anywhere.
 */
#include "agents/executor_statements.h"

#include <stdio.h>

#include "common/fault.h"

static bool is_undone_by(const struct statement *undo, const struct work *work, size_t done)
{
    return undo->undoes > 0 && (size_t)undo->undoes <= done &&
           work->facts[undo->undoes - 1].class != CLASS_SESSION;
}

/* Whether each statement that has run has one in the way back that undoes it. */
static bool has_pairs(const struct work *work, size_t done)
{
    for (size_t i = marks_next(work, 0); i < done; i = marks_next(work, i + 1)) {
        bool found = false;

        for (size_t u = 0; u < work->undo_count && !found; u++)
            found = (size_t)work->undo[u].undoes == i + 1;
        if (!found)
            return false;
    }
    return true;
}

static enum intent_status status_left(const struct work *work, int statement, const char **before)
{
    for (size_t i = 0; i < work->left_count; i++)
        if (work->left[i].statement == statement) {
            *before = work->left[i].before;
            return work->left[i].status;
        }
    return INTENT_DONE;
}

/* A lock that it did not get has changed nothing, and gives way again. */
static bool has_not_run(struct progress *progress, size_t u, const char *before)
{
    const struct work *work = progress->work;
    enum object_verdict verdict = OBJECT_OTHER;
    struct error ignored = {0};

    return !progress->run->session->broken &&
           probe_judge(progress, &work->undo[u], &work->undo_facts[u], before, &verdict,
                       &ignored) &&
           verdict == OBJECT_BEFORE;
}

/* Rows go back in the transaction that says so. */
static bool run_patiently(struct progress *progress, size_t u, const char *before,
                          struct error *err)
{
    struct run *run = progress->run;
    const struct work *work = progress->work;
    const struct statement_facts *facts = &work->undo_facts[u];

    patience_renew(&progress->patience, run);
    do {
        if ((facts->class != CLASS_DATA || progress_begin(run, err)) &&
            !FAULT_ERROR(statement_undo, err) && progress_run(progress, &work->undo[u], facts, err))
            return true;
        progress_roll_back(run);
    } while (err->code == ERROR_LOCKED && has_not_run(progress, u, before) &&
             patience_wait(run, work, &progress->patience, err));
    return false;
}

static bool run_undo(struct progress *progress, size_t u, struct error *err)
{
    const struct work *work = progress->work;
    size_t index = (size_t)work->undo[u].undoes - 1;
    AUTO_BUFFER struct buffer before = {0};

    return probe_describe(progress->run, &work->undo_facts[u], &before, err) &&
           marks_undo(progress, index, INTENT_UNDOING, buffer_text(&before), err) &&
           run_patiently(progress, u, buffer_text(&before), err) &&
           marks_undo(progress, index, INTENT_UNDONE, "", err);
}

/* What a cut-off attempt has begun to take back may be over. */
static bool finish_undo(struct progress *progress, size_t u, const char *before, struct error *err)
{
    const struct work *work = progress->work;
    const struct statement *undo = &work->undo[u];
    enum object_verdict verdict;

    if (!probe_judge(progress, undo, &work->undo_facts[u], before, &verdict, err))
        return false;
    if (verdict == OBJECT_OTHER)
        return error_set(err, ERROR_NEEDS_OPERATOR, "whether it has run cannot be told");
    if (verdict == OBJECT_BEFORE)
        return run_undo(progress, u, err);
    return marks_undo(progress, (size_t)undo->undoes - 1, INTENT_UNDONE, "", err);
}

static bool undo_one(struct progress *progress, size_t u, struct error *err)
{
    const char *before = "";
    enum intent_status status =
        status_left(progress->work, progress->work->undo[u].undoes, &before);

    if (status == INTENT_UNDONE)
        return true;
    return status == INTENT_UNDOING ? finish_undo(progress, u, before, err)
                                    : run_undo(progress, u, err);
}

static bool take_back(struct progress *progress, struct error *err)
{
    struct session *session = progress->run->session;
    const struct work *work = progress->work;

    for (size_t u = 0; u < work->undo_count; u++) {
        const struct statement *undo = &work->undo[u];

        if (work->undo_facts[u].class == CLASS_SESSION) {
            if (!session->engine->run(session, undo->sql, undo->length, err))
                return error_wrap(err, "taking back");
        } else if (is_undone_by(undo, work, progress->done) && !undo_one(progress, u, err)) {
            return error_wrap(err, "taking back statement %d", undo->undoes);
        }
    }
    return true;
}

enum part_end progress_stuck(const struct progress *progress, const char *reason, struct error *err)
{
    err->code = ERROR_NEEDS_OPERATOR;
    error_wrap(err, "stopped half-way: %s", reason);
    error_at_file(err, progress->work->file, 1);
    return PART_STUCK;
}

enum part_end compensate(struct progress *progress, struct error *err)
{
    struct error second = {0};
    char reason[400];
    size_t first = marks_next(progress->work, 0);

    if (progress->lost)
        return PART_UNKNOWN;
    if (progress->suspect)
        return progress_stuck(progress, "the statement may have left a part of its work", err);
    if (progress->done > first && !has_pairs(progress->work, progress->done)) {
        snprintf(
            reason, sizeof reason,
            "statements up to %zu have run, and the way back has no \"-- fleet: undoes N\" for "
            "each; once the cause is mended, apply goes on from there",
            progress->done);
        return progress_stuck(progress, reason, err);
    }
    if ((progress->done > first && !take_back(progress, &second)) ||
        !marks_forget(progress, &second)) {
        snprintf(reason, sizeof reason, "%.390s", second.message);
        return progress_stuck(progress, reason, err);
    }
    return PART_FAILED;
}

enum part_end compensate_left(struct progress *progress, struct error *err)
{
    struct work *work = progress->work;
    const struct intent *any = &work->left[0];

    progress->marked = true;
    progress->done = work->count;
    for (size_t i = 0; i < work->left_count; i++)
        if (work->left[i].status == INTENT_OPEN)
            progress->done = (size_t)work->left[i].statement - 1;
    if (!progress_begin(progress->run, err) || !gate_raise(progress->run, err) ||
        !target_intents_adopt(progress->run->session, &any->attempt_key, &work->key, 0, err) ||
        !progress->run->session->engine->commit(progress->run->session, err) ||
        !take_back(progress, err) || !marks_forget(progress, err)) {
        progress_roll_back(progress->run);
        return progress_stuck(progress, "it was being taken back", err);
    }
    progress->run->fence_due = false;
    work->left_count = 0;
    progress->marked = false;
    progress->start = 0;
    progress->done = 0;
    return PART_DONE;
}
