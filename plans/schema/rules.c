#include "plans/schema/rules.h"

#include <stdint.h>
#include <string.h>

#include "plans/schema/expression.h"
#include "plans/schema/taken.h"

struct column *rules_find_column(const struct table *table, const char *name)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (strcmp(table->columns[i].name, name) == 0)
            return &table->columns[i];
    return NULL;
}

bool rules_has_name(const struct name_list *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->items[i], name) == 0)
            return true;
    return false;
}

static bool same_names(const struct name_list *one, const struct name_list *other)
{
    bool same = one->count == other->count;

    for (size_t i = 0; same && i < one->count; i++)
        same = strcmp(one->items[i], other->items[i]) == 0;
    return same;
}

static bool is_action(const char *action, const char *word)
{
    return action != NULL && strcmp(action, word) == 0;
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

/* What every engine has; the parser says the same with the place. */
static bool size_fits(const struct column *column)
{
    static const int most[TYPE_KIND_COUNT] = {
        [TYPE_DECIMAL] = 65, [TYPE_CHAR] = 255, [TYPE_VARCHAR] = 16383};
    int scale_most = column->size < 30 ? column->size : 30;

    return column->size <= most[column->type] && column->scale <= scale_most;
}

bool rules_check_column(const struct column *column, struct error *err)
{
    if (!size_fits(column))
        return error_set(err, ERROR_CONFLICT,
                         "the type of column \"%s\" is longer than DECIMAL(65, 30), CHAR(255) and "
                         "VARCHAR(16383) are",
                         column->name);
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
        if (rules_find_column(table, columns->items[i]) == NULL)
            return error_set(err, ERROR_CONFLICT, "table \"%s\" has no column \"%s\"", table->name,
                             columns->items[i]);
    }
    return true;
}

/* https://dev.mysql.com/doc/refman/8.0/en/create-table-foreign-keys.html: the same type, where text
   may be of any length. */
static bool can_refer(const struct column *from, const struct column *to)
{
    bool is_text = expression_class_of(from) == VALUE_TEXT && expression_class_of(to) == VALUE_TEXT;

    return is_text ||
           (from->type == to->type && from->size == to->size && from->scale == to->scale);
}

/* As MySQL wants it: types that can refer, and PostgreSQL: the whole key, in its order. */
static bool check_other_side(const struct table *table, const struct table *other,
                             const struct constraint *constraint, struct error *err)
{
    bool is_key = false;

    if (!rules_check_key(other, &constraint->other_columns, err))
        return false;
    for (size_t i = 0; i < constraint->columns.count; i++) {
        const struct column *from = rules_find_column(table, constraint->columns.items[i]);
        const struct column *to = rules_find_column(other, constraint->other_columns.items[i]);
        if (!can_refer(from, to))
            return error_set(err, ERROR_CONFLICT,
                             "column \"%s\" and column \"%s\" of table \"%s\", where its foreign "
                             "key leads, have to be of the same type",
                             from->name, to->name, other->name);
    }
    for (size_t i = 0; i < other->constraint_count; i++)
        is_key = is_key || (other->constraints[i].kind <= CONSTRAINT_UNIQUE &&
                            same_names(&other->constraints[i].columns, &constraint->other_columns));
    return is_key || error_set(err, ERROR_CONFLICT,
                               "a foreign key leads to columns of table \"%s\" that are not its "
                               "PRIMARY KEY or UNIQUE, in that order",
                               other->name);
}

/* https://dev.mysql.com/doc/refman/8.0/en/create-table-check-constraints.html: no column that the
   action of a foreign key sets can be in a CHECK. */
static bool check_actions(const struct table *table, const struct constraint *constraint,
                          struct error *err)
{
    bool nulls = is_action(constraint->on_delete, "SET NULL") ||
                 is_action(constraint->on_update, "SET NULL");

    for (size_t i = 0; i < constraint->columns.count; i++) {
        const char *name = constraint->columns.items[i];
        if (nulls && rules_find_column(table, name)->not_null)
            return error_set(err, ERROR_CONFLICT,
                             "column \"%s\" is NOT NULL: SET NULL cannot set it", name);
        for (size_t j = 0; j < table->constraint_count; j++)
            if ((nulls || is_action(constraint->on_update, "CASCADE")) &&
                table->constraints[j].kind == CONSTRAINT_CHECK &&
                rules_has_name(&table->constraints[j].columns, name))
                return error_set(err, ERROR_CONFLICT,
                                 "column \"%s\" is in a CHECK and set by the action of a foreign "
                                 "key, which MySQL does not have together",
                                 name);
    }
    return true;
}

static bool check_foreign_key(const struct model *model, const struct table *table,
                              const struct constraint *constraint, struct error *err)
{
    const struct table *other = strcmp(constraint->other_table, table->name) == 0
                                    ? table
                                    : model_table(model, constraint->other_table);

    if (!check_actions(table, constraint, err))
        return false;
    if (other != NULL)
        return check_other_side(table, other, constraint, err);
    return model->open ||
           error_set(err, ERROR_CONFLICT, "there is no table \"%s\"", constraint->other_table);
}

