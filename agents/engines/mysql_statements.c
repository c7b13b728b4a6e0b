/*
 * How a statement runs: it is sent, and its answer awaited with poll, so that the deadline and
 * session_cancel end the wait. Then a second connection kills the statement on the server, and the
 * answer that follows is read like any other: a statement that was quicker than the kill has
 * succeeded.
 */
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "agents/engines/mysql_session.h"
#include "common/memory.h"

/* A killed statement may have much to undo before it answers. */
enum { KILL_PATIENCE_MS = 60000, NO_LIMIT_MS = INT_MAX };

static int64_t now_ms(const struct mysql_session *session)
{
    return session->base.clock->monotonic_ms(session->base.clock);
}

/* Milliseconds until a deadline ends the statement; 0 when it must end now. */
static int time_left_ms(const struct mysql_session *session)
{
    int64_t left = session_time_left_ms(&session->base, NO_LIMIT_MS);

    if (atomic_load(&session->base.cancelled))
        return 0;
    if (session->statement_deadline_ms != 0) {
        int64_t of_statement = session->statement_deadline_ms - now_ms(session);

        left = of_statement < left ? of_statement : left;
    }
    return left > 0 ? (int)left : 0;
}

static bool refuse_late(struct mysql_session *session, struct error *err)
{
    if (atomic_load(&session->base.cancelled))
        return error_set(err, ERROR_CANCELLED, "cancelled");
    return error_set(err, ERROR_TIMEOUT, "stopped at the deadline");
}

/* Waits for the server; false when the time was over first. Woken by session_cancel if hasty. */
static bool await(struct mysql_session *session, int timeout_ms, bool hasty)
{
    struct pollfd ready[2] = {
        {.fd = mysql_socket_of(session->db), .events = POLLIN},
        {.fd = session->wake, .events = POLLIN},
    };
    int64_t until = now_ms(session) + timeout_ms;

    for (;;) {
        int64_t left = until - now_ms(session);
        int wait_ms = timeout_ms == NO_LIMIT_MS ? -1 : left > 0 ? (int)left : 0;
        int count = poll(ready, hasty ? 2 : 1, wait_ms);

        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0 || ready[0].revents != 0)
            return ready[0].revents != 0;
        if (atomic_load(&session->base.cancelled))
            return false;
        eventfd_t old;
        (void)eventfd_read(session->wake, &old); /* of a cancellation that was taken back */
    }
}

/* A kill that came after the end of its statement would strike the next one. */
static void absorb_kill(struct mysql_session *session)
{
    static const char nothing[] = "DO 0";

    if (!session->killed || session->base.broken)
        return;
    session->killed = false;
    (void)mysql_real_query(session->db, nothing, sizeof nothing - 1);
}

/* Ends the statement on the server and waits for its answer. */
static bool interrupt(struct mysql_session *session, struct error *err)
{
    struct error reason = {0};

    session->killed = true;
    if (mysql_kill_query(session, &reason) && await(session, KILL_PATIENCE_MS, false))
        return true;
    session->base.broken = true;
    refuse_late(session, err);
    return error_wrap(err, "the statement may still run, %s",
                      reason.code != ERROR_NONE ? reason.message : "it did not end when killed");
}

bool mysql_perform(struct mysql_session *session, const char *sql, size_t length,
                   enum mysql_patience patience, struct error *err)
{
    bool hasty = patience == MYSQL_HASTY;

    mysql_enter_thread();
    if (session->base.broken)
        return error_set(err, ERROR_CONNECT, "the connection was lost");
    if (hasty && time_left_ms(session) == 0)
        return refuse_late(session, err);
    if (mysql_send_query(session->db, sql, (unsigned long)length) != 0)
        return mysql_fail(session, sql, length, err);
    if (!await(session, hasty ? time_left_ms(session) : NO_LIMIT_MS, hasty) &&
        !interrupt(session, err))
        return false;
    if (mysql_read_query_result(session->db) == 0)
        return true;
    mysql_fail(session, sql, length, err);
    absorb_kill(session);
    return false;
}

bool mysql_execute(struct mysql_session *session, const char *sql, enum mysql_patience patience,
                   struct error *err)
{
    return mysql_perform(session, sql, strlen(sql), patience, err) &&
           mysql_drain(session, patience, NULL, NULL, NULL, err);
}

struct reader {
    row_function row; /* NULL once it has had enough */
    void *context;
    int64_t count;
    bool has_rows; /* some result had columns */
    bool hasty;
};

static void read_row(struct reader *reader, size_t columns, MYSQL_ROW values)
{
    const char *cells[64];

    reader->count++;
    if (reader->row == NULL)
        return;
    if (columns > COUNT_OF(cells))
        columns = COUNT_OF(cells);
    for (size_t i = 0; i < columns; i++)
        cells[i] = values[i];
    if (!reader->row(reader->context, columns, cells))
        reader->row = NULL;
}

/* Rows are not kept: a script may select more than fits. */
static bool read_result(struct mysql_session *session, struct reader *reader, struct error *err)
{
    MYSQL_RES *result = mysql_use_result(session->db);
    MYSQL_ROW row;

    if (result == NULL)
        return mysql_field_count(session->db) == 0 || mysql_fail(session, NULL, 0, err);
    while ((row = mysql_fetch_row(result)) != NULL) {
        read_row(reader, mysql_num_fields(result), row);
        if (reader->hasty && !session->killed && time_left_ms(session) == 0) {
            struct error ignored = {0};

            session->killed = true;
            (void)!mysql_kill_query(session, &ignored);
        }
    }
    bool ok = mysql_errno(session->db) == 0 || mysql_fail(session, NULL, 0, err);
    mysql_free_result(result);
    return ok;
}

