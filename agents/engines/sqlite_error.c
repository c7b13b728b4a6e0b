#include <string.h>

#include "agents/engines/sqlite_session.h"
#include "common/text.h"

/* By primary result code; what is not here is ERROR_SQL. */
static const struct {
    int result;
    enum error_code code;
} results[] = {
    {SQLITE_BUSY, ERROR_LOCKED},
    {SQLITE_LOCKED, ERROR_LOCKED},
    {SQLITE_CANTOPEN, ERROR_CONNECT},
    {SQLITE_NOTADB, ERROR_CONNECT},
};

/* SQLite has one code for all that is wrong with a statement; these are its parser's own words. */
static const char *const syntax_words[] = {
    ": syntax error",
    "incomplete input",
    "unrecognized token",
};

static bool is_syntax_error(int result, const char *message)
{
    if (result != SQLITE_ERROR)
        return false;
    for (size_t i = 0; i < COUNT_OF(syntax_words); i++)
        if (strstr(message, syntax_words[i]) != NULL)
            return true;
    return false;
}

static enum error_code code_of(int result, const char *message)
{
    for (size_t i = 0; i < COUNT_OF(results); i++)
        if (results[i].result == (result & 0xff))
            return results[i].code;
    return is_syntax_error(result, message) ? ERROR_SYNTAX : ERROR_SQL;
}

/* Whatever SQLite calls an interrupt, ours has one of three reasons. */
static bool fail_interrupted(const struct sqlite_session *session, struct error *err)
{
    if (atomic_load(&session->base.cancelled))
        return error_set(err, ERROR_CANCELLED, "cancelled");
    if (session_time_left_ms(&session->base, 1) == 0)
        return error_set(err, ERROR_TIMEOUT, "stopped at the deadline");
    return error_set(err, ERROR_TIMEOUT, "stopped by statement-timeout after %lld ms",
                     (long long)session->statement_timeout_ms);
}

bool sqlite_fail(struct sqlite_session *session, int result, const char *sql, size_t length,
                 struct error *err)
{
    const char *message = sqlite3_errmsg(session->db);
    int offset = sqlite3_error_offset(session->db);

    if ((result & 0xff) == SQLITE_INTERRUPT)
        return fail_interrupted(session, err);
    error_set(err, code_of(result, message), "%s", message);
    if (sql != NULL && offset >= 0 && (size_t)offset <= length)
        err->position = (int)text_characters(sql, (size_t)offset) + 1;
    return false;
}
