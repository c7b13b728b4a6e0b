/*
 * What an operator ordered about a part that stopped inside: a piece of work of its own, before the
 * step. It brings the intents to what the order says, and the step then goes on from them as after
 * any crash. The history's row of it is one commit with the intents, so that an order that is
 * delivered twice is carried out once.
 */
#include "agents/executor_statements.h"

#include "agents/intents.h"

static bool refuse(const char *why, struct error *err)
{
    return error_set(err, ERROR_STALE, "the repair does not fit: %s; look again with fleet doctor",
                     why);
}

/* Nothing but what the operator saw is settled. */
static bool check_seen(const struct progress *progress, struct error *err)
{
    const struct work *work = progress->work;
    const struct repair *repair = progress->run->job->target->repair;
    struct digest found = intents_digest(work->left, work->left_count);

    if (digest_equal(&found, &repair->intents))
        return true;
    return refuse(work->left_count == 0 ? "no statement is open here any more"
                                        : "what is open here is not what it was ordered for",
                  err);
}

static bool check_question(const struct work *work, const struct repair *repair,
                           const struct intent *question, struct error *err)
{
    bool back = intents_taken_back(work->left, work->left_count);

    if (repair->verdict == REPAIR_TAKEN_BACK)
        return true;
    if (repair->verdict == REPAIR_CONTINUE)
        return (size_t)repair->statement <= work->count + 1 ||
               refuse("the script does not have that many statements", err);
    if (question == NULL || question->statement != repair->statement)
        return refuse("that statement is not the one in question", err);
    if (back && question->status == INTENT_OPEN)
        return refuse("its statements were being taken back", err);
    return question->status == INTENT_OPEN || repair->verdict == REPAIR_DONE ||
           refuse("the way back was cut off: only that it is done can be said of it", err);
}

static bool settle_done(struct progress *progress, const struct intent *question, struct error *err)
{
    struct session *session = progress->run->session;
    struct intent undone = *question;

    if (question->status == INTENT_OPEN)
        return target_intents_finish(session, &question->attempt_key, question->statement, err);
    undone.status = INTENT_UNDONE;
    undone.before = "";
    return target_intents_set(session, &undone, err);
}

static bool settle_undone(struct progress *progress, const struct intent *question,
                          struct error *err)
{
    return target_intents_adopt(progress->run->session, &question->attempt_key,
                                &question->attempt_key, question->statement, err);
}

static bool forget(struct progress *progress, struct error *err)
{
    return target_intents_forget(progress->run->session, &progress->work->left[0].attempt_key, err);
}

static bool settle_continue(struct progress *progress, const struct repair *repair,
                            struct error *err)
{
    const struct work *work = progress->work;
    size_t end = (size_t)repair->statement - 1;
    const struct digest key = work->left[0].attempt_key;

    if (!forget(progress, err))
        return false;
    for (size_t i = marks_next(work, 0); i < end; i = marks_next(work, i + 1))
        if (!marks_claim(progress, &key, i, err))
            return false;
    return true;
}

static bool settle(struct progress *progress, const struct repair *repair,
                   const struct intent *question, struct error *err)
{
    switch (repair->verdict) {
    case REPAIR_DONE:
        return settle_done(progress, question, err);
    case REPAIR_UNDONE:
        return settle_undone(progress, question, err);
    case REPAIR_CONTINUE:
        return settle_continue(progress, repair, err);
    case REPAIR_TAKEN_BACK:
        break;
    }
    return forget(progress, err);
}

static enum part_end roll_back(struct progress *progress)
{
    progress->lost = progress->run->session->broken;
    progress_roll_back(progress->run);
    return PART_REFUSED;
}

enum part_end repair_part(struct progress *progress, int64_t started_ms, struct error *err)
{
    struct run *run = progress->run;
    struct work *work = progress->work;
    const struct repair *repair = run->job->target->repair;
    const struct intent *question = intents_in_question(work->left, work->left_count);
    struct history_row row;

    if (!check_seen(progress, err) || !check_question(work, repair, question, err) ||
        (question != NULL && !resume_await_end(progress, question, err)) ||
        !progress_begin(run, err) || !gate_raise(run, err) ||
        !settle(progress, repair, question, err) || !part_finish(run, work, started_ms, &row, err))
        return roll_back(progress);
    if (run->session->engine->commit(run->session, err)) {
        part_note_row(run, work, &row);
        return PART_DONE;
    }
    if (err->code != ERROR_UNKNOWN)
        return roll_back(progress);
    enum part_end end = gate_settle(run, work, &row, err);
    progress->lost = end == PART_FAILED;
    return progress->lost ? PART_UNKNOWN : end;
}
