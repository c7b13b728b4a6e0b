#include "plans/introspection/seen.h"

#include <ctype.h>
#include <string.h>

#include "common/list.h"
#include "plans/schema/expression.h"

/* Names without regard to case are one on SQLite, which keeps others than these in quotes. */
static const char *folded(struct arena *arena, const char *name)
{
    char *copy = arena_strdup(arena, name);

    for (char *c = copy; *c != '\0'; c++) {
        bool is_plain =
            isalnum((unsigned char)*c) || *c == '_' || *c == '$' || (unsigned char)*c > 0x7f;
        if (!is_plain || (c == copy && isdigit((unsigned char)*c)))
            return name;
        *c = (char)tolower((unsigned char)*c);
    }
    return copy;
}

static void fold_names(struct arena *arena, struct name_list *names)
{
    for (size_t i = 0; i < names->count; i++)
        names->items[i] = folded(arena, names->items[i]);
}

static void keep_on_sqlite(struct column *column)
{
    bool keeps_now = column->default_kind == DEFAULT_CURRENT_TIMESTAMP;

    if (column->identity)
        column->type = TYPE_BIGINT;
    else if ((column->type >= TYPE_DATE && column->type <= TYPE_UUID && !keeps_now))
        column->type = TYPE_TEXT;
    else if (column->type == TYPE_DOUBLE)
        column->type = TYPE_REAL;
}

static void fold_constraint(struct arena *arena, struct constraint *constraint)
{
    if (constraint->name != NULL)
        constraint->name = folded(arena, constraint->name);
    if (constraint->other_table != NULL)
        constraint->other_table = folded(arena, constraint->other_table);
    fold_names(arena, &constraint->columns);
    fold_names(arena, &constraint->other_columns);
}

/* A string in a condition stands for what the column is, which is another class now. Where classes
   do not meet any more, strings stay what they were. */
static void check_again(const struct table *table)
{
    struct error err = {0};

    for (size_t i = 0; i < table->constraint_count; i++)
        if (table->constraints[i].kind == CONSTRAINT_CHECK &&
            !expression_check(table, &table->constraints[i], &err))
            error_clear(&err);
}

static void see_on_sqlite(struct model *model)
{
    struct arena *arena = model->arena;

    for (size_t i = 0; i < model->table_count; i++) {
        struct table *table = model->tables[i];

        table->name = folded(arena, table->name);
        for (size_t j = 0; j < table->column_count; j++) {
            table->columns[j].name = folded(arena, table->columns[j].name);
            keep_on_sqlite(&table->columns[j]);
        }
        for (size_t j = 0; j < table->constraint_count; j++)
            fold_constraint(arena, &table->constraints[j]);
        check_again(table);
    }
    for (size_t i = 0; i < model->index_count; i++) {
        model->indexes[i]->name = folded(arena, model->indexes[i]->name);
        model->indexes[i]->table = folded(arena, model->indexes[i]->table);
        fold_names(arena, &model->indexes[i]->columns);
    }
}

static bool is_constraint(const struct index *index)
{
    for (size_t i = 0; i < index->columns.count; i++)
        if (index->descending[i])
            return false;
    return index->unique;
}

static void add_unique(struct model *model, const struct index *index)
{
    struct table *table = model_table(model, index->table);

    table->constraints = list_room(model->arena, table->constraints, table->constraint_count,
                                   sizeof *table->constraints);
    table->constraints[table->constraint_count++] = (struct constraint){
        .kind = CONSTRAINT_UNIQUE, .name = index->name, .columns = index->columns};
}

/* InnoDB takes RESTRICT for NO ACTION, and a primary key has no other name than PRIMARY. */
static void see_constraint_on_mysql(struct constraint *constraint)
{
    if (constraint->kind == CONSTRAINT_PRIMARY_KEY)
        constraint->name = NULL;
    if (constraint->on_delete != NULL && strcmp(constraint->on_delete, "RESTRICT") == 0)
        constraint->on_delete = NULL;
    if (constraint->on_update != NULL && strcmp(constraint->on_update, "RESTRICT") == 0)
        constraint->on_update = NULL;
}

static void see_on_mysql(struct model *model)
{
    size_t kept = 0;

    for (size_t i = 0; i < model->index_count; i++) {
        if (is_constraint(model->indexes[i]))
            add_unique(model, model->indexes[i]);
        else
            model->indexes[kept++] = model->indexes[i];
    }
    model->index_count = kept;
    for (size_t i = 0; i < model->table_count; i++)
        for (size_t j = 0; j < model->tables[i]->constraint_count; j++)
            see_constraint_on_mysql(&model->tables[i]->constraints[j]);
}

void seen_on(enum engine_kind engine, struct model *model)
{
    if (engine == ENGINE_SQLITE)
        see_on_sqlite(model);
    else if (engine == ENGINE_MYSQL)
        see_on_mysql(model);
}
