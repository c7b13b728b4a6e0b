#include <string.h>

#include "agents/engines/postgresql_session.h"
#include "common/memory.h"
#include "embedded.h"

/* Each line is one object: what breaks lines in a body is written out. */
static bool add_line(void *context, size_t columns, const char *const *values)
{
    struct buffer *out = context;
    const char *text = values[0];

    (void)columns;
    while (text != NULL && *text != '\0') {
        size_t plain = strcspn(text, "\n\r\\");

        buffer_append(out, text, plain);
        text += plain;
        if (*text == '\0')
            break;
        buffer_append_text(out, *text == '\n' ? "\\n" : *text == '\r' ? "\\r" : "\\\\");
        text++;
    }
    buffer_append_char(out, '\n');
    return true;
}

/*
 * The server's functions print a name without its schema when the search_path finds it: never for a
 * whole database, always for a target that is one schema. The settings are taken back without a
 * trace: by a savepoint in a transaction, else by the end of the message, which is one by itself.
 * Compiling the query with JIT would take longer than running it.
 */
bool postgresql_introspect(struct session *base, struct buffer *out, struct error *err)
{
    struct postgresql_session *session = postgresql_session_of(base);
    const char *schema = base->target->schema;
    const char *const parameters[] = {schema, schema, schema, schema, schema};
    struct postgresql_outcome outcome = {.row = add_line, .context = out};
    AUTO_BUFFER struct buffer sql = {0};

    if (session->begun)
        buffer_append_text(&sql, "SAVEPOINT fleet_introspect;");
    buffer_printf(&sql,
                  "SET LOCAL search_path TO %s%spg_temp; SET LOCAL jit TO off;"
                  " SET LOCAL quote_all_identifiers TO off;",
                  schema != NULL ? session->schema : "", schema != NULL ? ", " : "");
    if (!postgresql_expand(session, text_postgresql_introspect, parameters, COUNT_OF(parameters),
                           &sql, err))
        return false;
    if (session->begun)
        buffer_append_text(&sql, "; ROLLBACK TO SAVEPOINT fleet_introspect;"
                                 " RELEASE SAVEPOINT fleet_introspect");
    return postgresql_perform(session, buffer_text(&sql), POSTGRESQL_HASTY, &outcome, err);
}
