#include "plans/schema/render_sql.h"

#include <string.h>

#include "plans/schema/render_expression.h"

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

void sql_put(const struct renderer *renderer, const char *text)
{
    buffer_append_text(renderer->out, text);
}

void sql_end(struct renderer *renderer)
{
    sql_put(renderer, ";\n");
    renderer->statements++;
}

void sql_quoted(const struct renderer *renderer, const char *text, char quote)
{
    buffer_append_char(renderer->out, quote);
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == quote || (*c == '\\' && quote == '\'' && renderer->engine == ENGINE_MYSQL))
            buffer_append_char(renderer->out, *c);
        buffer_append_char(renderer->out, *c);
    }
    buffer_append_char(renderer->out, quote);
}

void sql_name(const struct renderer *renderer, const char *name)
{
    sql_quoted(renderer, name, renderer->engine == ENGINE_MYSQL ? '`' : '"');
}

void sql_names(const struct renderer *renderer, const struct name_list *names)
{
    sql_put(renderer, "(");
    for (size_t i = 0; i < names->count; i++) {
        sql_put(renderer, i > 0 ? ", " : "");
        sql_name(renderer, names->items[i]);
    }
    sql_put(renderer, ")");
}

void sql_alter(const struct renderer *renderer, const char *table, const char *what)
{
    sql_put(renderer, "ALTER TABLE ");
    sql_name(renderer, table);
    sql_put(renderer, what);
}

bool sql_type(const struct renderer *renderer, const struct column *column)
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
    sql_put(renderer, name);
    if (column->type == TYPE_DECIMAL)
        buffer_printf(renderer->out, "(%d, %d)", column->size, column->scale);
    else if (column->size > 0)
        buffer_printf(renderer->out, "(%d)", column->size);
    return true;
}

void sql_default(const struct renderer *renderer, const struct column *column)
{
    /* MySQL takes a default of these types as an expression only. */
    bool in_brackets = renderer->engine == ENGINE_MYSQL && column->default_kind == DEFAULT_STRING &&
                       (column->type == TYPE_TEXT || column->type == TYPE_JSON);

    if (column->default_kind == DEFAULT_NONE)
        return;
    sql_put(renderer, in_brackets ? " DEFAULT (" : " DEFAULT ");
    if (column->default_kind == DEFAULT_STRING)
        sql_quoted(renderer, column->default_text, '\'');
    else if (column->default_kind == DEFAULT_LITERAL)
        sql_put(renderer, column->default_text);
    else
        sql_put(renderer,
                renderer->engine == ENGINE_MYSQL ? "CURRENT_TIMESTAMP(6)" : "CURRENT_TIMESTAMP");
    sql_put(renderer, in_brackets ? ")" : "");
}

