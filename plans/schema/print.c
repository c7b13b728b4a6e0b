#include "plans/schema/print.h"

#include <string.h>

#include "common/memory.h"
#include "plans/schema/order.h"

/* Unquoted these would be read as what they are in the language. */
static const char *const words[] = {"abs",        "add",        "alter",     "always",
                                    "and",        "as",         "asc",       "between",
                                    "by",         "cascade",    "check",     "coalesce",
                                    "column",     "constraint", "create",    "current_timestamp",
                                    "data",       "default",    "desc",      "drop",
                                    "false",      "foreign",    "generated", "identity",
                                    "in",         "index",      "is",        "key",
                                    "length",     "like",       "lower",     "not",
                                    "null",       "on",         "or",        "primary",
                                    "references", "rename",     "set",       "table",
                                    "to",         "true",       "type",      "unique",
                                    "upper",      "with"};

static const char *const type_names[TYPE_KIND_COUNT] = {
    [TYPE_SMALLINT] = "SMALLINT",
    [TYPE_INTEGER] = "INTEGER",
    [TYPE_BIGINT] = "BIGINT",
    [TYPE_DECIMAL] = "DECIMAL",
    [TYPE_REAL] = "REAL",
    [TYPE_DOUBLE] = "DOUBLE PRECISION",
    [TYPE_BOOLEAN] = "BOOLEAN",
    [TYPE_CHAR] = "CHAR",
    [TYPE_VARCHAR] = "VARCHAR",
    [TYPE_TEXT] = "TEXT",
    [TYPE_BLOB] = "BLOB",
    [TYPE_DATE] = "DATE",
    [TYPE_TIME] = "TIME",
    [TYPE_TIMESTAMP] = "TIMESTAMP",
    [TYPE_TIMESTAMP_ZONED] = "TIMESTAMP WITH TIME ZONE",
    [TYPE_UUID] = "UUID",
    [TYPE_JSON] = "JSON",
};

static void put(struct buffer *out, const char *text)
{
    buffer_append_text(out, text);
}

static void put_quoted(struct buffer *out, const char *text, char quote)
{
    buffer_append_char(out, quote);
    for (; *text != '\0'; text++) {
        if (*text == quote)
            buffer_append_char(out, quote);
        buffer_append_char(out, *text);
    }
    buffer_append_char(out, quote);
}

static bool needs_quotes(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz_";

    if (strchr(letters, name[0]) == NULL ||
        name[strspn(name, "abcdefghijklmnopqrstuvwxyz_0123456789")] != '\0')
        return true;
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (strcmp(words[i], name) == 0)
            return true;
    return false;
}

static void put_name(struct buffer *out, const char *name)
{
    if (needs_quotes(name))
        put_quoted(out, name, '"');
    else
        put(out, name);
}

static void put_names(struct buffer *out, const struct name_list *names)
{
    put(out, "(");
    for (size_t i = 0; i < names->count; i++) {
        put(out, i > 0 ? ", " : "");
        put_name(out, names->items[i]);
    }
    put(out, ")");
}

/* Conditions. */

static void put_expression(struct buffer *out, const struct name_list *columns,
                           const struct expression *expression);

static bool needs_brackets(const struct expression *expression)
{
    return expression->kind != EXPRESSION_COLUMN && expression->kind != EXPRESSION_LITERAL &&
           expression->kind != EXPRESSION_STRING && expression->kind != EXPRESSION_FUNCTION;
}

static void put_operand(struct buffer *out, const struct name_list *columns,
                        const struct expression *operand)
{
    bool brackets = needs_brackets(operand);

    put(out, brackets ? "(" : "");
    put_expression(out, columns, operand);
    put(out, brackets ? ")" : "");
}

static void put_operands(struct buffer *out, const struct name_list *columns,
                         const struct expression *expression, size_t from, const char *between)
{
    for (size_t i = from; i < expression->count; i++) {
        put(out, i > from ? between : "");
        put_operand(out, columns, &expression->operands[i]);
    }
}

static void put_operator(struct buffer *out, const struct name_list *columns,
                         const struct expression *expression)
{
    AUTO_BUFFER struct buffer between = {0};

    if (expression->count == 1) {
        put(out, expression->text);
        put(out, strcmp(expression->text, "NOT") == 0 ? " " : "");
        put_operand(out, columns, &expression->operands[0]);
        return;
    }
    buffer_printf(&between, " %s ", expression->text);
    put_operands(out, columns, expression, 0, buffer_text(&between));
}

static void put_call(struct buffer *out, const struct name_list *columns,
                     const struct expression *expression)
{
    put(out, expression->text);
    put(out, "(");
    put_operands(out, columns, expression, 0, ", ");
    put(out, ")");
}

