#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agents/engines/postgresql_session.h"
#include "common/arena.h"
#include "common/memory.h"
#include "embedded.h"

enum { CATALOG_OF_RELATIONS = 1259, COLUMNS = 5 };

/* An object, as a row of the queries has it; numbers are 0 where there are none. */
struct row {
    Oid catalog;
    Oid oid;
    Oid relation;
    size_t place;     /* among the rows as they came */
    const char *line; /* NULL: a member of an extension */
};

struct catalog {
    struct arena *arena; /* of the lines */
    struct row *rows;
    size_t count;
    size_t room;
    bool more;  /* the rare kinds are worth a look */
    Oid schema; /* the one that the target is; 0 for all */
};

static Oid number_of(const char *text)
{
    return text != NULL ? (Oid)strtoul(text, NULL, 10) : 0;
}

static bool add_row(void *context, size_t columns, const char *const *values)
{
    struct catalog *catalog = context;
    struct row row = {.catalog = number_of(values[1]),
                      .oid = number_of(values[2]),
                      .relation = number_of(values[3]),
                      .place = catalog->count};

    (void)columns;
    if (strcmp(values[0], "t") == 0)
        catalog->more = true;
    if (values[4] == NULL && row.oid == 0)
        return true;
    if (values[4] != NULL)
        row.line = arena_strdup(catalog->arena, values[4]);
    if (catalog->count == catalog->room) {
        catalog->room = catalog->room != 0 ? catalog->room * 2 : 256;
        catalog->rows = xreallocarray(catalog->rows, catalog->room, sizeof row);
    }
    catalog->rows[catalog->count++] = row;
    return true;
}

static int compare_numbers(Oid a, Oid b)
{
    return (a > b) - (a < b);
}

/* Members of extensions stand before what they are. */
static int by_object(const void *left, const void *right)
{
    const struct row *a = left;
    const struct row *b = right;
    int order = compare_numbers(a->catalog, b->catalog);

    if (order == 0)
        order = compare_numbers(a->oid, b->oid);
    return order != 0 ? order : (a->line != NULL) - (b->line != NULL);
}

/* The first row of an object among rows sorted by object; NULL if there is none. */
static const struct row *find(const struct catalog *catalog, Oid number, Oid oid)
{
    size_t low = 0;
    size_t high = catalog->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct row *row = &catalog->rows[middle];
        int order = compare_numbers(row->catalog, number);

        if (order == 0)
            order = compare_numbers(row->oid, oid);
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    const struct row *found = &catalog->rows[low];
    bool same = low < catalog->count && found->catalog == number && found->oid == oid;
    return same ? found : NULL;
}

/* Whether the object is known and no member of an extension. */
static bool stands_alone(const struct catalog *catalog, Oid number, Oid oid)
{
    const struct row *row = find(catalog, number, oid);

    return row != NULL && row->line != NULL;
}

static bool belongs(const struct catalog *catalog, const struct row *row)
{
    if (row->line == NULL)
        return false;
    if (row->oid != 0 && !stands_alone(catalog, row->catalog, row->oid))
        return false;
    return row->relation == 0 || stands_alone(catalog, CATALOG_OF_RELATIONS, row->relation);
}

/* Each line is one object: what breaks lines in a body is written out. */
static void append_line(struct buffer *out, const char *text)
{
    while (*text != '\0') {
        size_t plain = strcspn(text, "\n\r\\");

        buffer_append(out, text, plain);
        text += plain;
        if (*text == '\0')
            break;
        buffer_append_text(out, *text == '\n' ? "\\n" : *text == '\r' ? "\\r" : "\\\\");
        text++;
    }
    buffer_append_char(out, '\n');
}

static void write_lines(const struct catalog *catalog, struct buffer *out)
{
    if (catalog->count == 0)
        return;
    const char **lines = xcalloc(catalog->count, sizeof *lines);
    qsort(catalog->rows, catalog->count, sizeof *catalog->rows, by_object);
    for (size_t i = 0; i < catalog->count; i++)
        if (belongs(catalog, &catalog->rows[i]))
            lines[catalog->rows[i].place] = catalog->rows[i].line;
    for (size_t i = 0; i < catalog->count; i++)
        if (lines[i] != NULL)
            append_line(out, lines[i]);
    free(lines);
}

