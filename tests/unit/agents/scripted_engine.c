#include "scripted_engine.h"

#include <string.h>
#include <strings.h>

/* The engine is the first member of its script. */
static struct scripted_engine *script_of(const struct session *session)
{
    union {
        const struct engine *engine;
        struct scripted_engine *scripted;
    } view = {.engine = session->engine};

    return view.scripted;
}

static struct session *scripted_open(const struct agent_target *target, const struct clock *clock,
                                     const char *password, struct error *err)
{
    union {
        const char *target;
        struct scripted_engine *scripted;
    } view = {.target = (const char *)target - offsetof(struct scripted_engine, target)};

    if (view.scripted->refuse_open) {
        error_set(err, ERROR_CONNECT, "refused");
        return NULL;
    }
    struct session *session = engine_sqlite.open(target, clock, password, err);
    if (session != NULL)
        session->engine = &view.scripted->engine;
    view.scripted->opened++;
    return session;
}

static bool lose(struct session *session, enum error_code code, struct error *err)
{
    struct error ignored = {0};

    (void)!engine_sqlite.rollback(session, &ignored);
    (void)!engine_sqlite.unlock(session, &ignored);
    session->broken = true;
    return error_set(err, code, "the connection is lost");
}

/* Whether this message is the client's last, with a server that no longer hears it. */
static bool dies_before(struct session *session)
{
    struct scripted_engine *scripted = script_of(session);

    return scripted->dies_at == 1 && scripted->last_words == REPLY_LOST_BEFORE_COMMIT;
}

/* As a killed client: whatever comes after this message does not happen. */
static bool die_if_due(struct session *session, enum error_code code, struct error *err)
{
    struct scripted_engine *scripted = script_of(session);

    if (scripted->dies_at == 0 || --scripted->dies_at > 0)
        return true;
    scripted->refuse_open = true;
    return lose(session, code, err);
}

static bool scripted_commit(struct session *session, struct error *err)
{
    struct scripted_engine *scripted = script_of(session);

    if (session->broken || dies_before(session))
        return die_if_due(session, ERROR_CONNECT, err) &&
               error_set(err, ERROR_CONNECT, "the connection was lost before");
    scripted->commits++;
    bool lost = scripted->lost_at_commit > 0 && --scripted->lost_at_commit == 0;
    if (lost && scripted->reply == REPLY_LOST_BEFORE_COMMIT)
        return lose(session, ERROR_UNKNOWN, err);
    if (!engine_sqlite.commit(session, err))
        return false;
    return (!lost || lose(session, ERROR_UNKNOWN, err)) && die_if_due(session, ERROR_UNKNOWN, err);
}

static bool has_text(const char *sql, size_t length, const char *text)
{
    return text != NULL && memmem(sql, length, text, strlen(text)) != NULL;
}

static bool is_definition(const char *sql, size_t length)
{
    static const char *const words[] = {"CREATE", "ALTER", "DROP"};

    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (length > strlen(words[i]) && strncasecmp(sql, words[i], strlen(words[i])) == 0)
            return true;
    return false;
}

static bool scripted_run(struct session *session, const char *sql, size_t length, struct error *err)
{
    struct scripted_engine *scripted = script_of(session);

    if (session->broken || dies_before(session))
        return die_if_due(session, ERROR_CONNECT, err) &&
               error_set(err, ERROR_CONNECT, "the connection was lost before");
    if (has_text(sql, length, scripted->locked_once)) {
        scripted->locked_once = NULL;
        return error_set(err, ERROR_LOCKED, "lock wait timeout");
    }
    if (!scripted->engine.traits.transactional_ddl && is_definition(sql, length) &&
        engine_sqlite.in_transaction(session) && !engine_sqlite.commit(session, err))
        return false;
    if (!engine_sqlite.run(session, sql, length, err))
        return false;
    if (has_text(sql, length, scripted->lock_lost_after))
        scripted->lock_lost = true;
    if (has_text(sql, length, scripted->lost_at))
        return lose(session, ERROR_CONNECT, err);
    return die_if_due(session, ERROR_CONNECT, err);
}

static bool scripted_query(struct session *session, const char *sql, const char *const *parameters,
                           size_t count, row_function row, void *context, struct error *err)
{
    if (session->broken || dies_before(session))
        return die_if_due(session, ERROR_CONNECT, err) &&
               error_set(err, ERROR_CONNECT, "the connection was lost before");
    return engine_sqlite.query(session, sql, parameters, count, row, context, err) &&
           die_if_due(session, ERROR_CONNECT, err);
}

static bool scripted_parse(struct session *session, const char *sql, size_t length,
                           struct error *err)
{
    script_of(session)->parsed++;
    return engine_sqlite.parse(session, sql, length, err);
}

static bool scripted_lock(struct session *session, enum lock_span span, bool *taken,
                          struct error *err)
{
    struct scripted_engine *scripted = script_of(session);

    *taken = false;
    if (scripted->lock_refusals > 0) {
        scripted->lock_refusals--;
        return true;
    }
    scripted->lock_lost = false;
    session->saw_lingering = scripted->lingering != NULL;
    return engine_sqlite.lock(session, span, taken, err);
}

static bool scripted_holds_lock(struct session *session, bool *held, struct error *err)
{
    if (!engine_sqlite.holds_lock(session, held, err))
        return false;
    *held = *held && !script_of(session)->lock_lost;
    return true;
}

static bool scripted_server(struct session *session, struct server_info *info, struct error *err)
{
    struct scripted_engine *scripted = script_of(session);

    *info = (struct server_info){.version = "PostgreSQL 15.7", .identity = "7:1", .timeline = 1};
    if (scripted->moves_at > 0 && --scripted->moves_at == 0)
        info->timeline = 2;
    info->read_only = scripted->read_only;
    (void)err;
    return !session->broken;
}

static bool scripted_foresee(struct session *session, struct arena *arena, struct outlook *outlooks,
                             size_t count, struct buffer *lingering, struct error *err)
{
    struct scripted_engine *scripted = script_of(session);

    scripted->foreseen++;
    if (scripted->lingering != NULL && session->long_transaction_ms > 0)
        buffer_append_text(lingering, scripted->lingering);
    if (!engine_sqlite.foresee(session, arena, outlooks, count, lingering, err))
        return false;
    for (size_t i = 0; i < count && scripted->table_bytes > 0; i++)
        outlooks[i].table_bytes = scripted->table_bytes;
    return true;
}

static void scripted_name_blocker(struct session *session, struct buffer *out)
{
    (void)session;
    buffer_append_text(out, "pid 812, user app");
}

void scripted_engine_init(struct scripted_engine *scripted, const struct agent_target *target,
                          bool transactional)
{
    *scripted = (struct scripted_engine){.engine = engine_sqlite, .target = *target};
    struct engine *engine = &scripted->engine;

    engine->traits.transactional_ddl = transactional;
    engine->traits.script_transaction = transactional;
    engine->open = scripted_open;
    engine->server = scripted_server;
    engine->foresee = scripted_foresee;
    engine->commit = scripted_commit;
    engine->run = scripted_run;
    engine->query = scripted_query;
    engine->parse = scripted_parse;
    engine->lock = scripted_lock;
    engine->holds_lock = scripted_holds_lock;
    engine->name_blocker = scripted_name_blocker;
}
