/* Reads the schema: what there is in one batch of statements, its definitions in another. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agents/engines/mysql_introspect.h"
#include "agents/engines/mysql_session.h"
#include "common/memory.h"

/* How each kind of object is asked for, and which column holds its definition and its sql_mode. */
static const struct kind {
    const char *type; /* as SHOW FULL TABLES or the list of routines says it */
    const char *word; /* after SHOW CREATE */
    const char *label;
    size_t definition;
    size_t sql_mode; /* 0: none */
} kinds[] = {
    {"BASE TABLE", "TABLE", "table", 1, 0},
    {"SYSTEM VERSIONED", "TABLE", "table", 1, 0},
    {"VIEW", "VIEW", "view", 1, 0},
    {"SEQUENCE", "SEQUENCE", "sequence", 1, 0},
    {"PROCEDURE", "PROCEDURE", "procedure", 2, 1},
    {"FUNCTION", "FUNCTION", "function", 2, 1},
    {"PACKAGE", "PACKAGE", "package", 2, 1},
    {"PACKAGE BODY", "PACKAGE BODY", "package body", 2, 1},
    {"EVENT", "EVENT", "event", 3, 1},
};

static const char *const our_tables[] = {"fleet_history", "fleet_fence", "fleet_intent"};

struct object {
    const struct kind *kind;
    const char *name;
};

struct survey {
    struct arena *arena;
    const char *database;
    struct object *objects;
    size_t count;
    size_t read; /* of objects, whose definition came */
    struct buffer *lines;
    char trigger_group[512]; /* table, moment and event of the last trigger */
    int trigger_order;       /* within its group */
};

static bool is_ours(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(our_tables); i++)
        if (strcmp(our_tables[i], name) == 0)
            return true;
    return false;
}

/* Name and type. Temporary tables and what we do not know are left out. */
static bool add_object(void *context, size_t columns, const char *const *values)
{
    struct survey *survey = context;

    (void)columns;
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (strcmp(kinds[i].type, values[1]) == 0 && !is_ours(values[0])) {
            survey->objects =
                xreallocarray(survey->objects, survey->count + 1, sizeof *survey->objects);
            survey->objects[survey->count++] =
                (struct object){&kinds[i], arena_strdup(survey->arena, values[0])};
        }
    return true;
}

/* Of several triggers for one moment the order counts; the server lists them in it. */
static void add_trigger(struct survey *survey, const char *const *values)
{
    enum { NAME, EVENT, TABLE, STATEMENT, TIMING, CREATED, SQL_MODE };
    AUTO_BUFFER struct buffer sql = {0};
    char group[sizeof survey->trigger_group];

    snprintf(group, sizeof group, "%s %s ON %s", values[TIMING], values[EVENT], values[TABLE]);
    if (strcmp(group, survey->trigger_group) != 0)
        survey->trigger_order = 0;
    memcpy(survey->trigger_group, group, sizeof group);
    survey->trigger_order++;
    buffer_printf(&sql, "%s, number %d: %s", group, survey->trigger_order, values[STATEMENT]);
    mysql_canonical_object("trigger", values[NAME], buffer_text(&sql), values[SQL_MODE],
                           survey->lines);
}

/* The results of the first batch are told by their columns. */
static bool note_inventory(void *context, size_t columns, const char *const *values)
{
    struct survey *survey = context;

    if (columns == 1)
        buffer_printf(survey->lines, "database: COLLATE %s\n", values[0]);
    else if (columns == 2)
        return add_object(survey, columns, values);
    else
        add_trigger(survey, values);
    return true;
}

/* One row an object, in the order asked for. Without the right to see a body it is NULL. */
static bool note_definition(void *context, size_t columns, const char *const *values)
{
    struct survey *survey = context;
    const struct object *object = &survey->objects[survey->read++];
    const struct kind *kind = object->kind;
    AUTO_BUFFER struct buffer sql = {0};

    if (columns <= kind->definition || values[kind->definition] == NULL) {
        mysql_canonical_object(kind->label, object->name, "(not readable)", NULL, survey->lines);
        return true;
    }
    mysql_strip_database(survey->database, values[kind->definition], &sql);
    if (strcmp(kind->word, "TABLE") == 0)
        mysql_canonical_table(object->name, buffer_text(&sql), survey->lines);
    else
        mysql_canonical_object(kind->label, object->name, buffer_text(&sql),
                               kind->sql_mode != 0 ? values[kind->sql_mode] : NULL, survey->lines);
    return true;
}

