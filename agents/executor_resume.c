/*
 * A part that an earlier attempt was cut off in. Our lock is held, which ends with its session; the
 * statement that was under way has run as a whole, not at all, or cannot be told.
 */
#include "agents/executor_statements.h"

#include <string.h>

#include "agents/intents.h"

/* The text of a statement that the plan no longer has: what is left of it. */
static struct statement text_of(const struct intent *open)
{
    return (struct statement){.sql = open->summary, .length = strlen(open->summary)};
}

static bool is_same(const struct work *work, const struct intent *open)
{
    const struct statement *statement = &work->statements[open->statement - 1];
    struct digest sha256 = digest_of(statement->sql, statement->length);

    return digest_equal(&sha256, &open->sha256);
}

static struct statement statement_of(const struct work *work, const struct intent *open)
{
    return is_same(work, open) ? work->statements[open->statement - 1] : text_of(open);
}

bool resume_await_end(struct progress *progress, const struct intent *open, struct error *err)
{
    struct run *run = progress->run;
    const struct engine *engine = run->session->engine;
    const struct statement statement = statement_of(progress->work, open);
    bool gone = engine->end_session == NULL;

    while (!gone) {
        if (!engine->end_session(run->session, open->session, statement.sql, statement.length,
                                 &gone, err))
            return false;
        if (gone)
            break;
        error_set(err, ERROR_LOCKED, "session %s, which began the statement, still lives",
                  open->session);
        if (!patience_wait(run, progress->work, &progress->patience, err))
            return false;
    }
    return true;
}

/* What the session must hold again for the statements to come, if there are any. */
static bool check_replay(const struct work *work, size_t position, struct error *err)
{
    for (size_t i = 0; i < position && position < work->count; i++) {
        if (!work->facts[i].from_data)
            continue;
        error_set(
            err, ERROR_NEEDS_OPERATOR,
            "what follows may use what statement %zu left in its session, a temporary table or "
            "values that it read, and that is gone",
            i + 1);
        return work_locate(work, i, err);
    }
    return true;
}

static bool replay(struct progress *progress, size_t position, struct error *err)
{
    const struct work *work = progress->work;
    struct session *session = progress->run->session;

    for (size_t i = 0; i < position; i++)
        if (work->facts[i].class == CLASS_SESSION &&
            !session->engine->run(session, work->statements[i].sql, work->statements[i].length,
                                  err))
            return work_locate(work, i, err);
    return true;
}

/* A changed statement may take the place of one that surely has not run. */
static bool judge(struct progress *progress, const struct intent *open, bool same,
                  enum object_verdict *verdict, struct error *err)
{
    struct run *run = progress->run;
    const struct engine *engine = run->session->engine;
    size_t index = (size_t)open->statement - 1;
    struct statement statement = statement_of(progress->work, open);
    struct statement_facts facts =
        same ? progress->work->facts[index]
             : statement_facts_of(run->arena, engine->kind, engine->traits.transactional_ddl,
                                  statement.sql, statement.length);

    if (strcmp(open->class_name, statement_class_name(CLASS_OPAQUE)) == 0)
        facts.class = CLASS_OPAQUE;
    if (!resume_await_end(progress, open, err) ||
        !probe_judge(progress, &statement, &facts, open->before, verdict, err))
        return false;
    if (!same && (*verdict == OBJECT_AFTER || facts.class == CLASS_RERUNNABLE))
        *verdict = OBJECT_OTHER;
    return true;
}

static enum part_end refuse(struct progress *progress, const struct intent *open, struct error *err)
{
    error_set(
        err, ERROR_NEEDS_OPERATOR,
        "statement %d was begun and whether it has run cannot be told (fleet doctor says more): "
        "%s",
        open->statement, open->summary);
    error_at_file(err, progress->work->file, progress->work->statements[open->statement - 1].line);
    return PART_STUCK;
}

/* An error of a server that answers says no more than that it is so. */
static enum part_end end_of(struct progress *progress, const struct error *err)
{
    progress->lost = progress->run->session->broken;
    if (progress->lost)
        return PART_UNKNOWN;
    return err->code == ERROR_NEEDS_OPERATOR ? PART_STUCK : PART_REFUSED;
}

static enum part_end go_on(struct progress *progress, const struct intent *open, bool over,
                           struct error *err)
{
    const struct work *work = progress->work;
    size_t index = (size_t)open->statement - 1;
    size_t position = marks_next(work, over ? index + 1 : index);

    if (!check_replay(work, position, err) || !marks_adopt(progress, open, over, position, err) ||
        !replay(progress, position, err))
        return end_of(progress, err);
    progress->marked = true;
    progress->start = position;
    progress->done = position;
    return PART_DONE;
}

enum part_end resume_part(struct progress *progress, struct error *err)
{
    const struct work *work = progress->work;
    const struct intent *open = intents_in_question(work->left, work->left_count);
    enum object_verdict verdict;

    if (intents_taken_back(work->left, work->left_count))
        return compensate_left(progress, err);
    if (open == NULL) {
        open = intents_last(work->left, work->left_count);
        return is_same(work, open) ? go_on(progress, open, true, err) : refuse(progress, open, err);
    }
    if (!judge(progress, open, is_same(work, open), &verdict, err))
        return end_of(progress, err);
    if (verdict == OBJECT_OTHER)
        return refuse(progress, open, err);
    return go_on(progress, open, verdict == OBJECT_AFTER, err);
}
