#include "plans/schema/model_alter.h"

#include <string.h>

#include "common/list.h"
#include "plans/schema/copy.h"
#include "plans/schema/rules.h"
#include "plans/schema/taken.h"

void model_begin_change(const struct model *model, const struct table *table,
                        struct operation *operation)
{
    if (table != NULL)
        operation->around.before = copy_table(model->arena, table);
}

void model_end_change(const struct model *model, const struct table *table,
                      struct operation *operation, struct operation *inverse)
{
    struct surroundings *around = &operation->around;
    struct index *indexes = NULL;

    if (table == NULL)
        return;
    around->after = copy_table(model->arena, table);
    for (size_t i = 0; i < model->index_count; i++) {
        if (model->indexes[i]->table != table->name)
            continue;
        indexes = list_room(model->arena, indexes, around->index_count, sizeof *indexes);
        indexes[around->index_count++] = copy_index(model->arena, model->indexes[i]);
    }
    around->indexes = indexes;
    inverse->around = *around;
    inverse->around.before = around->after;
    inverse->around.after = around->before;
}

static bool find_table(const struct model *model, const struct operation *operation,
                       struct table **table, struct error *err)
{
    *table = model_table(model, operation->table);
    if (*table != NULL)
        return true;
    return error_set(err, ERROR_CONFLICT,
                     model->open ? "what table \"%s\" is like is not known, for SQL that is not "
                                   "portable made or changed it: write .up.sql and .down.sql"
                                 : "there is no table \"%s\"",
                     operation->table);
}

/* An engine that is asked for a key has to look at every row, and MySQL has no name for it. */
static bool refuse_primary_key(const struct table *table, const struct constraint *constraint,
                               struct error *err)
{
    return constraint->kind != CONSTRAINT_PRIMARY_KEY ||
           error_set(err, ERROR_CONFLICT,
                     "the primary key of table \"%s\" stays as it was created: make another table, "
                     "or write .up.sql and .down.sql",
                     table->name);
}

static void append_constraint(struct model *model, struct table *table,
                              const struct constraint *constraint)
{
    table->constraints = list_room(model->arena, table->constraints, table->constraint_count,
                                   sizeof *table->constraints);
    table->constraints[table->constraint_count++] = copy_constraint(model->arena, constraint);
    taken_note(model, constraint->name);
}

bool model_add_constraint(struct model *model, struct operation *operation,
                          struct operation *inverse, struct error *err)
{
    struct table *table;

    if (!find_table(model, operation, &table, err) ||
        !refuse_primary_key(table, &operation->constraint, err) ||
        !rules_check_name(model, operation->name, err))
        return false;
    model_begin_change(model, table, operation);
    append_constraint(model, table, &operation->constraint);
    if (!rules_check_constraints(model, table, err)) {
        table->constraint_count--;
        return false;
    }
    *inverse = (struct operation){
        .kind = OPERATION_DROP_CONSTRAINT,
        .table = operation->table,
        .name = operation->name,
        .constraint = copy_constraint(model->arena, &operation->constraint),
    };
    model_end_change(model, table, operation, inverse);
    return true;
}

/* A foreign key leads to the columns of a key, not to its name. */
static bool leads_to(const struct constraint *from, const struct table *table,
                     const struct constraint *key)
{
    bool leads = from->kind == CONSTRAINT_FOREIGN_KEY &&
                 strcmp(from->other_table, table->name) == 0 &&
                 from->other_columns.count == key->columns.count;

    for (size_t i = 0; leads && i < key->columns.count; i++)
        leads = strcmp(from->other_columns.items[i], key->columns.items[i]) == 0;
    return leads;
}

/* Whether the primary key serves the foreign keys as well. */
static bool is_primary_too(const struct table *table, const struct constraint *key)
{
    bool found = false;

    for (size_t i = 0; i < table->constraint_count; i++) {
        const struct constraint *other = &table->constraints[i];
        bool same =
            other->kind == CONSTRAINT_PRIMARY_KEY && other->columns.count == key->columns.count;

        for (size_t j = 0; same && j < key->columns.count; j++)
            same = strcmp(other->columns.items[j], key->columns.items[j]) == 0;
        found = found || same;
    }
    return found;
}

static bool check_unneeded(const struct model *model, const struct table *table,
                           const struct constraint *key, struct error *err)
{
    if (key->kind != CONSTRAINT_UNIQUE || is_primary_too(table, key))
        return true;
    for (size_t i = 0; i < model->table_count; i++)
        for (size_t j = 0; j < model->tables[i]->constraint_count; j++)
            if (leads_to(&model->tables[i]->constraints[j], table, key))
                return error_set(err, ERROR_CONFLICT,
                                 "a foreign key of table \"%s\" leads to constraint \"%s\" of "
                                 "table \"%s\": drop it first",
                                 model->tables[i]->name, key->name, table->name);
    return true;
}

static struct constraint *find_constraint(const struct table *table, const char *name)
{
    for (size_t i = 0; i < table->constraint_count; i++)
        if (table->constraints[i].name != NULL && strcmp(table->constraints[i].name, name) == 0)
            return &table->constraints[i];
    return NULL;
}

bool model_drop_constraint(struct model *model, struct operation *operation,
                           struct operation *inverse, struct error *err)
{
    struct table *table;

