#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agents/engines/postgresql_session.h"
#include "common/digest.h"
#include "common/memory.h"

/* A statement that takes longer than this may be waiting for somebody. */
enum { FIRST_LOOK_MS = 300, LOOK_AGAIN_MS = 500, SHORTEST_LOOK_MS = 5 };

/* One line about each session in the way; %s yields their process ids. */
#define DESCRIBE_SESSIONS                                                                       \
    "SELECT pg_catalog.concat('pid ', b.pid, ', user ', a.usename,"                             \
    " ', application ' || NULLIF(a.application_name, ''), CASE a.state WHEN 'active' THEN ': '" \
    " ELSE ' (' || a.state || '), last: ' END,"                                                 \
    " pg_catalog.\"left\"(pg_catalog.regexp_replace(a.query, '\\s+', ' ', 'g'), 120))"          \
    " FROM (%s) AS b (pid) LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = b.pid"         \
    " WHERE b.pid <> 0 UNION ALL SELECT 'a prepared transaction (see pg_prepared_xacts)'"       \
    " FROM (%s) AS b (pid) WHERE b.pid = 0 LIMIT 3"

int64_t postgresql_lock_key(const char *schema)
{
    AUTO(text) char *name = xasprintf("fleet:%s", schema);
    struct digest digest = digest_of_text(name);
    uint64_t key = 0;

    for (size_t i = 0; i < sizeof key; i++)
        key = key << 8 | digest.bytes[i];
    int64_t value;
    memcpy(&value, &key, sizeof value);
    return value;
}

/* Asked with each lock, so without the columns of pg_stat_activity, which cost as much again as
   all else here: who stands in a step's way is asked for only if somebody may. */
#define SEES_LINGERING                                                                           \
    "EXISTS (SELECT FROM pg_catalog.pg_stat_get_backend_idset() AS id WHERE"                     \
    " pg_catalog.pg_stat_get_backend_xact_start(id) < pg_catalog.clock_timestamp() - interval '" \
    "%" PRId64 " ms') OR EXISTS (SELECT FROM pg_catalog.pg_prepared_xact())"

struct lock_answer {
    bool taken;
    int backend;
    bool lingering;
};

static bool take_answer(void *context, size_t columns, const char *const *values)
{
    struct lock_answer *answer = context;

    (void)columns;
    answer->taken = strcmp(values[0], "t") == 0;
    answer->backend = atoi(values[1]);
    answer->lingering = strcmp(values[2], "t") == 0;
    return true;
}

static bool ask_for_lock(struct postgresql_session *session, const char *function, bool *taken,
                         struct error *err)
{
    struct lock_answer answer = {0};
    struct postgresql_outcome outcome = {.row = take_answer, .context = &answer};
    int64_t long_ms = session->base.long_transaction_ms;
    AUTO(text) char *lingering = xasprintf(SEES_LINGERING, long_ms);
    AUTO(text)
    char *sql = xasprintf("SELECT pg_catalog.%s(%" PRId64 "), pg_catalog.pg_backend_pid(), %s",
                          function, session->lock_key, long_ms > 0 ? lingering : "false");

    if (!postgresql_perform(session, sql, POSTGRESQL_HASTY, &outcome, err))
        return false;
    *taken = answer.taken;
    session->backend = answer.backend;
    session->base.saw_lingering = answer.lingering;
    session->lock_refused = !answer.taken;
    buffer_clear(&session->blocker);
    return true;
}

bool postgresql_lock(struct session *base, enum lock_span span, bool *taken, struct error *err)
{
    struct postgresql_session *session = postgresql_session_of(base);

    if (span == LOCK_TRANSACTION)
        return ask_for_lock(session, "pg_try_advisory_xact_lock", taken, err);
    /* The server counts; once must be enough to let go. */
    *taken = session->session_locked;
    if (session->session_locked)
        return true;
    if (session->pooled)
        return error_set(err, ERROR_UNSUPPORTED,
                         "what runs outside a transaction needs a session of its own, and the "
                         "connection goes through a pooler: give the target a url that leads to "
                         "the server itself");
    if (!ask_for_lock(session, "pg_try_advisory_lock", taken, err))
        return false;
    session->session_locked = *taken;
    return true;
}

