#include "plans/schema/render.h"

#include <string.h>

/* SQLite keeps numbers of 15 digits exactly; https://www.sqlite.org/floatingpoint.html */
enum { SQLITE_DIGITS = 15 };

/* Without size and scale. NULL is what the engine has no type for. */
static const char *const type_names[TYPE_KIND_COUNT][ENGINE_KIND_COUNT] = {
    [TYPE_SMALLINT] = {"smallint", "smallint", "SMALLINT"},
    [TYPE_INTEGER] = {"integer", "int", "INTEGER"},
    [TYPE_BIGINT] = {"bigint", "bigint", "BIGINT"},
    [TYPE_DECIMAL] = {"numeric", "decimal", "NUMERIC"},
    [TYPE_REAL] = {"real", "float", "REAL"},
    [TYPE_DOUBLE] = {"double precision", "double", "REAL"},
    [TYPE_BOOLEAN] = {"boolean", "tinyint(1)", "BOOLEAN"},
    [TYPE_CHAR] = {"char", "char", "CHAR"},
    [TYPE_VARCHAR] = {"varchar", "varchar", "VARCHAR"},
    [TYPE_TEXT] = {"text", "longtext", "TEXT"},
    [TYPE_BLOB] = {"bytea", "longblob", "BLOB"},
    [TYPE_DATE] = {"date", "date", "TEXT"},
    [TYPE_TIME] = {"time", "time(6)", "TEXT"},
    [TYPE_TIMESTAMP] = {"timestamp", "datetime(6)", "TEXT"},
    [TYPE_TIMESTAMP_ZONED] = {"timestamp with time zone", NULL, NULL},
    [TYPE_UUID] = {"uuid", "char(36) CHARACTER SET ascii", "TEXT"},
    [TYPE_JSON] = {"jsonb", "json", "TEXT"},
};

struct renderer {
    enum engine_kind engine;
    struct buffer *out;
    struct error *err;
};

static void put(const struct renderer *renderer, const char *text)
{
    buffer_append_text(renderer->out, text);
}

static void put_quoted(const struct renderer *renderer, const char *text, char quote)
{
    buffer_append_char(renderer->out, quote);
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == quote || (*c == '\\' && quote == '\'' && renderer->engine == ENGINE_MYSQL))
            buffer_append_char(renderer->out, *c);
        buffer_append_char(renderer->out, *c);
    }
    buffer_append_char(renderer->out, quote);
}

static void put_name(const struct renderer *renderer, const char *name)
{
    put_quoted(renderer, name, renderer->engine == ENGINE_MYSQL ? '`' : '"');
}

static void put_names(const struct renderer *renderer, const struct name_list *names)
{
    put(renderer, "(");
    for (size_t i = 0; i < names->count; i++) {
        put(renderer, i > 0 ? ", " : "");
        put_name(renderer, names->items[i]);
    }
    put(renderer, ")");
}

static bool put_type(const struct renderer *renderer, const struct column *column)
{
    const char *name = type_names[column->type][renderer->engine];

    if (name == NULL)
        return error_set(renderer->err, ERROR_UNSUPPORTED,
                         "%s has no type for TIMESTAMP WITH TIME ZONE, of column \"%s\": make it "
                         "TIMESTAMP and keep UTC in it",
                         engine_kind_name(renderer->engine), column->name);
    if (renderer->engine == ENGINE_SQLITE && column->type == TYPE_DECIMAL &&
        column->size > SQLITE_DIGITS)
        return error_set(renderer->err, ERROR_UNSUPPORTED,
                         "sqlite keeps %d digits of a DECIMAL and column \"%s\" has %d",
                         SQLITE_DIGITS, column->name, column->size);
    put(renderer, name);
    if (column->type == TYPE_DECIMAL)
        buffer_printf(renderer->out, "(%d, %d)", column->size, column->scale);
    else if (column->size > 0)
        buffer_printf(renderer->out, "(%d)", column->size);
    return true;
}

