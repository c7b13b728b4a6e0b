#include <stdlib.h>
#include <string.h>

#include "agents/engines/mysql_session.h"
#include "common/text.h"

/*
 * Numbers rather than the headers' names, which differ between MariaDB and MySQL. Below 2000 and
 * from 3000 on they are the server's (mysqld_error.h), 2000 to 2999 the client's (errmsg.h).
 */
static const struct {
    unsigned number;
    enum error_code code;
    bool lost;          /* the connection is gone */
    const char *advice; /* what to do, or NULL */
} numbers[] = {
    {1040, ERROR_CONNECT, false, "raise max_connections or try later"},
    {1044, ERROR_CONNECT, false, "grant the user access to the database"},
    {1045, ERROR_CONNECT, false, "check the user and where its password comes from"},
    {1049, ERROR_CONNECT, false, "create the database first"},
    {1053, ERROR_CONNECT, true, NULL}, /* shutdown in progress */
    {1064, ERROR_SYNTAX, false, NULL},
    {1129, ERROR_CONNECT, false, "FLUSH HOSTS unblocks this host"},
    {1130, ERROR_CONNECT, false, NULL}, /* host not allowed */
    {1149, ERROR_SYNTAX, false, NULL},
    {1153, ERROR_SQL, true, "raise the server's max_allowed_packet"},
    {1158, ERROR_CONNECT, true, NULL}, /* packets of the network */
    {1159, ERROR_CONNECT, true, NULL},
    {1160, ERROR_CONNECT, true, NULL},
    {1161, ERROR_CONNECT, true, NULL},
    {1203, ERROR_CONNECT, false, "raise max_user_connections or try later"},
    {1205, ERROR_LOCKED, false, NULL}, /* lock wait timeout */
    {1213, ERROR_LOCKED, false, NULL}, /* deadlock */
    {1226, ERROR_CONNECT, false, NULL},
    {1290, ERROR_SQL, false, "the server is read-only or an option forbids it"},
    {1317, ERROR_CANCELLED, false, NULL}, /* KILL QUERY by somebody */
    {1698, ERROR_CONNECT, false, "check the user and where its password comes from"},
    {1836, ERROR_SQL, false, "the server is read-only"},
    {1927, ERROR_CONNECT, true, NULL},  /* KILL CONNECTION, on MariaDB */
    {1969, ERROR_TIMEOUT, false, NULL}, /* max_statement_time, on MariaDB */
    {2002, ERROR_CONNECT, false, "is the server running, and is this its socket or host?"},
    {2003, ERROR_CONNECT, false, "is the server running, and is this its host and port?"},
    {2005, ERROR_CONNECT, false, "check the host in the url"},
    {2006, ERROR_CONNECT, true, NULL},  /* gone away */
    {2012, ERROR_CONNECT, true, NULL},  /* handshake */
    {2013, ERROR_CONNECT, true, NULL},  /* lost during a query */
    {2014, ERROR_INTERNAL, true, NULL}, /* commands out of sync */
    {2026, ERROR_CONNECT, true, "check ssl-mode and ssl-ca in the url"},
    {2027, ERROR_CONNECT, true, NULL}, /* malformed packet */
    {2055, ERROR_CONNECT, true, NULL}, /* lost, with the system's reason */
    {2059, ERROR_CONNECT, false, "the client library has no such authentication plugin"},
    {3024, ERROR_TIMEOUT, false, NULL}, /* max_execution_time, on MySQL */
    {3169, ERROR_CONNECT, true, NULL},  /* session killed, on MySQL */
    {3572, ERROR_LOCKED, false, NULL},  /* NOWAIT */
    {4031, ERROR_CONNECT, true, NULL},  /* idle for too long, on MySQL */
};

static size_t find(unsigned number)
{
    size_t i = 0;

    while (i < COUNT_OF(numbers) && numbers[i].number != number)
        i++;
    return i;
}

bool mysql_is_lost(unsigned number)
{
    size_t found = find(number);

    return found < COUNT_OF(numbers) && numbers[found].lost;
}

bool mysql_fail_with(unsigned number, const char *state, const char *message, struct error *err)
{
    size_t found = find(number);
    bool known = found < COUNT_OF(numbers);
    const char *advice = known ? numbers[found].advice : NULL;

    error_set(err, known ? numbers[found].code : ERROR_SQL, "%s (error %u)%s%s", message, number,
              advice != NULL ? "; " : "", advice != NULL ? advice : "");
    memcpy(err->sqlstate, state, strnlen(state, sizeof err->sqlstate - 1));
    return false;
}

/* An interruption of ours is told by its reason, not by the server's words. */
bool mysql_fail_interrupted(const struct mysql_session *session, struct error *err)
{
    if (atomic_load(&session->base.cancelled))
        return error_set(err, ERROR_CANCELLED, "cancelled");
    if (session_time_left_ms(&session->base, 1) == 0)
        return error_set(err, ERROR_TIMEOUT, "stopped at the deadline");
    if (session->statement_deadline_ms != 0 &&
        session->base.clock->monotonic_ms(session->base.clock) >= session->statement_deadline_ms)
        return error_set(err, ERROR_TIMEOUT, "stopped by statement-timeout after %lld ms",
                         (long long)session->statement_timeout_ms);
    if (session->base.gave_way)
        return session_fail_gave_way(&session->base, err);
    return error_set(err, ERROR_CANCELLED, "somebody ended the statement with KILL QUERY");
}

bool mysql_fail(struct mysql_session *session, const char *sql, size_t length, struct error *err)
{
    enum { QUERY_INTERRUPTED = 1317 };
    unsigned number = mysql_errno(session->db);

    if (mysql_is_lost(number))
        session->base.broken = true;
    if (number == QUERY_INTERRUPTED) {
        session->killed = false;
        mysql_fail_interrupted(session, err);
    } else {
        mysql_fail_with(number, mysql_sqlstate(session->db), mysql_error(session->db), err);
    }
    /* A script's statement may be denied what logging in was not. */
    if (err->code == ERROR_CONNECT && !session->base.broken)
        err->code = ERROR_SQL;
    if (sql != NULL && err->code == ERROR_SYNTAX)
        err->position = mysql_error_position(mysql_error(session->db), sql, length);
    return false;
}

/* The start of the line with that number, from 1; NULL if there is none. */
static const char *line_of(const char *sql, size_t length, long line)
{
    const char *at = sql;

    while (line > 1) {
        at = memchr(at, '\n', length - (size_t)(at - sql));
        if (at == NULL)
            return NULL;
        at++;
        line--;
    }
    return at;
}

/* "… near 'TEXT' at line N". The text is cut at 80 characters; an empty one is the end. */
int mysql_error_position(const char *message, const char *sql, size_t length)
{
    static const char opening[] = " near '";
    static const char closing[] = "' at line ";
    const char *text = strstr(message, opening);
    const char *last = NULL;

    if (text == NULL)
        return 0;
    text += strlen(opening);
    for (const char *at = strstr(text, closing); at != NULL; at = strstr(at + 1, closing))
        last = at;
    if (last == NULL)
        return 0;
    const char *line = line_of(sql, length, strtol(last + strlen(closing), NULL, 10));
    size_t near = (size_t)(last - text);
    if (line == NULL)
        return 0;
    if (near == 0)
        return (int)text_characters(sql, length) + 1;
    const char *found = memmem(line, length - (size_t)(line - sql), text, near);
    /* The server counts lines up to where it has read, which can be past the text. */
    if (found == NULL)
        found = memmem(sql, length, text, near);
    return found != NULL ? (int)text_characters(sql, (size_t)(found - sql)) + 1 : 0;
}
