/* One index, which alone is changed in stages, and other sessions on the server. */
#include <stdlib.h>
#include <string.h>

#include "agents/engines/postgresql_session.h"

struct found_index {
    struct buffer *definition;
    struct buffer *name;
};

static bool take_index(void *context, size_t columns, const char *const *values)
{
    const struct found_index *found = context;

    (void)columns;
    if (found->definition != NULL)
        buffer_printf(found->definition, "%s%s\n", values[0],
                      strcmp(values[1], "t") == 0 ? "" : " INVALID");
    if (found->name != NULL)
        buffer_append_text(found->name, values[2]);
    return true;
}

/* A new index lies in the schema of its table, and is written without it. */
static bool find_index(struct session *base, const char *name, const char *table,
                       struct found_index *found, struct error *err)
{
    static const char alone[] =
        "SELECT pg_catalog.pg_get_indexdef(indexrelid), indisvalid, indexrelid::regclass"
        " FROM pg_catalog.pg_index WHERE indexrelid = pg_catalog.to_regclass($1)";
    static const char on_table[] =
        "SELECT pg_catalog.pg_get_indexdef(indexrelid), indisvalid, indexrelid::regclass"
        " FROM pg_catalog.pg_index WHERE indexrelid = (SELECT pg_catalog.to_regclass("
        "pg_catalog.concat(relnamespace::regnamespace, '.', $1::text)) FROM pg_catalog.pg_class"
        " WHERE oid = pg_catalog.to_regclass($2))";
    const char *const parameters[] = {name, table};
    bool bare = table == NULL || strchr(name, '.') != NULL;

    return postgresql_query(base, bare ? alone : on_table, parameters, bare ? 1 : 2, take_index,
                            found, err);
}

bool postgresql_describe(struct session *base, enum object_kind kind, const char *name,
                         const char *of, struct buffer *out, struct error *err)
{
    struct found_index found = {.definition = out};

    (void)kind;
    return find_index(base, name, of, &found, err) ||
           error_wrap(err, "cannot look at the index %s", name);
}

bool postgresql_drop_invalid(struct session *base, const char *name, const char *of,
                             struct error *err)
{
    AUTO_BUFFER struct buffer full_name = {0};
    AUTO_BUFFER struct buffer sql = {0};
    struct found_index found = {.name = &full_name};

    if (!find_index(base, name, of, &found, err))
        return false;
    if (full_name.length == 0)
        return true;
    buffer_printf(&sql, "DROP INDEX CONCURRENTLY %s", buffer_text(&full_name));
    return postgresql_run(base, buffer_text(&sql), sql.length, err) ||
           error_wrap(err, "cannot drop the index that an interrupted statement left");
}

static bool append_name(void *context, size_t columns, const char *const *values)
{
    (void)columns;
    buffer_printf(context, "%s %s", values[0], values[1]);
    return true;
}

/* A process number alone may soon be another's. */
#define PICK_SESSION                                      \
    "SELECT pid, extract(epoch FROM backend_start)::text" \
    " FROM pg_catalog.pg_stat_activity WHERE pid = "

bool postgresql_session_name(struct session *base, struct buffer *out, struct error *err)
{
    return postgresql_query(base, PICK_SESSION "pg_catalog.pg_backend_pid()", NULL, 0, append_name,
                            out, err) ||
           error_wrap(err, "cannot name the session");
}

bool postgresql_end_session(struct session *base, const char *name, const char *sql, size_t length,
                            bool *gone, struct error *err)
{
    static const char find[] = PICK_SESSION "$1";
    static const char end[] = "SELECT pg_catalog.pg_terminate_backend($1)";
    AUTO_BUFFER struct buffer found = {0};
    AUTO_BUFFER struct buffer pid = {0};
    struct error ignored = {0};

    (void)sql;
    (void)length;
    buffer_append(&pid, name, strcspn(name, " "));
    const char *const parameters[] = {buffer_text(&pid)};
    *gone = true;
    if (atoi(parameters[0]) == 0)
        return true;
    if (!postgresql_query(base, find, parameters, 1, append_name, &found, err))
        return error_wrap(err, "cannot look for the session that began the statement");
    *gone = strcmp(buffer_text(&found), name) != 0;
    /* Another role's session may not be ended by ours; it is waited for all the same. */
    if (!*gone)
        (void)!postgresql_query(base, end, parameters, 1, NULL, NULL, &ignored);
    return true;
}