/* A condition of a first operand. */
static void put_condition(struct buffer *out, const struct name_list *columns,
                          const struct expression *expression)
{
    bool is_in = expression->kind == EXPRESSION_IN;

    put_operand(out, columns, &expression->operands[0]);
    if (expression->kind == EXPRESSION_IS_NULL) {
        put(out, expression->negated ? " IS NOT NULL" : " IS NULL");
        return;
    }
    put(out, expression->negated ? " NOT" : "");
    put(out, is_in ? " IN (" : expression->kind == EXPRESSION_BETWEEN ? " BETWEEN " : " LIKE ");
    put_operands(out, columns, expression, 1, is_in ? ", " : " AND ");
    put(out, is_in ? ")" : "");
}

static void put_expression(struct buffer *out, const struct name_list *columns,
                           const struct expression *expression)
{
    switch (expression->kind) {
    case EXPRESSION_COLUMN:
        put_name(out, columns->items[expression->column]);
        break;
    case EXPRESSION_LITERAL:
        put(out, expression->text);
        break;
    case EXPRESSION_STRING:
        put_quoted(out, expression->text, '\'');
        break;
    case EXPRESSION_OPERATOR:
        put_operator(out, columns, expression);
        break;
    case EXPRESSION_FUNCTION:
        put_call(out, columns, expression);
        break;
    case EXPRESSION_IS_NULL:
    case EXPRESSION_IN:
    case EXPRESSION_BETWEEN:
    case EXPRESSION_LIKE:
        put_condition(out, columns, expression);
        break;
    }
}

/* Columns and constraints. */

static void put_type(struct buffer *out, const struct column *column)
{
    put(out, type_names[column->type]);
    if (column->type == TYPE_DECIMAL)
        buffer_printf(out, "(%d, %d)", column->size, column->scale);
    else if (column->size > 0)
        buffer_printf(out, "(%d)", column->size);
}

static void put_default(struct buffer *out, const struct column *column)
{
    if (column->default_kind == DEFAULT_STRING)
        put_quoted(out, column->default_text, '\'');
    else
        put(out,
            column->default_kind == DEFAULT_LITERAL ? column->default_text : "CURRENT_TIMESTAMP");
}

static bool is_key_of(const struct table *table, const char *column)
{
    for (size_t i = 0; table != NULL && i < table->constraint_count; i++) {
        const struct constraint *key = &table->constraints[i];

        if (key->kind == CONSTRAINT_PRIMARY_KEY && key->columns.count == 1 && key->name == NULL &&
            strcmp(key->columns.items[0], column) == 0)
            return true;
    }
    return false;
}

/* table is NULL for a column that is added. */
static void put_column(struct buffer *out, const struct table *table, const struct column *column)
{
    bool is_key = is_key_of(table, column->name);

    put_name(out, column->name);
    put(out, " ");
    put_type(out, column);
    if (column->identity)
        put(out, column->identity_always ? " GENERATED ALWAYS AS IDENTITY"
                                         : " GENERATED BY DEFAULT AS IDENTITY");
    if (column->default_kind != DEFAULT_NONE) {
        put(out, " DEFAULT ");
        put_default(out, column);
    }
    put(out, is_key ? " PRIMARY KEY" : column->not_null ? " NOT NULL" : "");
}

static void put_reference(struct buffer *out, const struct constraint *constraint)
{
    put(out, " REFERENCES ");
    put_name(out, constraint->other_table);
    put(out, " ");
    put_names(out, &constraint->other_columns);
    if (constraint->on_delete != NULL)
        buffer_printf(out, " ON DELETE %s", constraint->on_delete);
    if (constraint->on_update != NULL)
        buffer_printf(out, " ON UPDATE %s", constraint->on_update);
}

static void put_constraint(struct buffer *out, const struct constraint *constraint, bool named)
{
    static const char *const kinds[] = {"PRIMARY KEY ", "UNIQUE ", "FOREIGN KEY ", "CHECK ("};

    if (named) {
        put(out, "CONSTRAINT ");
        put_name(out, constraint->name);
        put(out, " ");
    }
    put(out, kinds[constraint->kind]);
    if (constraint->kind == CONSTRAINT_CHECK) {
        put_expression(out, &constraint->columns, constraint->check);
        put(out, ")");
        return;
    }
    put_names(out, &constraint->columns);
    if (constraint->kind == CONSTRAINT_FOREIGN_KEY)
        put_reference(out, constraint);
}

static bool stands_in_column(const struct constraint *constraint)
{
    return constraint->kind == CONSTRAINT_PRIMARY_KEY && constraint->columns.count == 1 &&
           constraint->name == NULL;
}

/* left_out are foreign keys that come later, by their places; NULL: none. */
static void put_table(struct buffer *out, const struct table *table, const bool *left_out)
{
    const char *between = "\n    ";

    put(out, "CREATE TABLE ");
    put_name(out, table->name);
    put(out, " (");
    for (size_t i = 0; i < table->column_count; i++) {
        put(out, between);
        between = ",\n    ";
        put_column(out, table, &table->columns[i]);
    }
    for (size_t i = 0; i < table->constraint_count; i++) {
        if (stands_in_column(&table->constraints[i]) || (left_out != NULL && left_out[i]))
            continue;
        put(out, between);
        between = ",\n    ";
        put_constraint(out, &table->constraints[i],
                       table->constraints[i].name != NULL && !table->constraints[i].derived);
    }
    put(out, "\n);\n");
}

