#include <ctype.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "agents/engines/postgresql_session.h"

#include "common/fault.h"

static void append_limit(struct buffer *out, const char *name, int64_t limit_ms, bool local)
{
    buffer_printf(out, "SET %s %s TO ", local ? "LOCAL" : "SESSION", name);
    if (limit_ms == 0)
        buffer_append_text(out, "DEFAULT;");
    else
        buffer_printf(out, "%" PRId64 ";", limit_ms);
}

int postgresql_append_limits(struct buffer *out, const struct postgresql_limits *limits, bool local)
{
    append_limit(out, "lock_timeout", limits->lock_ms, local);
    append_limit(out, "statement_timeout", limits->statement_ms, local);
    return 2;
}

static void defer_local_limits(struct postgresql_session *session)
{
    session->pending_commands +=
        postgresql_append_limits(&session->pending, &session->wanted, true);
}

bool postgresql_limit(struct session *base, int64_t lock_timeout_ms, int64_t statement_timeout_ms,
                      struct error *err)
{
    struct postgresql_session *session = postgresql_session_of(base);
    struct postgresql_limits limits = {lock_timeout_ms, statement_timeout_ms};

    (void)err;
    session->wanted = limits;
    if (session->begun)
        defer_local_limits(session);
    return true;
}

/* The server hears of it with the next statement; only then can it fail. */
bool postgresql_begin(struct session *base, struct error *err)
{
    struct postgresql_session *session = postgresql_session_of(base);

    if (session->base.broken)
        return error_set(err, ERROR_CONNECT, "the connection is lost");
    session->begun = true;
    session->begin_pending = true;
    session->ended = false;
    session->lock_refused = false;
    buffer_clear(&session->blocker);
    postgresql_defer(session, "BEGIN;", 1);
    if (session->pooled)
        postgresql_defer(session, buffer_text(&session->settings), session->settings_commands);
    if (session->wanted.lock_ms != session->set.lock_ms ||
        session->wanted.statement_ms != session->set.statement_ms)
        defer_local_limits(session);
    return true;
}

bool postgresql_begin_reading(struct session *base, struct error *err)
{
    if (!postgresql_begin(base, err))
        return false;
    postgresql_defer(postgresql_session_of(base), "SET TRANSACTION READ ONLY;", 1);
    return true;
}

/* What a script can leave in a session beside settings, and no end of a transaction takes away. A
   pooler would hand it to somebody else. */
static void defer_cleaning(struct postgresql_session *session)
{
    if (!session->pooled || !session->touched)
        return;
    postgresql_defer(session,
                     "CLOSE ALL;UNLISTEN *;SELECT pg_catalog.pg_advisory_unlock_all();"
                     "DISCARD SEQUENCES;DISCARD TEMP;",
                     5);
    /* The pooler keeps statements of its own there, which should not go without need. */
    if (session->prepares)
        postgresql_defer(session, "DEALLOCATE ALL;", 1);
    session->prepares = false;
    session->touched = false;
}

static void forget_transaction(struct postgresql_session *session)
{
    session->begun = false;
    session->begin_pending = false;
    session->ended = false;
}

/* A COMMIT that the server received may have been done, unless it says otherwise. */
static bool fail_commit(const struct postgresql_session *session, struct error *err)
{
    if (!session->base.broken)
        return false;
    err->code = ERROR_UNKNOWN;
    return error_wrap(err, "the reply to COMMIT is lost, so its outcome is not known");
}

bool postgresql_commit(struct session *base, struct error *err)
{
    struct postgresql_session *session = postgresql_session_of(base);
    struct postgresql_outcome outcome = {0};
    bool nothing_sent = session->begin_pending;
    bool was_broken = session->base.broken;

    if (FAULT_ERROR(commit, err))
        return false;
    if (nothing_sent) {
        postgresql_drop_pending(session);
        forget_transaction(session);
        return true;
    }
    defer_cleaning(session);
    bool ok = postgresql_perform(session, "COMMIT", POSTGRESQL_STEADY, &outcome, err);
    FAULT_POINT(committed);
    forget_transaction(session);
    if (!ok)
        return was_broken ? false : fail_commit(session, err);
    if (strcmp(outcome.tag, "COMMIT") == 0)
        return true;
    return error_set(err, ERROR_SQL,
                     "the transaction had failed, and the server rolled it back (%s)", outcome.tag);
}

