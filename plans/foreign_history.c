#include "plans/foreign_history.h"

#include <stdio.h>
#include <string.h>

#include "common/buffer.h"

/* The table stands between the two, as h. */
static const struct {
    const char *columns;
    const char *rest;
    const char *places[ENGINE_KIND_COUNT];
} tools[FOREIGN_TOOL_COUNT] = {
    [FOREIGN_GOLANG_MIGRATE] = {"h.version, CASE WHEN h.dirty THEN 'dirty' ELSE 'reached' END",
                                "",
                                {"schema_migrations", "schema_migrations", "schema_migrations"}},
    [FOREIGN_DBMATE] = {"h.version, 'applied'",
                        " ORDER BY h.version",
                        {"schema_migrations", "schema_migrations", "schema_migrations"}},
    [FOREIGN_GOOSE] = {"h.version_id, CASE WHEN h.is_applied THEN 'applied' ELSE 'reverted' END",
                       " ORDER BY h.id",
                       {"goose_db_version", "goose_db_version", "goose_db_version"}},
    /* Repeatables have no version. */
    [FOREIGN_FLYWAY] = {"h.version, CASE WHEN NOT h.success THEN 'failed'"
                        " WHEN h.type LIKE '%BASELINE' THEN 'reached'"
                        " WHEN h.type LIKE 'UNDO%' OR h.type = 'DELETE' THEN 'reverted'"
                        " ELSE 'applied' END",
                        " WHERE h.version IS NOT NULL ORDER BY h.installed_rank",
                        {"flyway_schema_history", "flyway_schema_history",
                         "flyway_schema_history"}},
    [FOREIGN_DIESEL] = {"h.version, 'applied'",
                        " ORDER BY h.version",
                        {"__diesel_schema_migrations", "__diesel_schema_migrations",
                         "__diesel_schema_migrations"}},
    [FOREIGN_SQITCH] = {"h.change, 'applied'",
                        " ORDER BY h.committed_at",
                        {"sqitch.changes", "sqitch.changes", NULL}},
};

static const struct {
    char quote;
    const char *probe;
} dialects[ENGINE_KIND_COUNT] = {
    [ENGINE_POSTGRESQL] = {'"', "SELECT 1 WHERE to_regclass(concat(quote_ident(nullif($1, '')) ||"
                                " '.', quote_ident($2))) IS NOT NULL"},
    [ENGINE_MYSQL] = {'`', "SELECT 1 FROM information_schema.tables WHERE table_schema ="
                           " coalesce(nullif($1, ''), database()) AND table_name = $2"},
    [ENGINE_SQLITE] = {'"', "SELECT 1 FROM pragma_table_list WHERE schema ="
                            " coalesce(nullif($1, ''), 'main') AND lower(name) = lower($2)"},
};

const char *foreign_history_usual(enum foreign_tool tool, enum engine_kind engine)
{
    return tools[tool].places[engine];
}

bool foreign_history_place(const struct foreign_request *request, enum engine_kind engine,
                           struct foreign_place *place, struct error *err)
{
    const char *text =
        *request->table != '\0' ? request->table : tools[request->tool].places[engine];

    if (text == NULL)
        return error_set(err, ERROR_UNSUPPORTED,
                         "%s keeps its history of %s outside the target's database, so it cannot "
                         "be asked",
                         foreign_tool_name(request->tool), engine_kind_name(engine));
    if (!foreign_table_is_valid(text))
        return error_set(err, ERROR_USAGE, "\"%s\" is not the name of a table", text);

    const char *dot = strchr(text, '.');
    int schema_length = dot != NULL ? (int)(dot - text) : 0;
    snprintf(place->schema, sizeof place->schema, "%.*s", schema_length, text);
    snprintf(place->table, sizeof place->table, "%s", dot != NULL ? dot + 1 : text);
    return true;
}

const char *foreign_history_probe(enum engine_kind engine)
{
    return dialects[engine].probe;
}

/* A place has no character that would need escaping. */
static void append_quoted(struct buffer *out, const char *name, char quote)
{
    buffer_append_char(out, quote);
    buffer_append_text(out, name);
    buffer_append_char(out, quote);
}

char *foreign_history_query(enum foreign_tool tool, enum engine_kind engine,
                            const struct foreign_place *place)
{
    struct buffer query AUTO_BUFFER = {0};
    char quote = dialects[engine].quote;

    buffer_printf(&query, "SELECT %s FROM ", tools[tool].columns);
    if (*place->schema != '\0') {
        append_quoted(&query, place->schema, quote);
        buffer_append_char(&query, '.');
    }
    append_quoted(&query, place->table, quote);
    buffer_printf(&query, " h%s", tools[tool].rest);
    return buffer_take(&query);
}
