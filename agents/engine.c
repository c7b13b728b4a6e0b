#include "agents/engine.h"

#include <assert.h>

#include "common/fault.h"

static const struct engine *const engines[ENGINE_KIND_COUNT] = {
    [ENGINE_POSTGRESQL] = &engine_postgresql,
    [ENGINE_MYSQL] = &engine_mysql,
    [ENGINE_SQLITE] = &engine_sqlite,
};

const struct engine *engine_of(enum engine_kind kind)
{
    assert((unsigned)kind < ENGINE_KIND_COUNT && engines[kind] != NULL);
    return engines[kind];
}

void engines_prepare(void)
{
    for (size_t i = 0; i < ENGINE_KIND_COUNT; i++)
        if (engines[i]->prepare != NULL)
            engines[i]->prepare();
}

struct session *session_open(const struct agent_target *target, const struct clock *clock,
                             struct error *err)
{
    return session_open_on(engine_of(target->engine), target, clock, err);
}

struct session *session_open_on(const struct engine *engine, const struct agent_target *target,
                                const struct clock *clock, struct error *err)
{
    AUTO(secret) char *password = NULL;

    if (FAULT_ERROR(session_open, err))
        return NULL;
    if (!secret_read(&target->password, &password, err)) {
        error_wrap(err, "password of %s", target->name);
        error_at_target(err, target->name);
        return NULL;
    }
    struct session *session = engine->open(target, clock, password, err);
    if (session == NULL) {
        error_wrap(err, "cannot open %s", target->url);
        error_at_target(err, target->name);
    }
    return session;
}

void session_free(struct session *session)
{
    if (session != NULL)
        session->engine->close(session);
}

void session_cancel(struct session *session)
{
    atomic_store(&session->cancelled, true);
    session->engine->cancel(session);
}

int64_t session_time_left_ms(const struct session *session, int64_t limit_ms)
{
    if (session->deadline_ms == 0)
        return limit_ms;
    int64_t left = session->deadline_ms - session->clock->monotonic_ms(session->clock);
    if (left < 0)
        left = 0;
    return left < limit_ms ? left : limit_ms;
}

bool session_must_give_way(struct session *session, bool blocking)
{
    int64_t now_ms = session->clock->monotonic_ms(session->clock);

    if (!blocking)
        session->blocking_since_ms = 0;
    else if (session->blocking_since_ms == 0)
        session->blocking_since_ms = now_ms;
    session->gave_way =
        session->gave_way || (blocking && session->max_blocking_ms != 0 &&
                              now_ms - session->blocking_since_ms >= session->max_blocking_ms);
    return session->gave_way;
}

bool session_fail_gave_way(const struct session *session, struct error *err)
{
    return error_set(err, ERROR_LOCKED,
                     "cancelled while it waited for a lock, as others waited behind it for %lld ms",
                     (long long)session->max_blocking_ms);
}