static bool take_schema(void *context, size_t columns, const char *const *values)
{
    struct catalog *catalog = context;

    (void)columns;
    catalog->schema = number_of(values[0]);
    return true;
}

static bool find_schema(struct postgresql_session *session, struct catalog *catalog,
                        struct error *err)
{
    const char *const parameters[] = {session->schema};

    return postgresql_query(&session->base, "SELECT pg_catalog.to_regnamespace($1)::oid",
                            parameters, 1, take_schema, catalog, err);
}

/*
 * The server's functions print a name without its schema when the search_path finds it: never for a
 * whole database, always for a target that is one schema. Constants follow other settings. All are
 * taken back without a trace: by a savepoint in a transaction, else by the end of the message.
 */
static void append_settings(const struct postgresql_session *session, struct buffer *out)
{
    const char *schema = session->base.target->schema != NULL ? session->schema : "''";

    buffer_printf(out,
                  "SET LOCAL search_path TO %s; SET LOCAL jit TO off; SET LOCAL datestyle TO iso;"
                  " SET LOCAL intervalstyle TO postgres; SET LOCAL timezone TO utc;"
                  " SET LOCAL extra_float_digits TO 1; SET LOCAL bytea_output TO hex;"
                  " SET LOCAL quote_all_identifiers TO off;",
                  schema);
}

/* The statements of a text, each of which the server may keep planned. */
static bool append_statements(struct postgresql_session *session, const struct catalog *catalog,
                              const char *text, struct buffer *out, struct error *err)
{
    static const char end[] = ";\n\n";
    AUTO_BUFFER struct buffer all = {0};
    char schema[16];
    const char *const parameters[] = {schema};

    snprintf(schema, sizeof schema, "%u", catalog->schema);
    if (!postgresql_expand(session, text, parameters, COUNT_OF(parameters), &all, err))
        return false;
    for (char *next = all.bytes; next != NULL;) {
        char *statement = strstr(next, "SELECT");

        next = strstr(statement, end);
        if (next != NULL) {
            *next = '\0';
            next += strlen(end);
        }
        if (!postgresql_append_statement(session, statement, NULL, 0, out, err))
            return false;
    }
    return true;
}

static bool read_catalog(struct postgresql_session *session, const char *text,
                         struct catalog *catalog, struct error *err)
{
    struct postgresql_outcome outcome = {.row = add_row, .context = catalog};
    AUTO_BUFFER struct buffer sql = {0};

    if (session->begun)
        buffer_append_text(&sql, "SAVEPOINT fleet_introspect;");
    append_settings(session, &sql);
    if (!append_statements(session, catalog, text, &sql, err) ||
        !postgresql_perform(session, buffer_text(&sql), POSTGRESQL_HASTY, &outcome, err))
        return false;
    if (session->begun)
        postgresql_defer(session,
                         "ROLLBACK TO SAVEPOINT fleet_introspect;"
                         "RELEASE SAVEPOINT fleet_introspect;",
                         2);
    return true;
}

static bool read_all(struct postgresql_session *session, struct catalog *catalog, struct error *err)
{
    if (session->base.target->schema != NULL) {
        if (!find_schema(session, catalog, err))
            return false;
        if (catalog->schema == 0)
            return true;
    }
    return read_catalog(session, text_postgresql_introspect, catalog, err) &&
           (!catalog->more || read_catalog(session, text_postgresql_introspect_rare, catalog, err));
}

bool postgresql_introspect(struct session *base, struct buffer *out, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct catalog catalog = {.arena = arena};
    bool ok = read_all(postgresql_session_of(base), &catalog, err);

    if (ok)
        write_lines(&catalog, out);
    free(catalog.rows);
    return ok;
}