static void put_index(struct buffer *out, const struct index *index)
{
    put(out, index->unique ? "CREATE UNIQUE INDEX " : "CREATE INDEX ");
    put_name(out, index->name);
    put(out, " ON ");
    put_name(out, index->table);
    put(out, " (");
    for (size_t i = 0; i < index->columns.count; i++) {
        put(out, i > 0 ? ", " : "");
        put_name(out, index->columns.items[i]);
        put(out, index->descending[i] ? " DESC" : "");
    }
    put(out, ");\n");
}

/* Operations on a table that is there. */

static void put_alteration(struct buffer *out, const struct operation *operation)
{
    const struct column *column = &operation->column;

    put(out, " ALTER COLUMN ");
    put_name(out, operation->name);
    if (operation->alteration == ALTER_TYPE) {
        put(out, " TYPE ");
        put_type(out, column);
    } else if (operation->alteration == ALTER_NOT_NULL) {
        put(out, column->not_null ? " SET NOT NULL" : " DROP NOT NULL");
    } else if (column->default_kind == DEFAULT_NONE) {
        put(out, " DROP DEFAULT");
    } else {
        put(out, " SET DEFAULT ");
        put_default(out, column);
    }
}

static void put_named(struct buffer *out, const char *what, const char *name)
{
    put(out, what);
    put_name(out, name);
}

static void put_alter(struct buffer *out, const struct operation *operation)
{
    put_named(out, "ALTER TABLE ", operation->table);
    if (operation->kind == OPERATION_RENAME_TABLE) {
        put_named(out, " RENAME TO ", operation->new_name);
    } else if (operation->kind == OPERATION_ADD_COLUMN) {
        put(out, " ADD COLUMN ");
        put_column(out, NULL, &operation->column);
    } else if (operation->kind == OPERATION_DROP_COLUMN) {
        put_named(out, " DROP COLUMN ", operation->name);
    } else if (operation->kind == OPERATION_RENAME_COLUMN) {
        put_named(out, " RENAME COLUMN ", operation->name);
        put_named(out, " TO ", operation->new_name);
    } else if (operation->kind == OPERATION_ADD_CONSTRAINT) {
        put(out, " ADD ");
        put_constraint(out, &operation->constraint, true);
    } else if (operation->kind == OPERATION_DROP_CONSTRAINT) {
        put_named(out, " DROP CONSTRAINT ", operation->name);
    } else {
        put_alteration(out, operation);
    }
    put(out, ";\n");
}

static void put_block(struct buffer *out, const struct block *block)
{
    buffer_printf(out, "ENGINE %s $$%s$$", engine_kind_name(block->engine), block->sql);
    if (block->undo != NULL)
        buffer_printf(out, " UNDO $$%s$$", block->undo);
    put(out, ";\n");
}

void print_operation(const struct operation *operation, struct buffer *out)
{
    if (operation->kind == OPERATION_CREATE_TABLE) {
        put_table(out, &operation->created, NULL);
    } else if (operation->kind == OPERATION_CREATE_INDEX) {
        put_index(out, &operation->index);
    } else if (operation->kind == OPERATION_DROP_TABLE) {
        put_named(out, "DROP TABLE ", operation->table);
        put(out, ";\n");
    } else if (operation->kind == OPERATION_DROP_INDEX) {
        put_named(out, "DROP INDEX ", operation->name);
        put(out, ";\n");
    } else if (operation->kind == OPERATION_BLOCK) {
        put_block(out, &operation->block);
    } else {
        put_alter(out, operation);
    }
}

static void put_indexes_of(const struct model *model, const struct table *table, struct buffer *out)
{
    for (size_t i = 0; i < model->index_count; i++)
        if (strcmp(model->indexes[i]->table, table->name) == 0)
            put_index(out, model->indexes[i]);
}

void print_model(const struct model *model, struct buffer *out)
{
    AUTO(arena) struct arena *arena = arena_new();
    const struct creation *creations = order_creations(arena, model);

    for (size_t i = 0; i < model->table_count; i++) {
        put(out, i > 0 ? "\n" : "");
        put_table(out, creations[i].table, creations[i].later);
        put_indexes_of(model, creations[i].table, out);
    }
    for (size_t i = 0; i < model->table_count; i++)
        for (size_t j = 0; j < creations[i].table->constraint_count; j++)
            if (creations[i].later[j])
                print_operation(
                    &(struct operation){.kind = OPERATION_ADD_CONSTRAINT,
                                        .table = creations[i].table->name,
                                        .name = creations[i].table->constraints[j].name,
                                        .constraint = creations[i].table->constraints[j]},
                    out);
}
