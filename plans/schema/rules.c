#include "plans/schema/rules.h"

#include <string.h>

struct column *rules_find_column(const struct table *table, const char *name)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (strcmp(table->columns[i].name, name) == 0)
            return &table->columns[i];
    return NULL;
}

static bool has_name(const struct name_list *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->items[i], name) == 0)
            return true;
    return false;
}

static bool default_fits(const struct column *column)
{
    bool is_boolean = column->type == TYPE_BOOLEAN;
    bool is_word =
        column->default_kind == DEFAULT_LITERAL && strchr("TF", column->default_text[0]) != NULL;

    switch (column->default_kind) {
    case DEFAULT_NONE:
        return true;
    case DEFAULT_LITERAL:
        return is_boolean ? is_word : !is_word && column->type <= TYPE_DOUBLE;
    case DEFAULT_STRING:
        return column->type > TYPE_BOOLEAN && column->type != TYPE_BLOB;
    case DEFAULT_CURRENT_TIMESTAMP:
        return column->type == TYPE_TIMESTAMP || column->type == TYPE_TIMESTAMP_ZONED;
    }
    return false;
}

static bool check_column(const struct column *column, struct error *err)
{
    if (!default_fits(column))
        return error_set(err, ERROR_CONFLICT,
                         "the default of column \"%s\" is not a value of its type", column->name);
    if (column->identity && (column->type > TYPE_BIGINT || column->default_kind != DEFAULT_NONE))
        return error_set(err, ERROR_CONFLICT,
                         "column \"%s\" is GENERATED AS IDENTITY: it has to be SMALLINT, INTEGER "
                         "or BIGINT, without a default",
                         column->name);
    return true;
}

bool rules_check_key(const struct table *table, const struct name_list *columns, struct error *err)
{
    for (size_t i = 0; i < columns->count; i++) {
        const struct column *column = rules_find_column(table, columns->items[i]);

        if (column == NULL)
            return error_set(err, ERROR_CONFLICT, "table \"%s\" has no column \"%s\"", table->name,
                             columns->items[i]);
        if (column->type == TYPE_TEXT || column->type == TYPE_BLOB || column->type == TYPE_JSON)
            return error_set(err, ERROR_CONFLICT,
                             "column \"%s\" is TEXT, BLOB or JSON, which not every engine can "
                             "index: make it VARCHAR",
                             column->name);
    }
    return true;
}

static bool check_target(const struct model *model, const struct table *table,
                         const struct constraint *constraint, struct error *err)
{
    const struct table *other = strcmp(constraint->other_table, table->name) == 0
                                    ? table
                                    : model_table(model, constraint->other_table);

    if (other != NULL)
        return rules_check_key(other, &constraint->other_columns, err);
    return model->open ||
           error_set(err, ERROR_CONFLICT, "there is no table \"%s\"", constraint->other_table);
}

static bool check_constraint(const struct model *model, struct table *table,
                             const struct constraint *constraint, struct error *err)
{
    if (!rules_check_key(table, &constraint->columns, err))
        return false;
    if (constraint->kind == CONSTRAINT_FOREIGN_KEY)
        return check_target(model, table, constraint, err);
    if (constraint->kind == CONSTRAINT_PRIMARY_KEY)
        for (size_t i = 0; i < constraint->columns.count; i++)
            rules_find_column(table, constraint->columns.items[i])->not_null = true;
    return true;
}

/* An identity is numbered by MySQL and SQLite as the sole primary key only. */
static bool check_primary_key(const struct table *table, struct error *err)
{
    const struct constraint *key = NULL;

    for (size_t i = 0; i < table->constraint_count; i++) {
        if (table->constraints[i].kind != CONSTRAINT_PRIMARY_KEY)
            continue;
        if (key != NULL)
            return error_set(err, ERROR_CONFLICT, "table \"%s\" has two primary keys", table->name);
        key = &table->constraints[i];
    }
    for (size_t i = 0; i < table->column_count; i++)
        if (table->columns[i].identity &&
            (key == NULL || key->columns.count != 1 || key->name != NULL ||
             !has_name(&key->columns, table->columns[i].name)))
            return error_set(err, ERROR_CONFLICT,
                             "column \"%s\" is GENERATED AS IDENTITY: it has to be the primary key "
                             "by itself, without a name for the constraint",
                             table->columns[i].name);
    return true;
}