static bool check_constraint(struct table *table, const struct constraint *constraint,
                             struct error *err)
{
    if (constraint->kind == CONSTRAINT_CHECK)
        return expression_check(table, constraint, err);
    if (!rules_check_key(table, &constraint->columns, err))
        return false;
    if (constraint->kind == CONSTRAINT_PRIMARY_KEY)
        for (size_t i = 0; i < constraint->columns.count; i++)
            rules_find_column(table, constraint->columns.items[i])->not_null = true;
    return true;
}

bool rules_check_constraints(const struct model *model, struct table *table, struct error *err)
{
    for (size_t i = 0; i < table->constraint_count; i++)
        if (!check_constraint(table, &table->constraints[i], err))
            return false;
    for (size_t i = 0; i < table->constraint_count; i++)
        if (table->constraints[i].kind == CONSTRAINT_FOREIGN_KEY &&
            !check_foreign_key(model, table, &table->constraints[i], err))
            return false;
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
             !rules_has_name(&key->columns, table->columns[i].name)))
            return error_set(err, ERROR_CONFLICT,
                             "column \"%s\" is GENERATED AS IDENTITY: it has to be the primary key "
                             "by itself, without a name for the constraint",
                             table->columns[i].name);
    return true;
}

/* Of another constraint than one of this name's place in the table that is made. */
static bool is_named(const struct table *table, const char *name, size_t but)
{
    for (size_t i = 0; i < table->constraint_count; i++)
        if (i != but && table->constraints[i].name != NULL &&
            strcmp(table->constraints[i].name, name) == 0)
            return true;
    return false;
}

static bool is_taken(const struct model *model, const char *name)
{
    if (!taken_maybe(model, name))
        return false;
    if (model_table(model, name) != NULL || model_index(model, name) != NULL)
        return true;
    for (size_t i = 0; i < model->table_count; i++)
        if (is_named(model->tables[i], name, SIZE_MAX))
            return true;
    return false;
}

bool rules_check_name(const struct model *model, const char *name, struct error *err)
{
    return !is_taken(model, name) ||
           error_set(err, ERROR_CONFLICT, "there is a table, index or constraint \"%s\" already",
                     name);
}

const char *rules_constraint_name(const struct model *model, const struct table *table,
                                  const struct constraint *constraint)
{
    static const char *const endings[] = {[CONSTRAINT_UNIQUE] = "key",
                                          [CONSTRAINT_FOREIGN_KEY] = "fkey",
                                          [CONSTRAINT_CHECK] = "check"};
    enum { ROOM = 10 };
    bool by_columns = constraint->kind != CONSTRAINT_CHECK;
    char *stem = arena_strdup(model->arena, table->name);
    int number = 1;
    const char *name;

    for (size_t i = 0; by_columns && i < constraint->columns.count; i++)
        stem = arena_printf(model->arena, "%s_%s", stem, constraint->columns.items[i]);
    size_t length = strlen(stem);
    while (length > SCHEMA_NAME_MAX - ROOM || (stem[length] & 0xc0) == 0x80)
        length--;
    stem[length] = '\0';
    do {
        name = number == 1
                   ? arena_printf(model->arena, "%s_%s", stem, endings[constraint->kind])
                   : arena_printf(model->arena, "%s_%s%d", stem, endings[constraint->kind], number);
        number++;
    } while (is_taken(model, name) || is_named(table, name, SIZE_MAX));
    return name;
}

static bool name_constraints(const struct model *model, struct table *table, struct error *err)
{
    for (size_t i = 0; i < table->constraint_count; i++) {
        struct constraint *constraint = &table->constraints[i];

        if (constraint->name == NULL && constraint->kind != CONSTRAINT_PRIMARY_KEY) {
            constraint->name = rules_constraint_name(model, table, constraint);
            constraint->derived = true;
        }
        if (constraint->name == NULL)
            continue;
        if (is_named(table, constraint->name, i) || strcmp(constraint->name, table->name) == 0)
            return error_set(err, ERROR_CONFLICT, "name \"%s\" of a constraint is there twice",
                             constraint->name);
        if (!rules_check_name(model, constraint->name, err))
            return false;
    }
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
        if (!rules_check_column(&table->columns[i], err))
            return false;
    }
    return name_constraints(model, table, err) && rules_check_constraints(model, table, err) &&
           check_primary_key(table, err);
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
    return rules_check_column(column, err);
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
                                              : rules_has_name(&constraint->other_columns, column));
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
            rules_has_name(&model->indexes[i]->columns, column))
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
        if (rules_has_name(&table->constraints[i].columns, column))
            return error_set(err, ERROR_CONFLICT,
                             "column \"%s\" of table \"%s\" is in a key or CHECK: drop that "
                             "constraint first",
                             column, table_name);
    return true;
}
