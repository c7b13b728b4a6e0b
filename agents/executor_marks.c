#include "agents/executor_statements.h"

#include "common/fault.h"
#include "common/text.h"

enum { SUMMARY_LENGTH = 200 };

size_t marks_next(const struct work *work, size_t index)
{
    while (index < work->count && work->facts[index].class == CLASS_SESSION)
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

bool marks_claim(struct progress *progress, const struct digest *key, size_t index,
                 struct error *err)
{
    struct session *session = progress->run->session;
    const struct work *work = progress->work;
    const struct statement *statement = &work->statements[index];
    AUTO_BUFFER struct buffer summary = {0};
    AUTO_BUFFER struct buffer name = {0};

    summarise(statement, &summary);
    if (!session->engine->session_name(session, &name, err))
        return false;
    const struct intent intent = {
        .attempt_key = *key,
        .statement = (int)index + 1,
        .sha256 = digest_of(statement->sql, statement->length),
        .class_name = statement_class_name(work->facts[index].class),
        .before = "",
        .session = buffer_text(&name),
        .version = work->step->version,
        .name = work->step->name,
        .direction = work->step->direction,
        .summary = buffer_text(&summary),
        .started_ms = session->clock->wall_ms(session->clock),
    };
    return target_intents_add(session, &intent, err) &&
           target_intents_finish(session, key, intent.statement, err);
}

static bool add_intent(struct progress *progress, size_t index, struct error *err)
{
    struct run *run = progress->run;
    const struct work *work = progress->work;
    const struct statement *statement = &work->statements[index];
    AUTO_BUFFER struct buffer summary = {0};
    AUTO_BUFFER struct buffer session = {0};
    enum statement_class statement_class;

    if (FAULT_ERROR(intent_mark, err))
        return false;
    summarise(statement, &summary);
    buffer_clear(&progress->before);
    if (!probe_class(progress, index, &statement_class, err) ||
        !run->session->engine->session_name(run->session, &session, err) ||
        !probe_describe(run, &work->facts[index], &progress->before, err))
        return false;
    const struct intent intent = {
        .attempt_key = work->key,
        .statement = (int)index + 1,
        .sha256 = digest_of(statement->sql, statement->length),
        .class_name = statement_class_name(statement_class),
        .before = buffer_text(&progress->before),
        .session = buffer_text(&session),
        .version = work->step->version,
        .name = work->step->name,
        .direction = work->direction,
        .summary = buffer_text(&summary),
        .started_ms = run->session->clock->wall_ms(run->session->clock),
    };
    return target_intents_add(run->session, &intent, err) && !FAULT_ERROR(intent_added, err);
}

/* Commits what the marks have written, or nothing of it. */
static bool keep(struct run *run, bool ok, struct error *err)
{
    if (ok && run->session->engine->commit(run->session, err)) {
        FAULT_POINT(intent_committed);
        run->fence_due = false;
        return true;
    }
    progress_roll_back(run);
    return false;
}

bool marks_move_inside(struct progress *progress, size_t next, struct error *err)
{
    struct run *run = progress->run;
    bool first = !progress->marked;

    progress->marked = true;
    return progress_begin(run, err) && gate_raise(run, err) &&
           (first || target_intents_finish(run->session, &progress->work->key,
                                           (int)progress->done + 1, err)) &&
           add_intent(progress, next, err);
}

bool marks_move(struct progress *progress, size_t next, struct error *err)
{
    return keep(progress->run, marks_move_inside(progress, next, err), err);
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

bool marks_forget(struct progress *progress, struct error *err)
{
    struct run *run = progress->run;

    if (!progress->marked)
        return true;
    if (!be_connected(progress, err))
        return false;
    bool ok =
        progress_begin(run, err) && target_intents_forget(run->session, &progress->work->key, err);
    return keep(run, ok, err);
}

bool marks_adopt(struct progress *progress, const struct intent *open, bool over, size_t position,
                 struct error *err)
{
    struct run *run = progress->run;
    const struct work *work = progress->work;
    int removed = over ? 0 : open->statement;

    bool ok = progress_begin(run, err) && gate_raise(run, err) &&
              target_intents_adopt(run->session, &open->attempt_key, &work->key, removed, err) &&
              (!over || target_intents_finish(run->session, &work->key, open->statement, err)) &&
              (position == work->count || add_intent(progress, position, err));
    return keep(run, ok, err);
}

bool marks_undo(struct progress *progress, size_t index, enum intent_status status,
                const char *before, struct error *err)
{
    struct run *run = progress->run;
    AUTO_BUFFER struct buffer session = {0};

    if (!run->session->engine->session_name(run->session, &session, err))
        return false;
    const struct intent intent = {
        .attempt_key = progress->work->key,
        .statement = (int)index + 1,
        .status = status,
        .before = before,
        .session = buffer_text(&session),
    };
    bool ok = progress_begin(run, err) && gate_raise(run, err) &&
              target_intents_set(run->session, &intent, err);
    return keep(run, ok, err);
}