bool rules_check_table(const struct model *model, struct table *table, struct error *err)
{
    if (table->column_count == 0)
        return error_set(err, ERROR_CONFLICT, "table \"%s\" has no columns", table->name);
    for (size_t i = 0; i < table->column_count; i++) {
        if (rules_find_column(table, table->columns[i].name) != &table->columns[i])
            return error_set(err, ERROR_CONFLICT, "table \"%s\" has column \"%s\" twice",
                             table->name, table->columns[i].name);
        if (!check_column(&table->columns[i], err))
            return false;
    }
    for (size_t i = 0; i < table->constraint_count; i++)
        if (!check_constraint(model, table, &table->constraints[i], err))
            return false;
    return check_primary_key(table, err);
}

bool rules_check_added(const struct table *table, const struct column *column, struct error *err)
{
    if (table != NULL && rules_find_column(table, column->name) != NULL)
        return error_set(err, ERROR_CONFLICT, "table \"%s\" has a column \"%s\" already",
                         table->name, column->name);
    if (column->not_null && column->default_kind == DEFAULT_NONE)
        return error_set(err, ERROR_CONFLICT,
                         "new column \"%s\" is NOT NULL and rows that are there have nothing for "
                         "it: give it a default",
                         column->name);
    if (column->default_kind == DEFAULT_CURRENT_TIMESTAMP)
        return error_set(err, ERROR_CONFLICT,
                         "SQLite cannot give new column \"%s\" of a table that is there a default "
                         "of CURRENT_TIMESTAMP: leave it out, or write .up.sql and .down.sql",
                         column->name);
    return check_column(column, err);
}

bool rules_check_unreferenced(const struct model *model, const char *table, const char *column,
                              struct error *err)
{
    for (size_t i = 0; i < model->table_count; i++) {
        const struct table *from = model->tables[i];

        for (size_t j = 0; j < from->constraint_count; j++) {
            const struct constraint *constraint = &from->constraints[j];
            bool leads_here = constraint->other_table != NULL &&
                              strcmp(constraint->other_table, table) == 0 &&
                              (column == NULL ? strcmp(from->name, table) != 0
                                              : has_name(&constraint->other_columns, column));
            if (leads_here)
                return error_set(err, ERROR_CONFLICT,
                                 "a foreign key of table \"%s\" leads to table \"%s\"", from->name,
                                 table);
        }
    }
    return true;
}

bool rules_check_dropped(const struct model *model, const struct table *table,
                         const char *table_name, const char *column, struct error *err)
{
    for (size_t i = 0; i < model->index_count; i++)
        if (strcmp(model->indexes[i]->table, table_name) == 0 &&
            has_name(&model->indexes[i]->columns, column))
            return error_set(err, ERROR_CONFLICT,
                             "column \"%s\" is in index \"%s\": drop that first", column,
                             model->indexes[i]->name);
    if (!rules_check_unreferenced(model, table_name, column, err))
        return false;
    if (table == NULL)
        return true;
    if (rules_find_column(table, column) == NULL)
        return error_set(err, ERROR_CONFLICT, "table \"%s\" has no column \"%s\"", table_name,
                         column);
    if (table->column_count == 1)
        return error_set(err, ERROR_CONFLICT,
                         "column \"%s\" is the only one of table \"%s\": drop the table", column,
                         table_name);
    for (size_t i = 0; i < table->constraint_count; i++)
        if (has_name(&table->constraints[i].columns, column))
            return error_set(err, ERROR_CONFLICT,
                             "column \"%s\" of table \"%s\" is part of a key, which not every "
                             "engine can drop with it: write .up.sql and .down.sql",
                             column, table_name);
    return true;
}
