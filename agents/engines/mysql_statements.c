#include <string.h>
#include <strings.h>

#include "agents/engines/mysql_session.h"

bool mysql_execute(struct mysql_session *session, const char *sql, enum mysql_patience patience,
                   struct error *err)
{
    return mysql_perform(session, sql, strlen(sql), patience, err) &&
           mysql_drain(session, NULL, NULL, err);
}

struct reader {
    row_function row; /* NULL once it has had enough */
    void *context;
    int64_t count;
    bool has_rows; /* some result had columns */
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
    while ((row = mysql_fetch_row(result)) != NULL)
        read_row(reader, mysql_num_fields(result), row);
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

/* A read that blocks in the middle of the results cannot be polled for: the library may hold
   bytes back. So another thread looks at the clock. */
static bool read_watched(struct mysql_session *session, struct reader *reader, struct error *err)
{
    struct mysql_watch watch;

    if (mysql_field_count(session->db) == 0 && !mysql_more_results(session->db))
        return read_results(session, reader, err);
    mysql_watch_begin(&watch, session);
    bool ok = read_results(session, reader, err);
    mysql_watch_end(&watch);
    return ok;
}

static bool settle(struct mysql_session *session, const struct reader *reader, bool ok,
                   struct error *err)
{
    /* Some functions, SLEEP for one, end with a value when they are killed. */
    if (ok && session->killed && reader->has_rows)
        ok = mysql_fail_interrupted(session, err);
    mysql_absorb_kill(session);
    return ok;
}

bool mysql_drain(struct mysql_session *session, row_function row, void *context, struct error *err)
{
    struct reader reader = {.row = row, .context = context};
    bool ok = read_results(session, &reader, err);

    return settle(session, &reader, ok, err);
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
           mysql_drain(session, row, context, err);
}

bool mysql_query_ours(struct session *base, const char *sql, const char *const *parameters,
                      size_t count, row_function row, void *context, struct error *err)
{
    enum { TABLE_NOT_LOCKED = 1100 };
    struct mysql_session *session = mysql_session_of(base);
    AUTO_BUFFER struct buffer text = {0};
    bool was_open = base->engine->in_transaction(base);

    if (strncmp(sql, "SELECT ", strlen("SELECT ")) != 0 && !mysql_sync_limits(session, err))
        return false;
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

/* One statement a call: a second one in the text is a syntax error, as it must be. Without a
   semicolon there is none. */
static bool refuse_many(struct mysql_session *session, const char *sql, size_t length,
                        struct error *err)
{
    if (!session->multi || memchr(sql, ';', length) == NULL)
        return true;
    if (mysql_set_server_option(session->db, MYSQL_OPTION_MULTI_STATEMENTS_OFF) != 0)
        return mysql_fail(session, NULL, 0, err);
    session->multi = false;
    return true;
}

static bool begins_with(const char *sql, size_t length, const char *words)
{
    size_t size = strlen(words);

    return length > size && strncasecmp(sql, words, size) == 0;
}

/* Whether a statement is one that leaves the session as it was: most are, and restoring costs as
   much as running some of them. Those that are written in an unusual way count as not. */
static bool spares_session(const char *sql, size_t length)
{
    static const char *const sparing[] = {
        "ALTER TABLE ",
        "CREATE TABLE ",
        "DROP TABLE ",
        "CREATE INDEX ",
        "DROP INDEX ",
        "RENAME TABLE ",
        "CREATE VIEW ",
        "CREATE UNIQUE INDEX ",
        "INSERT INTO ",
        "INSERT IGNORE ",
        "UPDATE ",
        "DELETE FROM ",
        "REPLACE INTO ",
        "DROP VIEW ",
        "CREATE OR REPLACE VIEW ",
    };

    /* A user variable may be set anywhere. */
    if (memchr(sql, '@', length) != NULL)
        return false;
    for (size_t i = 0; i < COUNT_OF(sparing); i++)
        if (begins_with(sql, length, sparing[i]))
            return true;
    return false;
}

bool mysql_run_counted(struct session *base, const char *sql, size_t length, int64_t *rows,
                       struct error *err)
{
    struct mysql_session *session = mysql_session_of(base);
    struct reader reader = {0};

    mysql_enter_thread();
    *rows = 0;
    if (base->broken)
        return error_set(err, ERROR_CONNECT, "the connection was lost");
    if (!refuse_many(session, sql, length, err) || !mysql_sync_limits(session, err))
        return false;
    if (!spares_session(sql, length))
        session->altered = true;
    if (session->statement_timeout_ms != 0)
        session->statement_deadline_ms =
            base->clock->monotonic_ms(base->clock) + session->statement_timeout_ms;
    base->gave_way = false;
    base->blocking_since_ms = 0;
    bool ok = mysql_perform(session, sql, length, MYSQL_YIELDING, err);
    if (ok)
        ok = settle(session, &reader, read_watched(session, &reader, err), err);
    session->statement_deadline_ms = 0;
    *rows = reader.count;
    return ok;
}

bool mysql_run(struct session *session, const char *sql, size_t length, struct error *err)
{
    int64_t rows;

    return mysql_run_counted(session, sql, length, &rows, err);
}
