#include "plans/schema/model.h"

#include <string.h>

#include "common/list.h"
#include "plans/schema/copy.h"
#include "plans/schema/model_alter.h"
#include "plans/schema/rules.h"
#include "plans/schema/taken.h"

/* Most are where they were; what is not there is looked for, and its place kept. */
struct table *model_table(const struct model *model, const char *name)
{
    unsigned *place = taken_place(model->table_places, name);

    if (!taken_maybe(model, name))
        return NULL;
    if (place != NULL && *place < model->table_count &&
        strcmp(model->tables[*place]->name, name) == 0)
        return model->tables[*place];
    for (size_t i = 0; i < model->table_count; i++) {
        if (strcmp(model->tables[i]->name, name) != 0)
            continue;
        if (place != NULL)
            *place = (unsigned)i;
        return model->tables[i];
    }
    return NULL;
}

struct index *model_index(const struct model *model, const char *name)
{
    unsigned *place = taken_place(model->index_places, name);

    if (!taken_maybe(model, name))
        return NULL;
    if (place != NULL && *place < model->index_count &&
        strcmp(model->indexes[*place]->name, name) == 0)
        return model->indexes[*place];
    for (size_t i = 0; i < model->index_count; i++) {
        if (strcmp(model->indexes[i]->name, name) != 0)
            continue;
        if (place != NULL)
            *place = (unsigned)i;
        return model->indexes[i];
    }
    return NULL;
}

/* The table of the operation in *table, NULL if it may be there unseen. */
static bool find_table(const struct model *model, const struct operation *operation,
                       struct table **table, struct error *err)
{
    *table = model_table(model, operation->table);
    if (*table != NULL || model->open)
        return true;
    return error_set(err, ERROR_CONFLICT, "there is no table \"%s\"", operation->table);
}

static bool create_table(struct model *model, struct operation *operation,
                         struct operation *inverse, struct error *err)
{
    if (!rules_check_name(model, operation->table, err) ||
        !rules_check_table(model, &operation->created, err))
        return false;
    model->tables =
        list_room(model->arena, model->tables, model->table_count, sizeof(struct table *));
    model->tables[model->table_count++] = copy_table(model->arena, &operation->created);
    taken_note(model, operation->table);
    for (size_t i = 0; i < operation->created.constraint_count; i++)
        if (operation->created.constraints[i].name != NULL)
            taken_note(model, operation->created.constraints[i].name);
    inverse->kind = OPERATION_DROP_TABLE;
    inverse->table = operation->table;
    return true;
}

void model_forget(struct model *model, const char *name)
{
    size_t kept = 0;

    for (size_t i = 0; i < model->table_count; i++)
        if (strcmp(model->tables[i]->name, name) != 0)
            model->tables[kept++] = model->tables[i];
    model->table_count = kept;
    kept = 0;
    for (size_t i = 0; i < model->index_count; i++)
        if (strcmp(model->indexes[i]->table, name) != 0)
            model->indexes[kept++] = model->indexes[i];
    model->index_count = kept;
}

static bool drop_table(struct model *model, struct operation *operation, const char **loss,
                       struct error *err)
{
    struct table *table;

    if (!find_table(model, operation, &table, err) ||
        !rules_check_unreferenced(model, operation->table, NULL, err))
        return false;
    model_forget(model, operation->table);
    *loss = arena_printf(model->arena, "it drops table \"%s\" with its rows", operation->table);
    return true;
}

static bool rename_table(struct model *model, struct operation *operation,
                         struct operation *inverse, struct error *err)
{
    struct table *table;

    if (!find_table(model, operation, &table, err) ||
        !rules_check_name(model, operation->new_name, err))
        return false;
    if (table != NULL)
        table->name = operation->new_name;
    taken_note(model, operation->new_name);
    for (size_t i = 0; i < model->index_count; i++)
        if (strcmp(model->indexes[i]->table, operation->table) == 0)
            model->indexes[i]->table = operation->new_name;
    for (size_t i = 0; i < model->table_count; i++) {
        for (size_t j = 0; j < model->tables[i]->constraint_count; j++) {
            const char **other = &model->tables[i]->constraints[j].other_table;
            if (*other != NULL && strcmp(*other, operation->table) == 0)
                *other = operation->new_name;
        }
    }
    *inverse = (struct operation){
        .kind = OPERATION_RENAME_TABLE, .table = operation->new_name, .new_name = operation->table};
    return true;
}

static bool add_column(struct model *model, struct operation *operation, struct operation *inverse,
                       struct error *err)
{
    struct table *table;

    if (!find_table(model, operation, &table, err) ||
        !rules_check_added(table, &operation->column, err))
        return false;
    model_begin_change(model, table, operation);
    if (table != NULL) {
        table->columns =
            list_room(model->arena, table->columns, table->column_count, sizeof *table->columns);
        table->columns[table->column_count++] = operation->column;
    }
    *inverse = (struct operation){
        .kind = OPERATION_DROP_COLUMN, .table = operation->table, .name = operation->column.name};
    model_end_change(model, table, operation, inverse);
    return true;
}

static bool drop_column(struct model *model, struct operation *operation, const char **loss,
                        struct error *err)
{
    struct table *table;

    if (!find_table(model, operation, &table, err) ||
        !rules_check_dropped(model, table, operation->table, operation->name, err))
        return false;
    if (table != NULL) {
        size_t kept = 0;
        for (size_t i = 0; i < table->column_count; i++)
            if (strcmp(table->columns[i].name, operation->name) != 0)
                table->columns[kept++] = table->columns[i];
        table->column_count = kept;
    }
    *loss = arena_printf(model->arena, "it drops column \"%s\" of table \"%s\" with its values",
                         operation->name, operation->table);
    return true;
}