bool postgresql_unlock(struct session *base, struct error *err)
{
    struct postgresql_session *session = postgresql_session_of(base);

    if (!session->session_locked || base->broken)
        return true;
    AUTO(text)
    char *sql = xasprintf("SELECT pg_catalog.pg_advisory_unlock(%" PRId64 ")", session->lock_key);
    session->session_locked = false;
    return postgresql_exchange(session, sql, POSTGRESQL_STEADY, NULL, err);
}

/* How a key of 64 bits stands in pg_locks: its halves, and 1. */
static char *lock_condition(const struct postgresql_session *session)
{
    uint64_t key = (uint64_t)session->lock_key;

    return xasprintf("locktype = 'advisory' AND granted AND objsubid = 1 AND classid = %" PRIu32
                     " AND objid = %" PRIu32 " AND database = (SELECT oid FROM"
                     " pg_catalog.pg_database WHERE datname = pg_catalog.current_database())",
                     (uint32_t)(key >> 32), (uint32_t)key);
}

bool postgresql_holds_lock(struct session *base, bool *held, struct error *err)
{
    struct postgresql_session *session = postgresql_session_of(base);
    struct postgresql_outcome outcome = {0};
    AUTO(text) char *condition = lock_condition(session);
    AUTO(text)
    char *sql = xasprintf("SELECT 1 FROM pg_catalog.pg_locks WHERE pid ="
                          " pg_catalog.pg_backend_pid() AND %s",
                          condition);

    bool ok = postgresql_perform(session, sql, POSTGRESQL_HASTY, &outcome, err);
    *held = outcome.rows > 0;
    return ok;
}

static void append_blocker(struct buffer *out, const char *text)
{
    if (out->length > 0)
        buffer_append_text(out, "; ");
    buffer_append_text(out, text);
}

static bool add_blocker(void *context, size_t columns, const char *const *values)
{
    (void)columns;
    append_blocker(context, values[0]);
    return true;
}

/* Sessions whose open transactions hold locks here that a change of the schema must wait for. */
static const char lock_holders[] =
    "SELECT DISTINCT l.pid FROM pg_catalog.pg_locks AS l WHERE l.locktype = 'relation' AND"
    " l.granted AND l.relation >= 16384 AND l.pid <> pg_catalog.pg_backend_pid() AND l.database ="
    " (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())";

void postgresql_name_blocker(struct session *base, struct buffer *out)
{
    struct postgresql_session *session = postgresql_session_of(base);
    AUTO(text) char *condition = lock_condition(session);
    AUTO(text)
    char *ours = xasprintf("SELECT pid FROM pg_catalog.pg_locks WHERE %s AND"
                           " pid <> pg_catalog.pg_backend_pid()",
                           condition);
    const char *pids = session->lock_refused ? ours : lock_holders;
    AUTO(text) char *sql = xasprintf(DESCRIBE_SESSIONS, pids, pids);
    struct postgresql_outcome outcome = {.row = add_blocker, .context = out};
    struct error ignored = {0};

    if (session->blocker.length > 0)
        buffer_append(out, session->blocker.bytes, session->blocker.length);
    else if (PQtransactionStatus(session->connection) != PQTRANS_INERROR)
        (void)!postgresql_perform(session, sql, POSTGRESQL_STEADY, &outcome, &ignored);
}

static int64_t now_ms(const struct postgresql_session *session)
{
    return session->base.clock->monotonic_ms(session->base.clock);
}

/* So often that a wait which lasts for the whole lock timeout is seen. */
static int64_t look_after_ms(const struct postgresql_session *session, int64_t usual_ms)
{
    int64_t half_ms = session->wanted.lock_ms / 2;

    if (half_ms == 0 || half_ms > usual_ms)
        return usual_ms;
    return half_ms > SHORTEST_LOOK_MS ? half_ms : SHORTEST_LOOK_MS;
}

struct postgresql_watch postgresql_watch_start(struct postgresql_session *session)
{
    buffer_clear(&session->blocker);
    session->base.gave_way = false;
    /* Within a transaction locks last from one statement to the next, and so do those who wait. */
    if (!session->begun)
        session->base.blocking_since_ms = 0;
    return (struct postgresql_watch){.next_ms =
                                         now_ms(session) + look_after_ms(session, FIRST_LOOK_MS)};
}