static bool read_results(struct mysql_session *session, struct reader *reader, struct error *err)
{
    for (;;) {
        reader->has_rows |= mysql_field_count(session->db) != 0;
        if (!read_result(session, reader, err))
            return false;
        int more = mysql_next_result(session->db);
        if (more < 0)
            return true;
        if (more > 0)
            return mysql_fail(session, NULL, 0, err);
    }
}

bool mysql_drain(struct mysql_session *session, enum mysql_patience patience, row_function row,
                 void *context, int64_t *rows, struct error *err)
{
    struct reader reader = {.row = row, .context = context, .hasty = patience == MYSQL_HASTY};
    bool ok = read_results(session, &reader, err);

    /* Some functions, SLEEP for one, end with a value when they are killed. */
    if (ok && session->killed && reader.has_rows)
        ok = mysql_fail_interrupted(session, err);
    absorb_kill(session);
    if (rows != NULL)
        *rows = reader.count;
    return ok;
}

/* Plain words stay readable in the server's logs; anything else goes as hexadecimal, which
   means the same whatever a script set: NO_BACKSLASH_ESCAPES, EMPTY_STRING_IS_NULL, SET NAMES. */
void mysql_append_literal(struct buffer *out, const char *text)
{
    static const char harmless[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                   " .,:;_+-/=@#()";
    size_t length = strlen(text);

    if (length > 0 && strspn(text, harmless) == length) {
        buffer_printf(out, "'%s'", text);
        return;
    }
    buffer_append_text(out, "_utf8mb4 X'");
    for (size_t i = 0; i < length; i++)
        buffer_printf(out, "%02x", (unsigned)(unsigned char)text[i]);
    buffer_append_char(out, '\'');
}

void mysql_append_name(struct buffer *out, const char *name)
{
    buffer_append_char(out, '`');
    for (; *name != '\0'; name++) {
        if (*name == '`')
            buffer_append_char(out, '`');
        buffer_append_char(out, *name);
    }
    buffer_append_char(out, '`');
}

void mysql_expand(const char *sql, const char *const *parameters, size_t count, struct buffer *out)
{
    const char *dollar;

    for (; (dollar = strchr(sql, '$')) != NULL; sql = dollar) {
        char *end;
        unsigned long number = strtoul(dollar + 1, &end, 10);

        buffer_append(out, sql, (size_t)(dollar - sql));
        assert(isdigit((unsigned char)dollar[1]) && number >= 1 && number <= count);
        if (parameters[number - 1] != NULL)
            mysql_append_literal(out, parameters[number - 1]);
        else
            buffer_append_text(out, "NULL");
        dollar = end;
    }
    buffer_append_text(out, sql);
}

/* With autocommit switched off by a script, what we write outside a transaction of ours would
   wait for the script's next commit, and a crash would lose it. */
static bool commit_by_itself(struct mysql_session *session, bool was_open, struct error *err)
{
    if (was_open || (session->db->server_status & SERVER_STATUS_AUTOCOMMIT) != 0 ||
        (session->db->server_status & SERVER_STATUS_IN_TRANS) == 0)
        return true;
    return mysql_execute(session, "COMMIT", MYSQL_STEADY, err);
}

static bool perform_ours(struct mysql_session *session, const char *sql, size_t length,
                         row_function row, void *context, struct error *err)
{
    return mysql_perform(session, sql, length, MYSQL_HASTY, err) &&
           mysql_drain(session, MYSQL_HASTY, row, context, NULL, err);
}

bool mysql_query_ours(struct session *base, const char *sql, const char *const *parameters,
                      size_t count, row_function row, void *context, struct error *err)
{
    enum { TABLE_NOT_LOCKED = 1100 };
    struct mysql_session *session = mysql_session_of(base);
    AUTO_BUFFER struct buffer text = {0};
    bool was_open = base->engine->in_transaction(base);

    mysql_expand(sql, parameters, count, &text);
    if (!perform_ours(session, text.bytes, text.length, row, context, err)) {
        /* A script's LOCK TABLES shuts out all other tables, ours too. */
        if (base->broken || mysql_errno(session->db) != TABLE_NOT_LOCKED)
            return false;
        error_clear(err);
        if (!mysql_execute(session, "UNLOCK TABLES", MYSQL_HASTY, err) ||
            !perform_ours(session, text.bytes, text.length, row, context, err))
            return false;
    }
    return commit_by_itself(session, was_open, err);
}

/* One statement a call: a second one in the text is a syntax error, as it must be. */
static bool refuse_many(struct mysql_session *session, struct error *err)
{
    if (!session->multi)
        return true;
    if (mysql_set_server_option(session->db, MYSQL_OPTION_MULTI_STATEMENTS_OFF) != 0)
        return mysql_fail(session, NULL, 0, err);
    session->multi = false;
    return true;
}

bool mysql_run_counted(struct session *base, const char *sql, size_t length, int64_t *rows,
                       struct error *err)
{
    struct mysql_session *session = mysql_session_of(base);

    mysql_enter_thread();
    *rows = 0;
    if (base->broken)
        return error_set(err, ERROR_CONNECT, "the connection was lost");
    if (!refuse_many(session, err))
        return false;
    session->altered = true;
    if (session->statement_timeout_ms != 0)
        session->statement_deadline_ms = now_ms(session) + session->statement_timeout_ms;
    bool ok = mysql_perform(session, sql, length, MYSQL_HASTY, err) &&
              mysql_drain(session, MYSQL_HASTY, NULL, NULL, rows, err);
    session->statement_deadline_ms = 0;
    return ok;
}

bool mysql_run(struct session *session, const char *sql, size_t length, struct error *err)
{
    int64_t rows;

    return mysql_run_counted(session, sql, length, &rows, err);
}
