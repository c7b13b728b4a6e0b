#include <string.h>

#include "agents/engines/sqlite_session.h"
#include "agents/engines/sqlite_tokens.h"

void sqlite_drop_cached(struct sqlite_session *session)
{
    for (size_t i = 0; i < COUNT_OF(session->cached); i++) {
        sqlite3_finalize(session->cached[i]);
        session->cached[i] = NULL;
    }
}

/* A parse that finds a second statement would let it go unseen. */
static bool refuse_tail(const char *tail, const char *end, struct error *err)
{
    struct sqlite_tokens tokens = sqlite_tokens_of(tail, (size_t)(end - tail));
    struct sqlite_token token;

    while (sqlite_tokens_next(&tokens, &token))
        if (!sqlite_token_is(&token, ";"))
            return error_set(err, ERROR_SYNTAX, "more than one statement: \"%.*s\" begins another",
                             (int)token.length, token.text);
    return true;
}

static bool prepare_one(struct sqlite_session *session, const char *sql, size_t length,
                        sqlite3_stmt **statement, struct error *err)
{
    const char *tail = sql;
    int result = sqlite3_prepare_v3(session->db, sql, (int)length, 0, statement, &tail);

    if (result != SQLITE_OK)
        return sqlite_fail(session, result, sql, length, err);
    if (refuse_tail(tail, sql + length, err))
        return true;
    sqlite3_finalize(*statement);
    *statement = NULL;
    return false;
}

/* Steps to the end; counts rows. */
static bool step_through(struct sqlite_session *session, sqlite3_stmt *statement, const char *sql,
                         size_t length, int64_t *rows, struct error *err)
{
    int result;

    while ((result = sqlite3_step(statement)) == SQLITE_ROW)
        ++*rows;
    return result == SQLITE_DONE || sqlite_fail(session, result, sql, length, err);
}

static void start_watch(struct sqlite_session *session)
{
    session->statement_deadline_ms = session->statement_timeout_ms != 0
                                         ? sqlite_now_ms(session) + session->statement_timeout_ms
                                         : 0;
}

bool sqlite_run_counted(struct session *base, const char *sql, size_t length, int64_t *rows,
                        struct error *err)
{
    struct sqlite_session *session = sqlite_session_of(base);
    sqlite3_stmt *statement = NULL;

    *rows = 0;
    session->touched = session->touched || !sqlite_leaves_no_trace(sql, length);
    if (sqlite_must_stop(session))
        return sqlite_fail(session, SQLITE_INTERRUPT, sql, length, err);
    start_watch(session);
    bool ok = prepare_one(session, sql, length, &statement, err) &&
              (statement == NULL || step_through(session, statement, sql, length, rows, err));
    sqlite3_finalize(statement);
    session->statement_deadline_ms = 0;
    return ok;
}

bool sqlite_run(struct session *session, const char *sql, size_t length, struct error *err)
{
    int64_t rows;

    return sqlite_run_counted(session, sql, length, &rows, err);
}

/* Some pragmas act when they are prepared (https://www.sqlite.org/pragma.html), so none is. */
bool sqlite_parse(struct session *base, const char *sql, size_t length, struct error *err)
{
    struct sqlite_session *session = sqlite_session_of(base);
    struct sqlite_tokens tokens = sqlite_tokens_of(sql, length);
    struct sqlite_token first;
    sqlite3_stmt *statement = NULL;

    if (!sqlite_tokens_next(&tokens, &first) || sqlite_token_is(&first, "pragma"))
        return true;
    bool ok = prepare_one(session, sql, length, &statement, err);
    sqlite3_finalize(statement);
    if (ok || err->code == ERROR_SYNTAX || err->code == ERROR_CANCELLED ||
        err->code == ERROR_TIMEOUT)
        return ok;
    error_clear(err);
    return true;
}

static sqlite3_stmt *find_cached(struct sqlite_session *session, const char *sql)
{
    for (size_t i = 0; i < COUNT_OF(session->cached); i++)
        if (session->cached[i] != NULL && strcmp(sqlite3_sql(session->cached[i]), sql) == 0)
            return session->cached[i];
    return NULL;
}

static sqlite3_stmt *prepare_cached(struct sqlite_session *session, const char *sql,
                                    struct error *err)
{
    sqlite3_stmt *statement = find_cached(session, sql);

    if (statement != NULL)
        return statement;
    int result =
        sqlite3_prepare_v3(session->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL);
    if (result != SQLITE_OK) {
        sqlite_fail(session, result, sql, strlen(sql), err);
        return NULL;
    }
    sqlite3_finalize(session->cached[session->next_cached]);
    session->cached[session->next_cached] = statement;
    session->next_cached = (session->next_cached + 1) % COUNT_OF(session->cached);
    return statement;
}

enum { COLUMNS_MAX = 32 };

static bool hand_over(sqlite3_stmt *statement, row_function row, void *context)
{
    const char *values[COLUMNS_MAX];
    int columns = sqlite3_column_count(statement);

    if (columns > COLUMNS_MAX)
        columns = COLUMNS_MAX;
    for (int i = 0; i < columns; i++)
        values[i] = (const char *)sqlite3_column_text(statement, i);
    return row(context, (size_t)columns, values);
}

static int read_rows(sqlite3_stmt *statement, row_function row, void *context)
{
    int result;

    while ((result = sqlite3_step(statement)) == SQLITE_ROW)
        if (row != NULL && !hand_over(statement, row, context))
            return SQLITE_DONE;
    return result;
}

/* Affinity turns the text of a number into a number where a column is one. */
bool sqlite_query(struct session *base, const char *sql, const char *const *parameters,
                  size_t count, row_function row, void *context, struct error *err)
{
    struct sqlite_session *session = sqlite_session_of(base);

    if (sqlite_must_stop(session))
        return sqlite_fail(session, SQLITE_INTERRUPT, sql, strlen(sql), err);
    sqlite3_stmt *statement = prepare_cached(session, sql, err);
    if (statement == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        if (parameters[i] != NULL)
            sqlite3_bind_text(statement, (int)i + 1, parameters[i], -1, SQLITE_STATIC);
    int result = read_rows(statement, row, context);
    bool ok = result == SQLITE_DONE || sqlite_fail(session, result, sql, strlen(sql), err);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return ok;
}