/* On the watch's own connection; NULL when it is of no more use. A server that does not answer it
   must not keep us from the deadline of the statement that we watch. */
static PGresult *ask(struct postgresql_watch *watch, struct postgresql_session *session,
                     const char *sql)
{
    enum { PATIENCE_MS = 2000 };
    int64_t until_ms = now_ms(session) + PATIENCE_MS;
    struct pollfd socket = {.fd = PQsocket(watch->connection), .events = POLLIN};

    watch->given_up = PQsendQuery(watch->connection, sql) == 0;
    while (!watch->given_up && PQisBusy(watch->connection) != 0) {
        int64_t left_ms = until_ms - now_ms(session);

        watch->given_up = left_ms <= 0 || (poll(&socket, 1, (int)left_ms) > 0 &&
                                           PQconsumeInput(watch->connection) == 0);
    }
    if (watch->given_up)
        return NULL;
    PGresult *result = PQgetResult(watch->connection);
    watch->given_up = PQresultStatus(result) != PGRES_TUPLES_OK;
    PQclear(PQgetResult(watch->connection));
    return result;
}

static int backend_of(const struct postgresql_session *session)
{
    return session->backend != 0 ? session->backend : PQbackendPID(session->connection);
}

static void look_for_blockers(struct postgresql_watch *watch, struct postgresql_session *session)
{
    AUTO(text)
    char *pids =
        xasprintf("SELECT pg_catalog.unnest(pg_catalog.pg_blocking_pids(%d))", backend_of(session));
    AUTO(text) char *sql = xasprintf(DESCRIBE_SESSIONS, pids, pids);
    PGresult *result = ask(watch, session, sql);

    if (PQntuples(result) > 0)
        buffer_clear(&session->blocker);
    for (int row = 0; row < PQntuples(result); row++)
        append_blocker(&session->blocker, PQgetvalue(result, row, 0));
    PQclear(result);
}

/*
 * Queries and rows' locks that wait for a statement which waits itself, or for somebody else's
 * change of the schema that waits for it. Such changes and VACUUM alone may wait: nobody's request
 * hangs on them, and an index that is built for an hour is not worth less.
 */
static const char blocked_queries[] =
    "WITH w AS (SELECT l.pid, l.locktype, l.mode, pg_catalog.pg_blocking_pids(l.pid) AS blockers"
    " FROM pg_catalog.pg_locks AS l WHERE NOT l.granted)"
    " SELECT 1 FROM w WHERE EXISTS (SELECT 1 FROM w AS o WHERE o.pid = %d)"
    " AND (w.locktype <> 'relation' OR"
    " w.mode IN ('AccessShareLock', 'RowShareLock', 'RowExclusiveLock'))"
    " AND (%d = ANY (w.blockers) OR EXISTS"
    " (SELECT 1 FROM w AS x WHERE x.pid = ANY (w.blockers) AND %d = ANY (x.blockers))) LIMIT 1";

static void look_for_blocked(struct postgresql_watch *watch, struct postgresql_session *session)
{
    int backend = backend_of(session);
    AUTO(text) char *sql = xasprintf(blocked_queries, backend, backend, backend);
    PGresult *result = ask(watch, session, sql);

    (void)session_must_give_way(&session->base, PQntuples(result) > 0);
    PQclear(result);
}

void postgresql_watch_look(struct postgresql_watch *watch, struct postgresql_session *session)
{
    struct error ignored = {0};

    if (watch->given_up || now_ms(session) < watch->next_ms)
        return;
    if (watch->connection == NULL)
        watch->connection = postgresql_dial(session->base.target, session->password, "2", &ignored);
    watch->given_up = watch->connection == NULL;
    if (!watch->given_up)
        look_for_blockers(watch, session);
    if (!watch->given_up)
        look_for_blocked(watch, session);
    watch->next_ms = now_ms(session) + look_after_ms(session, LOOK_AGAIN_MS);
}

void postgresql_watch_end(struct postgresql_watch *watch)
{
    PQfinish(watch->connection);
    watch->connection = NULL;
}
