#include "plans/schema/render.h"

#include <string.h>

#include "common/diagnostics.h"
#include "plans/schema/render_engines.h"
#include "plans/script.h"

typedef bool render_function(struct renderer *renderer, const struct operation *operation);

static bool create_table(struct renderer *renderer, const struct operation *operation)
{
    return sql_create_table(renderer, operation->table, &operation->created);
}

static bool drop_table(struct renderer *renderer, const struct operation *operation)
{
    sql_put(renderer, "DROP TABLE ");
    sql_name(renderer, operation->table);
    sql_end(renderer);
    return true;
}

static bool rename_table(struct renderer *renderer, const struct operation *operation)
{
    sql_alter(renderer, operation->table, " RENAME TO ");
    sql_name(renderer, operation->new_name);
    sql_end(renderer);
    return true;
}

static bool add_column(struct renderer *renderer, const struct operation *operation)
{
    sql_alter(renderer, operation->table, " ADD COLUMN ");
    if (!sql_column(renderer, &operation->column))
        return false;
    sql_end(renderer);
    return true;
}

static bool drop_column(struct renderer *renderer, const struct operation *operation)
{
    sql_alter(renderer, operation->table, " DROP COLUMN ");
    sql_name(renderer, operation->name);
    sql_end(renderer);
    return true;
}

static bool rename_column(struct renderer *renderer, const struct operation *operation)
{
    sql_alter(renderer, operation->table, " RENAME COLUMN ");
    sql_name(renderer, operation->name);
    sql_put(renderer, " TO ");
    sql_name(renderer, operation->new_name);
    sql_end(renderer);
    return true;
}

static bool create_index(struct renderer *renderer, const struct operation *operation)
{
    sql_create_index(renderer, "", &operation->index);
    sql_end(renderer);
    return true;
}

static bool drop_index(struct renderer *renderer, const struct operation *operation)
{
    sql_put(renderer, "DROP INDEX ");
    sql_name(renderer, operation->name);
    sql_end(renderer);
    return true;
}

/* One statement, so that what takes it back is known by its number. */
static bool check_block(struct renderer *renderer, const char *sql)
{
    AUTO(arena) struct arena *arena = arena_new();
    AUTO(diagnostics) struct diagnostics *faults = diagnostics_new();
    struct script script;

    if (!script_parse(arena, renderer->engine, "", sql, strlen(sql), &script, faults))
        return error_set(renderer->err, ERROR_SYNTAX, "the block for %s: %s",
                         engine_kind_name(renderer->engine), diagnostics_at(faults, 0)->message);
    return (script.count == 1 && script.statements[0].role == STATEMENT_PLAIN &&
            strstr(sql, "-- fleet:") == NULL) ||
           error_set(renderer->err, ERROR_SYNTAX,
                     "the block for %s has to be one statement, without BEGIN, COMMIT and "
                     "directives",
                     engine_kind_name(renderer->engine));
}

static bool put_block(struct renderer *renderer, const struct operation *operation)
{
    const char *sql = operation->block.sql;

    if (operation->block.engine != renderer->engine)
        return true;
    if (!check_block(renderer, sql))
        return false;
    sql += strspn(sql, " \t\r\n");
    size_t length = strlen(sql);
    while (length > 0 && strchr("; \t\r\n", sql[length - 1]) != NULL)
        length--;
    buffer_append(renderer->out, sql, length);
    sql_put(renderer, strpbrk(sql, "-#") != NULL ? "\n" : ""); /* a comment would take the ";" */
    sql_end(renderer);
    return true;
}

static render_function *const functions[OPERATION_KIND_COUNT][ENGINE_KIND_COUNT] = {
    [OPERATION_CREATE_TABLE] = {create_table, mysql_create_table, create_table},
    [OPERATION_DROP_TABLE] = {drop_table, drop_table, drop_table},
    [OPERATION_RENAME_TABLE] = {rename_table, rename_table, rename_table},
    [OPERATION_ADD_COLUMN] = {add_column, mysql_add_column, sqlite_add_column},
    [OPERATION_DROP_COLUMN] = {drop_column, mysql_drop_column, drop_column},
    [OPERATION_RENAME_COLUMN] = {rename_column, mysql_rename_column, rename_column},
    [OPERATION_CREATE_INDEX] = {postgresql_create_index, mysql_create_index, create_index},
    [OPERATION_DROP_INDEX] = {postgresql_drop_index, mysql_drop_index, drop_index},
    [OPERATION_ADD_CONSTRAINT] = {postgresql_add_constraint, mysql_add_constraint, sqlite_rebuild},
    [OPERATION_DROP_CONSTRAINT] = {postgresql_drop_constraint, mysql_drop_constraint,
                                   sqlite_rebuild},
    [OPERATION_BLOCK] = {put_block, put_block, put_block},
    [OPERATION_ALTER_COLUMN] = {postgresql_alter_column, mysql_alter_column, sqlite_rebuild},
};

bool render_operation(enum engine_kind engine, enum render_mode mode,
                      const struct operation *operation, struct buffer *out, size_t *statements,
                      struct error *err)
{
    struct renderer renderer = {.engine = engine, .mode = mode, .out = out, .err = err};
    bool done = functions[operation->kind][engine](&renderer, operation);

    *statements += renderer.statements;
    return done;
}

bool render_rebuilds(enum engine_kind engine, const struct operation *operation)
{
    render_function *function = functions[operation->kind][engine];

    return function == sqlite_rebuild ||
           (function == sqlite_add_column && sqlite_adds_by_rebuild(operation));
}
