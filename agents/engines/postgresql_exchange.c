#include <assert.h>
#include <ctype.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agents/engines/postgresql_session.h"
#include "common/fault.h"
#include "common/memory.h"

/* Between two looks at cancellation and blockers; and how long the server may take to act upon a
   cancellation before we hang up. */
enum { LOOK_MS = 200, CANCEL_GRACE_MS = 10 * 1000, COLUMNS_MAX = 64 };

/* One message on its way. */
struct exchange {
    struct postgresql_session *session;
    enum postgresql_patience patience;
    struct postgresql_outcome *outcome;
    struct postgresql_watch watch;
    bool watched;
    bool stopped;           /* the row function wants no more */
    bool asked;             /* the server was asked to cancel */
    int64_t grace_ends_ms;  /* monotonic, once it was asked */
    struct error why_asked; /* cancelled or too late */
};

static int64_t now_ms(const struct postgresql_session *session)
{
    return session->base.clock->monotonic_ms(session->base.clock);
}

/* Again at each look: a request can pass a statement that is only just on its way. */
static void ask_to_cancel(struct exchange *exchange)
{
    struct postgresql_session *session = exchange->session;
    char ignored[256];

    if (exchange->patience == POSTGRESQL_STEADY)
        return;
    if (!exchange->asked && !postgresql_must_stop(session, &exchange->why_asked) &&
        !(exchange->watched && postgresql_must_give_way(session, &exchange->why_asked)))
        return;
    if (!exchange->asked)
        exchange->grace_ends_ms = now_ms(session) + CANCEL_GRACE_MS;
    exchange->asked = true;
    (void)PQcancel(session->canceller, ignored, (int)sizeof ignored);
}

static int wait_ms(const struct exchange *exchange)
{
    int64_t limit = LOOK_MS;

    if (exchange->watched && !exchange->watch.given_up) {
        int64_t until = exchange->watch.next_ms - now_ms(exchange->session);

        limit = until < 1 ? 1 : until < limit ? until : limit;
    }
    if (exchange->patience == POSTGRESQL_HASTY && !exchange->asked)
        limit = session_time_left_ms(&exchange->session->base, limit);
    return (int)limit;
}

/* Waits for bytes from the server; false and err when there is no use in waiting on. */
static bool wait_for_bytes(struct exchange *exchange, struct error *err)
{
    struct postgresql_session *session = exchange->session;
    struct pollfd socket = {.fd = PQsocket(session->connection), .events = POLLIN};

    if (poll(&socket, 1, wait_ms(exchange)) > 0)
        return PQconsumeInput(session->connection) == 1 || postgresql_fail(session, NULL, err);
    ask_to_cancel(exchange);
    if (exchange->asked && now_ms(session) > exchange->grace_ends_ms) {
        session->base.broken = true;
        *err = exchange->why_asked;
        return error_wrap(err, "the server did not act upon the cancellation");
    }
    if (exchange->watched)
        postgresql_watch_look(&exchange->watch, session);
    return true;
}

/* The next result; NULL with err clear at the end. */
static PGresult *next_result(struct exchange *exchange, struct error *err)
{
    PGconn *connection = exchange->session->connection;

    while (PQisBusy(connection) != 0)
        if (!wait_for_bytes(exchange, err))
            return NULL;
    return PQgetResult(connection);
}

static void hand_over(struct exchange *exchange, const PGresult *result, int row)
{
    struct postgresql_outcome *outcome = exchange->outcome;
    const char *values[COLUMNS_MAX];
    int columns = PQnfields(result) < COLUMNS_MAX ? PQnfields(result) : COLUMNS_MAX;

    for (int i = 0; i < columns; i++)
        values[i] = PQgetisnull(result, row, i) != 0 ? NULL : PQgetvalue(result, row, i);
    exchange->stopped = !outcome->row(outcome->context, (size_t)columns, values);
}

static void take_rows(struct exchange *exchange, const PGresult *result)
{
    struct postgresql_outcome *outcome = exchange->outcome;
    int count = PQntuples(result);

    if (outcome == NULL || outcome->skip > 0)
        return;
    outcome->rows += count;
    for (int row = 0; row < count && outcome->row != NULL && !exchange->stopped; row++)
        hand_over(exchange, result, row);
}

static void end_command(struct exchange *exchange, PGresult *result)
{
    struct postgresql_outcome *outcome = exchange->outcome;

    if (outcome == NULL)
        return;
    snprintf(outcome->tag, sizeof outcome->tag, "%s", PQcmdStatus(result));
    outcome->commands++;
    if (outcome->skip > 0)
        outcome->skip--;
}