static bool perform_batch(struct mysql_session *session, const struct buffer *sql, row_function row,
                          struct survey *survey, struct error *err)
{
    return mysql_perform(session, sql->bytes, sql->length, MYSQL_HASTY, err) &&
           mysql_drain(session, row, survey, err);
}

static bool read_inventory(struct mysql_session *session, struct survey *survey, struct error *err)
{
    AUTO_BUFFER struct buffer sql = {0};

    buffer_append_text(&sql, "SELECT @@collation_database; SHOW FULL TABLES FROM ");
    mysql_append_name(&sql, survey->database);
    buffer_append_text(&sql, "; SHOW TRIGGERS FROM ");
    mysql_append_name(&sql, survey->database);
    return perform_batch(session, &sql, note_inventory, survey, err);
}

/* MariaDB's own tables answer six times as fast as the views, if the user may read them. */
static bool read_routines(struct mysql_session *session, struct survey *survey, struct error *err)
{
    static const char direct[] = "SELECT name, type FROM mysql.proc WHERE db = $1"
                                 " UNION ALL SELECT name, 'EVENT' FROM mysql.event WHERE db = $2";
    static const char views[] =
        "SELECT routine_name, routine_type FROM information_schema.routines"
        " WHERE routine_schema = $1 UNION ALL"
        " SELECT event_name, 'EVENT' FROM information_schema.events WHERE event_schema = $2";
    const char *names[] = {survey->database, survey->database};

    if (session->mariadb &&
        mysql_query_ours(&session->base, direct, names, COUNT_OF(names), add_object, survey, err))
        return true;
    if (session->base.broken || (err->code != ERROR_NONE && err->code != ERROR_SQL))
        return false;
    error_clear(err);
    return mysql_query_ours(&session->base, views, names, COUNT_OF(names), add_object, survey, err);
}

static bool read_definitions(struct mysql_session *session, struct survey *survey,
                             struct error *err)
{
    AUTO_BUFFER struct buffer sql = {0};

    for (size_t i = 0; i < survey->count; i++) {
        buffer_printf(&sql, "%sSHOW CREATE %s ", i > 0 ? "; " : "", survey->objects[i].kind->word);
        mysql_append_name(&sql, survey->database);
        buffer_append_char(&sql, '.');
        mysql_append_name(&sql, survey->objects[i].name);
    }
    return survey->count == 0 || perform_batch(session, &sql, note_definition, survey, err);
}

static bool allow_batches(struct mysql_session *session, struct error *err)
{
    mysql_enter_thread();
    if (session->base.broken)
        return error_set(err, ERROR_CONNECT, "the connection was lost");
    if (session->multi)
        return true;
    if (mysql_set_server_option(session->db, MYSQL_OPTION_MULTI_STATEMENTS_ON) != 0)
        return mysql_fail(session, NULL, 0, err);
    session->multi = true;
    return true;
}

/* SHOW CREATE is written for the session's sql_mode. */
static bool set_plain_mode(struct mysql_session *session, struct error *err)
{
    if (session->plain_mode)
        return true;
    session->altered = true;
    return mysql_execute(session, "SET SESSION sql_mode = '', sql_quote_show_create = 1",
                         MYSQL_HASTY, err);
}

static bool read_schema(struct mysql_session *session, struct survey *survey, struct error *err)
{
    return session->base.engine->restore_settings(&session->base, err) &&
           set_plain_mode(session, err) && allow_batches(session, err) &&
           read_inventory(session, survey, err) && read_routines(session, survey, err) &&
           read_definitions(session, survey, err) &&
           (session->plain_mode || session->base.engine->restore_settings(&session->base, err));
}

bool mysql_introspect(struct session *base, struct buffer *out, struct error *err)
{
    struct mysql_session *session = mysql_session_of(base);
    AUTO(arena) struct arena *arena = arena_new();
    struct survey survey = {.arena = arena, .database = session->address.database, .lines = out};

    bool ok = read_schema(session, &survey, err);
    free(survey.objects);
    return ok || error_wrap(err, "cannot read the schema");
}
