/* One object as SHOW CREATE says, and other sessions on the server. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "agents/engines/mysql_session.h"

/* How each kind is asked for, and which column of the answer is its definition. */
static const struct {
    const char *word;
    size_t definition;
} kinds[] = {
    [OBJECT_TABLE] = {"TABLE", 1},       [OBJECT_VIEW] = {"VIEW", 1},
    [OBJECT_TRIGGER] = {"TRIGGER", 2},   [OBJECT_PROCEDURE] = {"PROCEDURE", 2},
    [OBJECT_FUNCTION] = {"FUNCTION", 2}, [OBJECT_EVENT] = {"EVENT", 3},
    [OBJECT_SEQUENCE] = {"SEQUENCE", 1},
};

struct description {
    size_t definition;
    struct buffer *out;
};

/* The next value of a counter is not part of what a table is. */
static void append_without_counter(const char *sql, struct buffer *out)
{
    static const char word[] = " AUTO_INCREMENT=";
    const char *found = strstr(sql, word);

    if (found != NULL) {
        buffer_append(out, sql, (size_t)(found - sql));
        sql = found + strlen(word);
        while (isdigit((unsigned char)*sql) != 0)
            sql++;
    }
    buffer_append_text(out, sql);
    buffer_append_char(out, '\n');
}

static bool take_definition(void *context, size_t columns, const char *const *values)
{
    const struct description *description = context;

    if (columns <= description->definition || values[description->definition] == NULL)
        buffer_append_text(description->out, "(not readable)\n");
    else
        append_without_counter(values[description->definition], description->out);
    return true;
}

static bool is_missing(const struct mysql_session *session)
{
    static const unsigned numbers[] = {
        1049, /* no such database */
        1146, /* no such table */
        1305, /* no such routine */
        1347, /* a table, and no view */
        1360, /* no such trigger */
        1539, /* no such event */
        4091, /* no such sequence */
    };

    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        if (mysql_errno(session->db) == numbers[i])
            return true;
    return false;
}

static bool show_create(struct mysql_session *session, enum object_kind kind, const char *name,
                        struct buffer *out, struct error *err)
{
    struct description description = {kinds[kind].definition, out};
    AUTO_BUFFER struct buffer sql = {0};

    buffer_printf(&sql, "SHOW CREATE %s %s", kinds[kind].word, name);
    if (mysql_perform(session, sql.bytes, sql.length, MYSQL_HASTY, err) &&
        mysql_drain(session, take_definition, &description, err))
        return true;
    if (session->base.broken || !is_missing(session))
        return false;
    error_clear(err);
    return true;
}

/* Definitions are written for the session's sql_mode, which a script may have set. */
bool mysql_describe(struct session *base, enum object_kind kind, const char *name, const char *of,
                    struct buffer *out, struct error *err)
{
    static const char plain[] = "SET @fleet_mode = @@SESSION.sql_mode,"
                                " @fleet_quotes = @@SESSION.sql_quote_show_create,"
                                " SESSION sql_mode = '', SESSION sql_quote_show_create = 1";
    static const char back[] = "SET SESSION sql_mode = @fleet_mode,"
                               " SESSION sql_quote_show_create = @fleet_quotes";
    struct mysql_session *session = mysql_session_of(base);
    bool settled = session->plain_mode && !session->altered;

    (void)of;
    return (settled || mysql_execute(session, plain, MYSQL_HASTY, err)) &&
           show_create(session, kind, name, out, err) &&
           (settled || mysql_execute(session, back, MYSQL_STEADY, err));
}

/* The storage engine of SHOW CREATE TABLE's last line; "" for a view, or for nothing at all. */
static const char *storage_engine(const char *definition)
{
    static const char word[] = ") ENGINE=";
    const char *found = NULL;

    for (const char *at = strstr(definition, word); at != NULL; at = strstr(at + 1, word))
        found = at + strlen(word);
    return found != NULL ? found : "";
}

bool mysql_keeps_rows(struct session *base, const char *table, bool *keeps, struct error *err)
{
    static const char *const transactional[] = {"InnoDB", "ROCKSDB", "TokuDB", "ndbcluster"};
    AUTO_BUFFER struct buffer definition = {0};

    if (!mysql_describe(base, OBJECT_TABLE, table, NULL, &definition, err))
        return false;
    const char *name = storage_engine(buffer_text(&definition));
    *keeps = *name != '\0';
    for (size_t i = 0; i < COUNT_OF(transactional); i++)
        if (strncasecmp(name, transactional[i], strlen(transactional[i])) == 0)
            *keeps = false;
    return true;
}

bool mysql_session_name(struct session *base, struct buffer *out, struct error *err)
{
    (void)err;
    buffer_printf(out, "%lu", mysql_session_of(base)->id);
    return true;
}

static bool note_presence(void *context, size_t columns, const char *const *values)
{
    (void)columns;
    (void)values;
    *(bool *)context = true;
    return true;
}

/* Numbers begin anew when the server does: only one that runs that very statement is meant. */
bool mysql_end_session(struct session *base, const char *name, const char *sql, size_t length,
                       bool *gone, struct error *err)
{
    static const char find[] = "SELECT 1 FROM information_schema.processlist"
                               " WHERE id = $1 AND info = $2 AND id <> CONNECTION_ID()";
    AUTO_BUFFER struct buffer text = {0};
    AUTO_BUFFER struct buffer kill = {0};
    struct error ignored = {0};
    bool lives = false;

    buffer_append(&text, sql, length);
    const char *const parameters[] = {name, buffer_text(&text)};
    if (!mysql_query_ours(base, find, parameters, COUNT_OF(parameters), note_presence, &lives, err))
        return false;
    *gone = !lives;
    if (!lives)
        return true;
    buffer_printf(&kill, "KILL %lu", strtoul(name, NULL, 10));
    (void)!mysql_execute(mysql_session_of(base), buffer_text(&kill), MYSQL_STEADY, &ignored);
    return true;
}