/* Data that nobody sends, or nobody wants, would leave the connection stuck. */
static void end_copy(const struct postgresql_session *session, ExecStatusType status)
{
    PGconn *connection = session->connection;
    char ignored[256];
    char *bytes;

    (void)PQcancel(session->canceller, ignored, (int)sizeof ignored);
    if (status != PGRES_COPY_OUT)
        (void)PQputCopyEnd(connection, "a migration has no data for COPY");
    if (status == PGRES_COPY_IN)
        return;
    while (PQgetCopyData(connection, &bytes, 0) > 0)
        PQfreemem(bytes);
}

static void take_result(struct exchange *exchange, PGresult *result, struct error *err)
{
    ExecStatusType status = PQresultStatus(result);

    switch (status) {
    case PGRES_SINGLE_TUPLE:
        take_rows(exchange, result);
        break;
    case PGRES_TUPLES_OK:
        take_rows(exchange, result);
        end_command(exchange, result);
        break;
    case PGRES_COMMAND_OK:
    case PGRES_EMPTY_QUERY:
        end_command(exchange, result);
        break;
    case PGRES_COPY_IN:
    case PGRES_COPY_OUT:
    case PGRES_COPY_BOTH:
        if (err->code == ERROR_NONE)
            error_set(err, ERROR_UNSUPPORTED,
                      "COPY from or to the client is not possible in a script; use INSERT");
        end_copy(exchange->session, status);
        break;
    default:
        if (err->code == ERROR_NONE)
            postgresql_fail(exchange->session, result, err);
    }
}

/* Reads to the end whatever happens, so that the next statement finds a clean connection. */
static bool take_results(struct exchange *exchange, struct error *err)
{
    struct error lost = {0};
    PGresult *result;

    while ((result = next_result(exchange, &lost)) != NULL) {
        take_result(exchange, result, err);
        PQclear(result);
    }
    if (lost.code != ERROR_NONE && err->code == ERROR_NONE)
        *err = lost;
    if (PQstatus(exchange->session->connection) == CONNECTION_BAD)
        exchange->session->base.broken = true;
    return err->code == ERROR_NONE;
}

static bool may_start(const struct exchange *exchange, struct error *err)
{
    if (exchange->session->base.broken)
        return error_set(err, ERROR_CONNECT, "the connection is lost");
    return exchange->patience == POSTGRESQL_STEADY || !postgresql_must_stop(exchange->session, err);
}

static bool finish(struct exchange *exchange, struct error *err)
{
    bool ok = take_results(exchange, err);

    if (exchange->watched)
        postgresql_watch_end(&exchange->watch);
    return ok;
}

bool postgresql_exchange(struct postgresql_session *session, const char *sql,
                         enum postgresql_patience patience, struct postgresql_outcome *outcome,
                         struct error *err)
{
    struct exchange exchange = {.session = session, .patience = patience, .outcome = outcome};

    if (!may_start(&exchange, err))
        return false;
    if (PQsendQuery(session->connection, sql) == 0)
        return postgresql_fail(session, NULL, err);
    FAULT_CUT(postgresql_sent, PQsocket(session->connection));
    return finish(&exchange, err);
}

void postgresql_defer(struct postgresql_session *session, const char *sql, int commands)
{
    buffer_append_text(&session->pending, sql);
    session->pending_commands += commands;
}

void postgresql_drop_pending(struct postgresql_session *session)
{
    buffer_clear(&session->pending);
    session->pending_commands = 0;
    session->begin_pending = false;
}

/* Outside a transaction limits are the session's, or of what one message holds: the server runs
   that as a transaction. */
static void defer_limits(struct postgresql_session *session)
{
    bool same = session->wanted.lock_ms == session->set.lock_ms &&
                session->wanted.statement_ms == session->set.statement_ms;

    if (!session->begun && !same)
        session->pending_commands +=
            postgresql_append_limits(&session->pending, &session->wanted, session->pooled);
}

bool postgresql_perform(struct postgresql_session *session, const char *sql,
                        enum postgresql_patience patience, struct postgresql_outcome *outcome,
                        struct error *err)
{
    AUTO_BUFFER struct buffer message = {0};
    bool outside = !session->begun;

    if (!session->base.broken && patience == POSTGRESQL_HASTY && postgresql_must_stop(session, err))
        return false;
    defer_limits(session);
    buffer_append(&message, session->pending.bytes, session->pending.length);
    buffer_append_text(&message, sql);
    if (outcome != NULL)
        outcome->skip = session->pending_commands;
    postgresql_drop_pending(session);
    bool ok = postgresql_exchange(session, buffer_text(&message), patience, outcome, err);
    postgresql_settle_prepared(session, ok);
    if (ok && outside && !session->pooled)
        session->set = session->wanted;
    return ok;
}