    if (!find_table(model, operation, &table, err))
        return false;
    struct constraint *found = find_constraint(table, operation->name);
    if (found == NULL)
        return error_set(err, ERROR_CONFLICT, "table \"%s\" has no constraint \"%s\"", table->name,
                         operation->name);
    if (!refuse_primary_key(table, found, err) || !check_unneeded(model, table, found, err))
        return false;
    model_begin_change(model, table, operation);
    operation->constraint = copy_constraint(model->arena, found);
    *inverse = (struct operation){
        .kind = OPERATION_ADD_CONSTRAINT,
        .table = operation->table,
        .name = operation->name,
        .constraint = copy_constraint(model->arena, found),
    };
    taken_forget(model, found->name);
    for (table->constraint_count--; found < table->constraints + table->constraint_count; found++)
        *found = found[1];
    model_end_change(model, table, operation, inverse);
    return true;
}

static bool is_text(enum type_kind type)
{
    return type == TYPE_VARCHAR || type == TYPE_TEXT;
}

/* Values stay what they are, or the engine refuses the rows that do not fit. */
static bool check_conversion(const struct column *from, const struct column *to, struct error *err)
{
    bool fits =
        (from->type <= TYPE_BIGINT && to->type <= TYPE_BIGINT) ||
        (is_text(from->type) && is_text(to->type)) ||
        (from->type == TYPE_DECIMAL && to->type == TYPE_DECIMAL && from->scale == to->scale);

    return fits || error_set(err, ERROR_CONFLICT,
                             "the type of column \"%s\" can change among SMALLINT, INTEGER and "
                             "BIGINT, among VARCHAR and TEXT, and in the digits of DECIMAL before "
                             "the point: for another type add a column and copy",
                             from->name);
}

/* MySQL changes neither side of a foreign key, nor what it would set to NULL. */
static bool check_keys(const struct model *model, const struct table *table,
                       const struct column *column, struct error *err)
{
    for (size_t i = 0; i < table->constraint_count; i++) {
        const struct constraint *constraint = &table->constraints[i];
        if (constraint->kind == CONSTRAINT_FOREIGN_KEY &&
            rules_has_name(&constraint->columns, column->name))
            return error_set(err, ERROR_CONFLICT,
                             "column \"%s\" is in a foreign key: drop that first", column->name);
        if (constraint->kind == CONSTRAINT_PRIMARY_KEY && !column->not_null &&
            rules_has_name(&constraint->columns, column->name))
            return error_set(err, ERROR_CONFLICT, "column \"%s\" is in the primary key",
                             column->name);
    }
    return rules_check_unreferenced(model, table->name, column->name, err);
}

static bool is_same(enum alteration alteration, const struct column *one,
                    const struct column *other)
{
    switch (alteration) {
    case ALTER_TYPE:
        return one->type == other->type && one->size == other->size && one->scale == other->scale;
    case ALTER_DEFAULT:
        return one->default_kind == other->default_kind &&
               (one->default_text == NULL || strcmp(one->default_text, other->default_text) == 0);
    case ALTER_NOT_NULL:
        return one->not_null == other->not_null;
    }
    return false;
}

/* The whole column in place of what the statement says of it. */
static void complete(struct operation *operation, const struct column *column)
{
    struct column said = operation->column;

    operation->column = *column;
    switch (operation->alteration) {
    case ALTER_TYPE:
        operation->column.type = said.type;
        operation->column.size = said.size;
        operation->column.scale = said.scale;
        break;
    case ALTER_DEFAULT:
        operation->column.default_kind = said.default_kind;
        operation->column.default_text = said.default_text;
        break;
    case ALTER_NOT_NULL:
        operation->column.not_null = said.not_null;
        break;
    }
}

static bool check_altered(const struct model *model, const struct table *table,
                          const struct operation *operation, const struct column *column,
                          struct error *err)
{
    const struct column *altered = &operation->column;

    if (is_same(operation->alteration, column, altered))
        return error_set(err, ERROR_CONFLICT, "column \"%s\" of table \"%s\" is so already",
                         column->name, table->name);
    if (column->identity)
        return error_set(err, ERROR_CONFLICT,
                         "column \"%s\" is GENERATED AS IDENTITY and stays as it was created",
                         column->name);
    if (operation->alteration == ALTER_TYPE && !check_conversion(column, altered, err))
        return false;
    return rules_check_column(altered, err) &&
           (operation->alteration == ALTER_DEFAULT || check_keys(model, table, altered, err));
}

bool model_alter_column(struct model *model, struct operation *operation, struct operation *inverse,
                        struct error *err)
{
    struct table *table;

    if (!find_table(model, operation, &table, err))
        return false;
    struct column *column = rules_find_column(table, operation->name);
    if (column == NULL)
        return error_set(err, ERROR_CONFLICT, "table \"%s\" has no column \"%s\"", table->name,
                         operation->name);
    complete(operation, column);
    if (!check_altered(model, table, operation, column, err))
        return false;
    *inverse = (struct operation){
        .kind = OPERATION_ALTER_COLUMN,
        .table = operation->table,
        .name = operation->name,
        .column = *column,
        .alteration = operation->alteration,
    };
    model_begin_change(model, table, operation);
    *column = operation->column;
    if (!rules_check_constraints(model, table, err))
        return false;
    model_end_change(model, table, operation, inverse);
    return true;
}
