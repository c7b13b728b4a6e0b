#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agents/engines/postgresql_session.h"

/* By SQLSTATE or its first characters, the longest first; what is not here is ERROR_SQL.
   https://www.postgresql.org/docs/current/errcodes-appendix.html */
static const struct {
    const char *state;
    enum error_code code;
    const char *advice; /* what to do in a migration; NULL if the server says enough */
} states[] = {
    {"25001", ERROR_SQL,
     "it cannot run in a transaction: put \"-- fleet: no-transaction\" at the top of its script"},
    {"40001", ERROR_LOCKED, NULL},
    {"40P01", ERROR_LOCKED, NULL},
    {"42601", ERROR_SYNTAX, NULL},
    {"53300", ERROR_CONNECT, NULL},
    {"55P03", ERROR_LOCKED, NULL},
    {"55P04", ERROR_SQL, "use the new value in a later migration"},
    {"57P", ERROR_CONNECT, NULL},
    {"08", ERROR_CONNECT, NULL},
    {"28", ERROR_IDENTITY, NULL},
};

static const char query_canceled[] = "57014";

static size_t find_state(const char *sqlstate)
{
    size_t i = 0;

    while (i < COUNT_OF(states) && strncmp(states[i].state, sqlstate, strlen(states[i].state)) != 0)
        i++;
    return i;
}

enum error_code postgresql_code_of(const char *sqlstate)
{
    size_t i = find_state(sqlstate);

    return i < COUNT_OF(states) ? states[i].code : ERROR_SQL;
}

bool postgresql_must_stop(const struct postgresql_session *session, struct error *err)
{
    if (atomic_load(&session->base.cancelled)) {
        error_set(err, ERROR_CANCELLED, "cancelled");
        return true;
    }
    if (session_time_left_ms(&session->base, 1) == 0) {
        error_set(err, ERROR_TIMEOUT, "stopped at the deadline");
        return true;
    }
    return false;
}

bool postgresql_must_give_way(const struct postgresql_session *session, struct error *err)
{
    return session->base.gave_way && !session_fail_gave_way(&session->base, err);
}

/* libpq ends its messages with newlines. */
static void append_line(struct buffer *out, const char *text)
{
    size_t length = strlen(text);

    while (length > 0 && text[length - 1] == '\n')
        length--;
    buffer_append(out, text, length);
}

static bool fail_lost(struct postgresql_session *session, struct error *err)
{
    AUTO_BUFFER struct buffer reason = {0};

    session->base.broken = true;
    append_line(&reason, PQerrorMessage(session->connection));
    return error_set(err, ERROR_CONNECT, "the connection is lost: %s", buffer_text(&reason));
}

static void append_field(struct buffer *out, const PGresult *result, int field, const char *before,
                         const char *after)
{
    const char *text = PQresultErrorField(result, field);

    if (text != NULL)
        buffer_printf(out, "%s%s%s", before, text, after);
}

static void describe(const PGresult *result, const char *sqlstate, struct buffer *out)
{
    const char *context = PQresultErrorField(result, PG_DIAG_CONTEXT);
    size_t known = find_state(sqlstate);

    append_field(out, result, PG_DIAG_MESSAGE_PRIMARY, "", "");
    append_field(out, result, PG_DIAG_MESSAGE_DETAIL, " (", ")");
    if (context != NULL)
        buffer_printf(out, ", in %.*s", (int)strcspn(context, "\n"), context);
    append_field(out, result, PG_DIAG_MESSAGE_HINT, "; hint: ", "");
    if (known < COUNT_OF(states) && states[known].advice != NULL)
        buffer_printf(out, "; %s", states[known].advice);
}

/* One SQLSTATE covers every way to be cancelled; ours are known by what we asked for. */
static bool fail_cancelled(const struct postgresql_session *session, const char *message,
                           struct error *err)
{
    if (postgresql_must_stop(session, err) || postgresql_must_give_way(session, err))
        return false;
    bool timeout = session->wanted.statement_ms != 0 || strstr(message, "timeout") != NULL;
    return error_set(err, timeout ? ERROR_TIMEOUT : ERROR_CANCELLED, "%s", message);
}

bool postgresql_fail(struct postgresql_session *session, const PGresult *result, struct error *err)
{
    const char *sqlstate = result != NULL ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    AUTO_BUFFER struct buffer message = {0};

    if (sqlstate == NULL)
        return fail_lost(session, err);
    describe(result, sqlstate, &message);
    if (strcmp(sqlstate, query_canceled) == 0)
        fail_cancelled(session, buffer_text(&message), err);
    else
        error_set(err, postgresql_code_of(sqlstate), "%s", buffer_text(&message));
    snprintf(err->sqlstate, sizeof err->sqlstate, "%s", sqlstate);
    const char *position = PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION);
    if (position != NULL)
        err->position = atoi(position);
    return false;
}