/* SQLite would store anything: what the type promises is checked. */
static void put_sqlite_check(const struct renderer *renderer, const struct column *column)
{
    if (column->type == TYPE_BOOLEAN) {
        sql_put(renderer, " CHECK (");
        sql_name(renderer, column->name);
        sql_put(renderer, " IN (0, 1))");
    } else if (column->type == TYPE_CHAR || column->type == TYPE_VARCHAR) {
        sql_put(renderer, " CHECK (length(");
        sql_name(renderer, column->name);
        buffer_printf(renderer->out, ") <= %d)", column->size);
    } else if (column->type == TYPE_JSON) {
        sql_put(renderer, " CHECK (");
        sql_name(renderer, column->name);
        sql_put(renderer, " IS NULL OR json_valid(");
        sql_name(renderer, column->name);
        sql_put(renderer, "))");
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
        sql_put(renderer, " PRIMARY KEY AUTOINCREMENT");
    else if (renderer->engine == ENGINE_MYSQL)
        sql_put(renderer, " AUTO_INCREMENT");
    else
        sql_put(renderer, column->identity_always ? " GENERATED ALWAYS AS IDENTITY"
                                                  : " GENERATED BY DEFAULT AS IDENTITY");
    return true;
}

bool sql_column(const struct renderer *renderer, const struct column *column)
{
    sql_name(renderer, column->name);
    sql_put(renderer, " ");
    if (column->identity && renderer->engine == ENGINE_SQLITE)
        sql_put(renderer, "INTEGER"); /* the only type that SQLite numbers */
    else if (!sql_type(renderer, column))
        return false;
    sql_put(renderer, column->not_null ? " NOT NULL" : "");
    sql_default(renderer, column);
    if (renderer->engine == ENGINE_SQLITE)
        put_sqlite_check(renderer, column);
    return !column->identity || put_identity(renderer, column);
}

void sql_constraint(const struct renderer *renderer, const struct constraint *constraint)
{
    static const char *const words[] = {"PRIMARY KEY ", "UNIQUE ", "FOREIGN KEY ", "CHECK ("};

    if (constraint->name != NULL) {
        sql_put(renderer, "CONSTRAINT ");
        sql_name(renderer, constraint->name);
        sql_put(renderer, " ");
    }
    sql_put(renderer, words[constraint->kind]);
    if (constraint->kind == CONSTRAINT_CHECK) {
        render_expression(renderer, constraint, constraint->check);
        sql_put(renderer, ")");
        return;
    }
    sql_names(renderer, &constraint->columns);
    if (constraint->kind != CONSTRAINT_FOREIGN_KEY)
        return;
    sql_put(renderer, " REFERENCES ");
    sql_name(renderer, constraint->other_table);
    sql_put(renderer, " ");
    sql_names(renderer, &constraint->other_columns);
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

/* InnoDB would make an index for a foreign key, and drop it in silence once another one serves. */
static void put_mysql_key(const struct renderer *renderer, const struct constraint *constraint)
{
    sql_put(renderer, ",\n    KEY ");
    sql_name(renderer, constraint->name);
    sql_put(renderer, " ");
    sql_names(renderer, &constraint->columns);
}

bool sql_create_table(struct renderer *renderer, const char *name, const struct table *table)
{
    bool is_mysql = renderer->engine == ENGINE_MYSQL;

    sql_put(renderer, "CREATE TABLE ");
    sql_name(renderer, name);
    sql_put(renderer, " (\n");
    for (size_t i = 0; i < table->column_count; i++) {
        sql_put(renderer, i > 0 ? ",\n    " : "    ");
        if (!sql_column(renderer, &table->columns[i]))
            return false;
    }
    for (size_t i = 0; i < table->constraint_count; i++) {
        if (stands_in_column(renderer, table, &table->constraints[i]))
            continue;
        if (is_mysql && table->constraints[i].kind == CONSTRAINT_FOREIGN_KEY)
            put_mysql_key(renderer, &table->constraints[i]);
        sql_put(renderer, ",\n    ");
        sql_constraint(renderer, &table->constraints[i]);
    }
    sql_put(renderer, is_mysql ? "\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4" : "\n)");
    sql_end(renderer);
    return true;
}

void sql_create_index(const struct renderer *renderer, const char *words, const struct index *index)
{
    sql_put(renderer, index->unique ? "CREATE UNIQUE INDEX " : "CREATE INDEX ");
    sql_put(renderer, words);
    sql_name(renderer, index->name);
    sql_put(renderer, " ON ");
    sql_name(renderer, index->table);
    sql_put(renderer, " (");
    for (size_t i = 0; i < index->columns.count; i++) {
        sql_put(renderer, i > 0 ? ", " : "");
        sql_name(renderer, index->columns.items[i]);
        sql_put(renderer, index->descending[i] ? " DESC" : "");
    }
    sql_put(renderer, ")");
}

static bool is_check_of(const struct constraint *constraint, const char *column)
{
    for (size_t i = 0; i < constraint->columns.count; i++)
        if (constraint->kind == CONSTRAINT_CHECK &&
            strcmp(constraint->columns.items[i], column) == 0)
            return true;
    return false;
}

size_t sql_drop_checks(const struct renderer *renderer, const struct table *table,
                       const char *column)
{
    size_t found = 0;

    for (size_t i = 0; table != NULL && i < table->constraint_count; i++) {
        if (!is_check_of(&table->constraints[i], column))
            continue;
        sql_put(renderer, ", DROP CONSTRAINT ");
        sql_name(renderer, table->constraints[i].name);
        found++;
    }
    return found;
}

void sql_add_checks(const struct renderer *renderer, const struct table *table, const char *column)
{
    for (size_t i = 0; table != NULL && i < table->constraint_count; i++) {
        if (!is_check_of(&table->constraints[i], column))
            continue;
        sql_put(renderer, ", ADD ");
        sql_constraint(renderer, &table->constraints[i]);
    }
}