static void put_default(const struct renderer *renderer, const struct column *column)
{
    /* MySQL takes a default of these types as an expression only. */
    bool in_brackets = renderer->engine == ENGINE_MYSQL && column->default_kind == DEFAULT_STRING &&
                       (column->type == TYPE_TEXT || column->type == TYPE_JSON);

    if (column->default_kind == DEFAULT_NONE)
        return;
    put(renderer, in_brackets ? " DEFAULT (" : " DEFAULT ");
    if (column->default_kind == DEFAULT_STRING)
        put_quoted(renderer, column->default_text, '\'');
    else if (column->default_kind == DEFAULT_LITERAL)
        put(renderer, column->default_text);
    else
        put(renderer,
            renderer->engine == ENGINE_MYSQL ? "CURRENT_TIMESTAMP(6)" : "CURRENT_TIMESTAMP");
    put(renderer, in_brackets ? ")" : "");
}

/* SQLite would store anything: what the type promises is checked. */
static void put_sqlite_check(const struct renderer *renderer, const struct column *column)
{
    if (column->type == TYPE_BOOLEAN) {
        put(renderer, " CHECK (");
        put_name(renderer, column->name);
        put(renderer, " IN (0, 1))");
    } else if (column->type == TYPE_CHAR || column->type == TYPE_VARCHAR) {
        put(renderer, " CHECK (length(");
        put_name(renderer, column->name);
        buffer_printf(renderer->out, ") <= %d)", column->size);
    } else if (column->type == TYPE_JSON) {
        put(renderer, " CHECK (");
        put_name(renderer, column->name);
        put(renderer, " IS NULL OR json_valid(");
        put_name(renderer, column->name);
        put(renderer, "))");
    }
}

static bool put_identity(const struct renderer *renderer, const struct column *column)
{
    if (column->identity_always && renderer->engine != ENGINE_POSTGRESQL)
        return error_set(renderer->err, ERROR_UNSUPPORTED,
                         "%s cannot refuse given values for column \"%s\": make it GENERATED BY "
                         "DEFAULT AS IDENTITY",
                         engine_kind_name(renderer->engine), column->name);
    if (renderer->engine == ENGINE_SQLITE)
        put(renderer, " PRIMARY KEY AUTOINCREMENT");
    else if (renderer->engine == ENGINE_MYSQL)
        put(renderer, " AUTO_INCREMENT");
    else
        put(renderer, column->identity_always ? " GENERATED ALWAYS AS IDENTITY"
                                              : " GENERATED BY DEFAULT AS IDENTITY");
    return true;
}

static bool put_column(const struct renderer *renderer, const struct column *column)
{
    put_name(renderer, column->name);
    put(renderer, " ");
    if (column->identity && renderer->engine == ENGINE_SQLITE)
        put(renderer, "INTEGER"); /* the only type that SQLite numbers */
    else if (!put_type(renderer, column))
        return false;
    put(renderer, column->not_null ? " NOT NULL" : "");
    put_default(renderer, column);
    if (renderer->engine == ENGINE_SQLITE)
        put_sqlite_check(renderer, column);
    return !column->identity || put_identity(renderer, column);
}

static void put_constraint(const struct renderer *renderer, const struct constraint *constraint)
{
    static const char *const words[] = {"PRIMARY KEY ", "UNIQUE ", "FOREIGN KEY "};

    if (constraint->name != NULL) {
        put(renderer, "CONSTRAINT ");
        put_name(renderer, constraint->name);
        put(renderer, " ");
    }
    put(renderer, words[constraint->kind]);
    put_names(renderer, &constraint->columns);
    if (constraint->kind != CONSTRAINT_FOREIGN_KEY)
        return;
    put(renderer, " REFERENCES ");
    put_name(renderer, constraint->other_table);
    put(renderer, " ");
    put_names(renderer, &constraint->other_columns);
    if (constraint->on_delete != NULL)
        buffer_printf(renderer->out, " ON DELETE %s", constraint->on_delete);
    if (constraint->on_update != NULL)
        buffer_printf(renderer->out, " ON UPDATE %s", constraint->on_update);
}

