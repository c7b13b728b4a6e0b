#include "agents/executor_statements.h"

#include <string.h>

bool probe_describe(struct run *run, const struct statement_facts *facts, struct buffer *out,
                    struct error *err)
{
    if (facts->kind == OBJECT_NONE)
        return true;
    return run->session->engine->describe(run->session, facts->kind, facts->object, facts->table,
                                          out, err) ||
           error_wrap(err, "cannot look at %s", facts->object);
}

bool probe_class(struct progress *progress, size_t index, enum statement_class *statement_class,
                 struct error *err)
{
    const struct statement_facts *facts = &progress->work->facts[index];
    struct session *session = progress->run->session;

    *statement_class = facts->class;
    if (facts->class != CLASS_DATA || facts->table == NULL || session->engine->keeps_rows == NULL)
        return true;
    if (progress->rows_table == NULL || strcmp(progress->rows_table, facts->table) != 0) {
        progress->rows_table = NULL;
        if (!session->engine->keeps_rows(session, facts->table, &progress->rows_stay, err))
            return error_wrap(err, "cannot look at %s", facts->table);
        progress->rows_table = facts->table;
    }
    if (progress->rows_stay)
        *statement_class = CLASS_OPAQUE;
    return true;
}

static bool ask(struct run *run, const char *query, enum object_verdict *verdict, struct error *err)
{
    int64_t rows = 0;

    if (!run->session->engine->run_counted(run->session, query, strlen(query), &rows, err))
        return error_wrap(err, "probe");
    *verdict = rows > 0 ? OBJECT_AFTER : OBJECT_BEFORE;
    return true;
}

/* The object is gone, and there is one of the name that it was to get. */
static bool was_renamed(struct run *run, const struct statement_facts *facts, const char *now,
                        bool *renamed, struct error *err)
{
    AUTO_BUFFER struct buffer other = {0};

    *renamed = false;
    if (facts->renamed == NULL || *now != '\0')
        return true;
    if (!run->session->engine->describe(run->session, facts->kind, facts->renamed, NULL, &other,
                                        err))
        return error_wrap(err, "cannot look at %s", facts->renamed);
    *renamed = other.length > 0;
    return true;
}

/* Nobody builds it any more, and before the statement it was not there or was valid. */
static bool drop_invalid(struct progress *progress, const struct statement_facts *facts,
                         struct error *err)
{
    struct session *session = progress->run->session;
    struct patience patience = patience_start(progress->run);

    if (session->engine->drop_invalid == NULL)
        return true;
    while (!session->engine->drop_invalid(session, facts->object, facts->table, err))
        if (err->code != ERROR_LOCKED || session->broken ||
            !patience_wait(progress->run, progress->work, &patience, err))
            return false;
    return true;
}

static bool judge_object(struct progress *progress, const struct statement *statement,
                         const struct statement_facts *facts, const char *before,
                         enum object_verdict *verdict, struct error *err)
{
    struct run *run = progress->run;
    AUTO_BUFFER struct buffer now = {0};
    bool renamed;

    if (!probe_describe(run, facts, &now, err) ||
        !was_renamed(run, facts, buffer_text(&now), &renamed, err))
        return false;
    *verdict = renamed ? OBJECT_AFTER
                       : object_judge(run->session->engine->kind, before, buffer_text(&now),
                                      statement->sql, statement->length);
    if (*verdict != OBJECT_HALF)
        return true;
    *verdict = OBJECT_BEFORE;
    return *before != '\0' || progress->looks_only || drop_invalid(progress, facts, err);
}

bool probe_judge(struct progress *progress, const struct statement *statement,
                 const struct statement_facts *facts, const char *before,
                 enum object_verdict *verdict, struct error *err)
{
    static const enum object_verdict verdicts[] = {
        [CLASS_SESSION] = OBJECT_BEFORE,  [CLASS_RERUNNABLE] = OBJECT_BEFORE,
        [CLASS_DATA] = OBJECT_BEFORE,     [CLASS_OPAQUE] = OBJECT_OTHER,
        [CLASS_PROBEABLE] = OBJECT_OTHER,
    };

    if (statement->probe != NULL)
        return ask(progress->run, statement->probe, verdict, err);
    *verdict = verdicts[facts->class];
    return facts->class != CLASS_PROBEABLE ||
           judge_object(progress, statement, facts, before, verdict, err);
}