bool postgresql_flush(struct postgresql_session *session, struct error *err)
{
    defer_limits(session);
    if (session->pending.length == 0)
        return true;
    bool outside = !session->begun;
    char *sql = buffer_take(&session->pending);

    postgresql_drop_pending(session);
    bool ok = postgresql_exchange(session, sql, POSTGRESQL_HASTY, NULL, err);
    text_free(sql);
    if (ok && outside && !session->pooled)
        session->set = session->wanted;
    return ok;
}

bool postgresql_run_counted(struct session *base, const char *sql, size_t length, int64_t *rows,
                            struct error *err)
{
    struct postgresql_session *session = postgresql_session_of(base);
    AUTO(text) char *text = xstrndup(sql, length);
    struct postgresql_outcome outcome = {0};
    struct exchange exchange = {.session = session, .outcome = &outcome, .watched = true};

    *rows = 0;
    session->lock_refused = false;
    if (!postgresql_flush(session, err) || !may_start(&exchange, err))
        return false;
    if (PQsendQuery(session->connection, text) == 0)
        return postgresql_fail(session, NULL, err);
    (void)PQsetSingleRowMode(session->connection);
    FAULT_CUT(postgresql_sent, PQsocket(session->connection));
    exchange.watch = postgresql_watch_start(session);
    bool ok = finish(&exchange, err);
    *rows = outcome.rows;
    postgresql_note_tag(session, text, ok ? outcome.tag : "");
    return ok;
}

bool postgresql_run(struct session *session, const char *sql, size_t length, struct error *err)
{
    int64_t rows;

    return postgresql_run_counted(session, sql, length, &rows, err);
}

/* The server parses and, for SELECT, INSERT and their kin, looks names up; nothing runs. */
bool postgresql_parse(struct session *base, const char *sql, size_t length, struct error *err)
{
    struct postgresql_session *session = postgresql_session_of(base);
    AUTO(text) char *text = xstrndup(sql, length);
    struct exchange exchange = {.session = session};

    if (!postgresql_flush(session, err) || !may_start(&exchange, err))
        return false;
    if (PQsendPrepare(session->connection, "", text, 0, NULL) == 0)
        return postgresql_fail(session, NULL, err);
    if (finish(&exchange, err))
        return true;
    if (session->base.broken || err->code == ERROR_SYNTAX || err->code == ERROR_CANCELLED ||
        err->code == ERROR_TIMEOUT)
        return false;
    error_clear(err);
    return true;
}

bool postgresql_append_literal(struct postgresql_session *session, const char *text,
                               struct buffer *out, struct error *err)
{
    if (text == NULL) {
        buffer_append_text(out, "NULL");
        return true;
    }
    char *literal = PQescapeLiteral(session->connection, text, strlen(text));
    if (literal == NULL)
        return error_set(err, ERROR_SQL, "a value is not UTF-8: %s",
                         PQerrorMessage(session->connection));
    buffer_append_text(out, literal);
    PQfreemem(literal);
    return true;
}

bool postgresql_expand(struct postgresql_session *session, const char *sql,
                       const char *const *parameters, size_t count, struct buffer *out,
                       struct error *err)
{
    while (*sql != '\0') {
        size_t plain = count > 0 ? strcspn(sql, "$") : strlen(sql);

        buffer_append(out, sql, plain);
        sql += plain;
        if (*sql == '\0')
            break;
        char *end;
        unsigned long number = strtoul(sql + 1, &end, 10);
        assert(number >= 1 && number <= count);
        if (!postgresql_append_literal(session, parameters[number - 1], out, err))
            return false;
        sql = end;
    }
    return true;
}

bool postgresql_query(struct session *base, const char *sql, const char *const *parameters,
                      size_t count, row_function row, void *context, struct error *err)
{
    struct postgresql_session *session = postgresql_session_of(base);
    AUTO_BUFFER struct buffer text = {0};
    struct postgresql_outcome outcome = {.row = row, .context = context};

    if (session->schema_missing && strncmp(sql, "CREATE TABLE ", 13) == 0) {
        buffer_printf(&text, "CREATE SCHEMA IF NOT EXISTS %s;", session->schema);
        session->schema_missing = false;
    }
    return postgresql_append_statement(session, sql, parameters, count, &text, err) &&
           postgresql_perform(session, buffer_text(&text), POSTGRESQL_HASTY, &outcome, err);
}