/* SQLite has the key of an identity in the column's line. */
static bool stands_in_column(const struct renderer *renderer, const struct table *table,
                             const struct constraint *constraint)
{
    if (renderer->engine != ENGINE_SQLITE || constraint->kind != CONSTRAINT_PRIMARY_KEY)
        return false;
    for (size_t i = 0; i < table->column_count; i++)
        if (table->columns[i].identity)
            return true;
    return false;
}

static bool put_create_table(const struct renderer *renderer, const struct table *table)
{
    put(renderer, "CREATE TABLE ");
    put_name(renderer, table->name);
    put(renderer, " (\n");
    for (size_t i = 0; i < table->column_count; i++) {
        put(renderer, i > 0 ? ",\n    " : "    ");
        if (!put_column(renderer, &table->columns[i]))
            return false;
    }
    for (size_t i = 0; i < table->constraint_count; i++) {
        if (stands_in_column(renderer, table, &table->constraints[i]))
            continue;
        put(renderer, ",\n    ");
        put_constraint(renderer, &table->constraints[i]);
    }
    put(renderer, "\n)");
    if (renderer->engine == ENGINE_MYSQL)
        put(renderer, " ENGINE=InnoDB DEFAULT CHARSET=utf8mb4");
    return true;
}

static void put_create_index(const struct renderer *renderer, const struct index *index)
{
    put(renderer, index->unique ? "CREATE UNIQUE INDEX " : "CREATE INDEX ");
    put_name(renderer, index->name);
    put(renderer, " ON ");
    put_name(renderer, index->table);
    put(renderer, " (");
    for (size_t i = 0; i < index->columns.count; i++) {
        put(renderer, i > 0 ? ", " : "");
        put_name(renderer, index->columns.items[i]);
        put(renderer, index->descending[i] ? " DESC" : "");
    }
    put(renderer, ")");
}

static void put_drop_index(const struct renderer *renderer, const struct operation *operation)
{
    put(renderer, "DROP INDEX ");
    put_name(renderer, operation->name);
    if (renderer->engine != ENGINE_MYSQL)
        return;
    put(renderer, " ON ");
    put_name(renderer, operation->table);
}

static bool put_alter_table(const struct renderer *renderer, const struct operation *operation)
{
    put(renderer, "ALTER TABLE ");
    put_name(renderer, operation->table);
    if (operation->kind == OPERATION_ADD_COLUMN) {
        put(renderer, " ADD COLUMN ");
        return put_column(renderer, &operation->column);
    }
    if (operation->kind == OPERATION_DROP_COLUMN) {
        put(renderer, " DROP COLUMN ");
        put_name(renderer, operation->name);
        return true;
    }
    put(renderer, " RENAME ");
    if (operation->kind == OPERATION_RENAME_COLUMN) {
        put(renderer, "COLUMN ");
        put_name(renderer, operation->name);
        put(renderer, " ");
    }
    put(renderer, "TO ");
    put_name(renderer, operation->new_name);
    return true;
}

bool render_operation(enum engine_kind engine, const struct operation *operation,
                      struct buffer *out, struct error *err)
{
    struct renderer renderer = {engine, out, err};
    bool done = true;

    switch (operation->kind) {
    case OPERATION_CREATE_TABLE:
        done = put_create_table(&renderer, &operation->created);
        break;
    case OPERATION_DROP_TABLE:
        put(&renderer, "DROP TABLE ");
        put_name(&renderer, operation->table);
        break;
    case OPERATION_CREATE_INDEX:
        put_create_index(&renderer, &operation->index);
        break;
    case OPERATION_DROP_INDEX:
        put_drop_index(&renderer, operation);
        break;
    case OPERATION_RENAME_TABLE:
    case OPERATION_ADD_COLUMN:
    case OPERATION_DROP_COLUMN:
    case OPERATION_RENAME_COLUMN:
        done = put_alter_table(&renderer, operation);
        break;
    }
    put(&renderer, ";\n");
    return done;
}