bool postgresql_rollback(struct session *base, struct error *err)
{
    struct postgresql_session *session = postgresql_session_of(base);
    bool nothing_sent = session->begin_pending;

    postgresql_drop_pending(session);
    forget_transaction(session);
    if (nothing_sent || session->base.broken ||
        PQtransactionStatus(session->connection) == PQTRANS_IDLE)
        return true;
    postgresql_defer(session, "ROLLBACK;", 1);
    defer_cleaning(session);
    AUTO(text) char *sql = buffer_take(&session->pending);
    postgresql_drop_pending(session);
    return postgresql_exchange(session, sql, POSTGRESQL_STEADY, NULL, err) || session->base.broken;
}

/* A failed statement leaves the transaction open: a savepoint can bring it back. */
bool postgresql_in_transaction(const struct session *base)
{
    const struct postgresql_session *session = (const struct postgresql_session *)base;

    if (!session->begun || session->ended || session->base.broken)
        return false;
    return session->begin_pending || PQtransactionStatus(session->connection) != PQTRANS_IDLE;
}

static bool has_word(const char *sql, const char *word)
{
    size_t length = strlen(word);
    bool inside = false;

    for (; *sql != '\0'; sql++) {
        if (!inside && strncasecmp(sql, word, length) == 0 &&
            isalnum((unsigned char)sql[length]) == 0)
            return true;
        inside = isalnum((unsigned char)*sql) != 0 || *sql == '_';
    }
    return false;
}

/* Commands that leave nothing in the session, unless it is a temporary object; what changes a
   setting is taken back by restore_settings. */
static bool leaves_nothing(const char *sql, const char *tag)
{
    static const char *const commands[] = {
        "ALTER INDEX", "ALTER TABLE", "COMMENT",   "CREATE INDEX", "CREATE TABLE", "CREATE VIEW",
        "DROP INDEX",  "DROP TABLE",  "DROP VIEW", "GRANT",        "REVOKE",
    };
    bool known = false;

    for (size_t i = 0; i < COUNT_OF(commands); i++)
        known = known || strcmp(tag, commands[i]) == 0;
    return known && !has_word(sql, "temp") && !has_word(sql, "temporary") &&
           !has_word(sql, "pg_temp");
}

/* COMMIT AND CHAIN, ROLLBACK AND CHAIN and a new BEGIN leave a transaction open that is not ours.
   ROLLBACK TO a savepoint has the same tag as ROLLBACK. */
void postgresql_note_tag(struct postgresql_session *session, const char *sql, const char *tag)
{
    bool idle = PQtransactionStatus(session->connection) == PQTRANS_IDLE;

    if (!leaves_nothing(sql, tag)) {
        session->touched = true;
        session->unsettled = true;
        session->prepares = session->prepares || has_word(sql, "prepare");
        postgresql_forget_prepared(session);
    }
    if (session->begun &&
        (idle || strcmp(tag, "COMMIT") == 0 || strcmp(tag, "PREPARE TRANSACTION") == 0 ||
         (strcmp(tag, "ROLLBACK") == 0 && has_word(sql, "and"))))
        session->ended = true;
}

bool postgresql_restore_settings(struct session *base, struct error *err)
{
    struct postgresql_session *session = postgresql_session_of(base);
    const char *encoding = PQparameterStatus(session->connection, "client_encoding");

    if (!session->unsettled)
        return true;
    session->unsettled = false;
    postgresql_defer(session, "SET SESSION AUTHORIZATION DEFAULT;RESET ROLE;RESET ALL;", 3);
    postgresql_defer(session, buffer_text(&session->settings), session->settings_commands);
    /* RESET took the session's limits too, and stays if the transaction commits. */
    if (!session->pooled)
        session->pending_commands +=
            postgresql_append_limits(&session->pending, &session->set, false);
    defer_local_limits(session);
    /* The server reads a whole message in the encoding that holds when it comes. */
    if (encoding == NULL || strcmp(encoding, "UTF8") != 0)
        return postgresql_flush(session, err);
    return true;
}