static void rename_in(const struct name_list *names, const struct operation *operation)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->items[i], operation->name) == 0)
            names->items[i] = operation->new_name;
}

static void rename_everywhere(struct model *model, const struct operation *operation)
{
    for (size_t i = 0; i < model->index_count; i++)
        if (strcmp(model->indexes[i]->table, operation->table) == 0)
            rename_in(&model->indexes[i]->columns, operation);
    for (size_t i = 0; i < model->table_count; i++) {
        const struct table *table = model->tables[i];
        for (size_t j = 0; j < table->constraint_count; j++) {
            const struct constraint *constraint = &table->constraints[j];
            if (strcmp(table->name, operation->table) == 0)
                rename_in(&constraint->columns, operation);
            if (constraint->other_table != NULL &&
                strcmp(constraint->other_table, operation->table) == 0)
                rename_in(&constraint->other_columns, operation);
        }
    }
}

static bool rename_column(struct model *model, struct operation *operation,
                          struct operation *inverse, struct error *err)
{
    struct table *table;

    if (!find_table(model, operation, &table, err))
        return false;
    model_begin_change(model, table, operation);
    if (table != NULL) {
        struct column *column = rules_find_column(table, operation->name);
        if (column == NULL)
            return error_set(err, ERROR_CONFLICT, "table \"%s\" has no column \"%s\"", table->name,
                             operation->name);
        if (rules_find_column(table, operation->new_name) != NULL)
            return error_set(err, ERROR_CONFLICT, "table \"%s\" has a column \"%s\" already",
                             table->name, operation->new_name);
        column->name = operation->new_name;
    }
    rename_everywhere(model, operation);
    *inverse = (struct operation){.kind = OPERATION_RENAME_COLUMN,
                                  .table = operation->table,
                                  .name = operation->new_name,
                                  .new_name = operation->name};
    model_end_change(model, table, operation, inverse);
    return true;
}

static bool create_index(struct model *model, struct operation *operation,
                         struct operation *inverse, struct error *err)
{
    struct table *table;

    if (!find_table(model, operation, &table, err) ||
        !rules_check_name(model, operation->name, err) ||
        (table != NULL && !rules_check_key(table, &operation->index.columns, err)))
        return false;
    struct index *index = arena_calloc(model->arena, 1, sizeof *index);
    *index = copy_index(model->arena, &operation->index);
    if (table != NULL)
        index->table = table->name;
    model->indexes =
        list_room(model->arena, model->indexes, model->index_count, sizeof(struct index *));
    model->indexes[model->index_count++] = index;
    taken_note(model, index->name);
    if (table != NULL)
        operation->around.after = copy_table(model->arena, table);
    *inverse = (struct operation){
        .kind = OPERATION_DROP_INDEX, .table = operation->table, .name = operation->name};
    return true;
}

static bool drop_index(struct model *model, struct operation *operation, struct operation *inverse,
                       struct error *err)
{
    const struct index *index = model_index(model, operation->name);
    size_t kept = 0;

    if (index == NULL)
        return error_set(err, ERROR_CONFLICT,
                         model->open ? "no portable change made index \"%s\", so its table is not "
                                       "known: drop it in .up.sql and .down.sql"
                                     : "there is no index \"%s\"",
                         operation->name);
    operation->table = index->table;
    *inverse = (struct operation){
        .kind = OPERATION_CREATE_INDEX,
        .table = index->table,
        .name = index->name,
        .index = copy_index(model->arena, index),
    };
    taken_forget(model, index->name);
    for (size_t i = 0; i < model->index_count; i++)
        if (model->indexes[i] != index)
            model->indexes[kept++] = model->indexes[i];
    model->index_count = kept;
    return true;
}

static void take_block(const struct model *model, const struct operation *operation,
                       struct operation *inverse, const char **loss)
{
    const struct block *block = &operation->block;

    *inverse = (struct operation){
        .kind = OPERATION_BLOCK,
        .block = {.engine = block->engine, .sql = block->undo, .undo = block->sql},
    };
    if (block->undo == NULL)
        *loss = arena_printf(model->arena, "its block for %s has no UNDO",
                             engine_kind_name(block->engine));
}

bool model_apply(struct model *model, struct operation *operation, struct operation *inverse,
                 const char **loss, struct error *err)
{
    *inverse = (struct operation){0};
    *loss = NULL;
    switch (operation->kind) {
    case OPERATION_CREATE_TABLE:
        return create_table(model, operation, inverse, err);
    case OPERATION_DROP_TABLE:
        return drop_table(model, operation, loss, err);
    case OPERATION_RENAME_TABLE:
        return rename_table(model, operation, inverse, err);
    case OPERATION_ADD_COLUMN:
        return add_column(model, operation, inverse, err);
    case OPERATION_DROP_COLUMN:
        return drop_column(model, operation, loss, err);
    case OPERATION_RENAME_COLUMN:
        return rename_column(model, operation, inverse, err);
    case OPERATION_CREATE_INDEX:
        return create_index(model, operation, inverse, err);
    case OPERATION_DROP_INDEX:
        return drop_index(model, operation, inverse, err);
    case OPERATION_ADD_CONSTRAINT:
        return model_add_constraint(model, operation, inverse, err);
    case OPERATION_DROP_CONSTRAINT:
        return model_drop_constraint(model, operation, inverse, err);
    case OPERATION_ALTER_COLUMN:
        return model_alter_column(model, operation, inverse, err);
    case OPERATION_BLOCK:
        take_block(model, operation, inverse, loss);
        return true;
    case OPERATION_KIND_COUNT:
        break;
    }
    return error_set(err, ERROR_INTERNAL, "operation %d", (int)operation->kind);
}
