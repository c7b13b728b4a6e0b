/*
 * Parsing without running is PREPARE, which needs no table to be there. What cannot be prepared
 * fails in other ways than by a syntax error.
 */
#include <string.h>

#include "agents/engines/mysql_session.h"
#include "common/memory.h"

/* Under one of these a text may parse that does not under the session's own mode. A script can
   set them before the statement in question, so only what parses under none is wrong for certain.
 */
static const char *const modes[] = {
    "''", "'ANSI'", "'NO_BACKSLASH_ESCAPES'", "'ANSI,NO_BACKSLASH_ESCAPES'", "'ORACLE'",
};

/* True unless it is a syntax error; other failures are no matter here. */
static bool prepare(struct mysql_session *session, const char *sql, size_t length,
                    struct error *err)
{
    MYSQL_STMT *statement = mysql_stmt_init(session->db);
    bool ok = mysql_stmt_prepare(statement, sql, (unsigned long)length) == 0;

    if (!ok) {
        unsigned number = mysql_stmt_errno(statement);

        mysql_fail_with(number, mysql_stmt_sqlstate(statement), mysql_stmt_error(statement), err);
        session->base.broken = mysql_is_lost(number);
        if (err->code == ERROR_SYNTAX)
            err->position = mysql_error_position(mysql_stmt_error(statement), sql, length);
    }
    mysql_stmt_close(statement);
    if (!ok && err->code != ERROR_SYNTAX && !session->base.broken) {
        error_clear(err);
        return true;
    }
    return ok;
}

static bool parses_in_mode(struct mysql_session *session, const char *mode, const char *sql,
                           size_t length)
{
    AUTO_BUFFER struct buffer set = {0};
    struct error ignored = {0};

    /* MySQL has no ORACLE: the mode is then not tried. */
    buffer_printf(&set, "SET SESSION sql_mode = %s", mode);
    return mysql_execute(session, buffer_text(&set), MYSQL_HASTY, &ignored) &&
           prepare(session, sql, length, &ignored);
}

static bool parses_in_any_mode(struct mysql_session *session, const char *sql, size_t length)
{
    struct error ignored = {0};
    bool parses = false;

    session->altered = true;
    for (size_t i = 0; i < COUNT_OF(modes) && !parses && !session->base.broken; i++)
        parses = parses_in_mode(session, modes[i], sql, length);
    (void)!session->base.engine->restore_settings(&session->base, &ignored);
    return parses;
}

bool mysql_parse(struct session *base, const char *sql, size_t length, struct error *err)
{
    struct mysql_session *session = mysql_session_of(base);

    mysql_enter_thread();
    if (base->broken)
        return error_set(err, ERROR_CONNECT, "the connection was lost");
    if (prepare(session, sql, length, err))
        return true;
    if (base->broken || !parses_in_any_mode(session, sql, length))
        return false;
    error_clear(err);
    return true;
}
