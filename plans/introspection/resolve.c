#include "plans/introspection/resolve.h"

#include <string.h>
#include <strings.h>

#include "common/list.h"
#include "plans/schema/copy.h"
#include "plans/schema/expression.h"
#include "plans/schema/same.h"
#include "plans/schema/taken.h"

struct resolving {
    enum engine_kind engine;
    struct model *found;
    const struct model *other;
};

/* SQLite takes A for a; https://www.sqlite.org/lang_keywords.html */
static bool is_name(const struct resolving *resolving, const char *one, const char *other)
{
    return one != NULL && other != NULL &&
           (resolving->engine == ENGINE_SQLITE ? strcasecmp(one, other) : strcmp(one, other)) == 0;
}

static const struct table *find_table(const struct resolving *resolving, const char *name)
{
    for (size_t i = 0; i < resolving->other->table_count; i++)
        if (is_name(resolving, resolving->other->tables[i]->name, name))
            return resolving->other->tables[i];
    return NULL;
}

static const struct column *find_column(const struct resolving *resolving,
                                        const struct table *table, const char *name)
{
    for (size_t i = 0; table != NULL && i < table->column_count; i++)
        if (is_name(resolving, table->columns[i].name, name))
            return &table->columns[i];
    return NULL;
}

/* What SQLite would have of a column of that type; https://www.sqlite.org/datatype3.html */
static enum type_kind sqlite_type(const struct column *column)
{
    if (column->identity)
        return TYPE_BIGINT;
    if (column->type >= TYPE_DATE && column->type <= TYPE_UUID)
        return TYPE_TEXT;
    return column->type == TYPE_DOUBLE ? TYPE_REAL : column->type;
}

static void resolve_column(const struct resolving *resolving, struct column *column,
                           const struct column *other)
{
    struct column kept = *other;
    struct column found = *column;

    column->name = other->name;
    if (resolving->engine != ENGINE_SQLITE || column->identity != other->identity)
        return;
    kept.type = sqlite_type(other);
    found.type = sqlite_type(column);
    if (!same_in(ALTER_TYPE, &kept, &found))
        return;
    column->type = other->type;
    column->size = other->size;
    column->scale = other->scale;
}

static void resolve_columns(const struct resolving *resolving, struct name_list *names,
                            const struct table *other)
{
    for (size_t i = 0; i < names->count; i++) {
        const struct column *column = find_column(resolving, other, names->items[i]);

        if (column != NULL)
            names->items[i] = column->name;
    }
}

static const struct constraint *find_constraint(const struct resolving *resolving,
                                                const struct table *other,
                                                const struct constraint *found)
{
    for (size_t i = 0; i < other->constraint_count; i++) {
        const struct constraint *constraint = &other->constraints[i];
        bool is_key = found->kind == CONSTRAINT_PRIMARY_KEY;

        if (constraint->kind == found->kind &&
            (is_key || is_name(resolving, constraint->name, found->name)))
            return constraint;
    }
    return NULL;
}

/* InnoDB takes RESTRICT for NO ACTION, and does not say it. */
static const char *resolve_action(const char *found, const char *other)
{
    bool is_restrict = other != NULL && strcmp(other, "RESTRICT") == 0;

    return found == NULL && is_restrict ? other : found;
}

/* A primary key has no name of its own on MySQL. */
static void resolve_constraint(const struct resolving *resolving, struct constraint *found,
                               const struct table *other)
{
    const struct constraint *constraint = find_constraint(resolving, other, found);

    resolve_columns(resolving, &found->columns, other);
    if (found->kind == CONSTRAINT_FOREIGN_KEY) {
        const struct table *leads_to = find_table(resolving, found->other_table);

        resolve_columns(resolving, &found->other_columns, leads_to);
        found->other_table = leads_to != NULL ? leads_to->name : found->other_table;
    }
    if (constraint == NULL)
        return;
    if (resolving->engine == ENGINE_SQLITE ||
        (resolving->engine == ENGINE_MYSQL && found->kind == CONSTRAINT_PRIMARY_KEY))
        found->name = constraint->name;
    if (found->name != NULL)
        taken_note(resolving->found, found->name);
    if (resolving->engine == ENGINE_MYSQL) {
        found->on_delete = resolve_action(found->on_delete, constraint->on_delete);
        found->on_update = resolve_action(found->on_update, constraint->on_update);
    }
}

static const struct index *find_index(const struct resolving *resolving, const char *name)
{
    for (size_t i = 0; i < resolving->other->index_count; i++)
        if (is_name(resolving, resolving->other->indexes[i]->name, name))
            return resolving->other->indexes[i];
    return NULL;
}

static void add_index(struct model *model, const struct index *index)
{
    struct index *copy = arena_calloc(model->arena, 1, sizeof *copy);

    *copy = copy_index(model->arena, index);
    model->indexes =
        list_room(model->arena, model->indexes, model->index_count, sizeof(struct index *));
    model->indexes[model->index_count++] = copy;
}

/* Of constraints UNIQUE that MySQL tells, those that the other schema has as unique indexes. */
static void make_indexes(const struct resolving *resolving, struct table *table)
{
    size_t kept = 0;

    for (size_t i = 0; i < table->constraint_count; i++) {
        const struct constraint *constraint = &table->constraints[i];
        const struct index *index =
            constraint->kind == CONSTRAINT_UNIQUE ? find_index(resolving, constraint->name) : NULL;
        bool *ascending =
            arena_calloc(resolving->found->arena, constraint->columns.count, sizeof *ascending);
        const struct index as_index = {.name = constraint->name,
                                       .table = table->name,
                                       .unique = true,
                                       .columns = constraint->columns,
                                       .descending = ascending};

        if (index != NULL && same_index(&as_index, index))
            add_index(resolving->found, &as_index);
        else
            table->constraints[kept++] = *constraint;
    }
    table->constraint_count = kept;
}

/* Strings in a condition stand for what its columns are now. Where that does not fit, the CHECK is
   another one than the other schema's anyway. */
static void tell_classes(const struct table *table)
{
    struct error err = {0};

    for (size_t i = 0; i < table->constraint_count; i++)
        if (table->constraints[i].kind == CONSTRAINT_CHECK &&
            !expression_check(table, &table->constraints[i], &err))
            error_clear(&err);
}

static void resolve_table(const struct resolving *resolving, struct table *table,
                          const struct table *other)
{
    table->name = other->name;
    taken_note(resolving->found, table->name);
    for (size_t i = 0; i < table->column_count; i++) {
        const struct column *column = find_column(resolving, other, table->columns[i].name);

        if (column != NULL)
            resolve_column(resolving, &table->columns[i], column);
    }
    for (size_t i = 0; i < table->constraint_count; i++)
        resolve_constraint(resolving, &table->constraints[i], other);
    tell_classes(table);
    if (resolving->engine == ENGINE_MYSQL)
        make_indexes(resolving, table);
}

static void resolve_index(const struct resolving *resolving, struct index *index)
{
    const struct table *table = find_table(resolving, index->table);
    const struct index *other = find_index(resolving, index->name);

    resolve_columns(resolving, &index->columns, table);
    index->table = table != NULL ? table->name : index->table;
    index->name = other != NULL ? other->name : index->name;
    taken_note(resolving->found, index->name);
}

void resolve(enum engine_kind engine, struct model *found, const struct model *other)
{
    const struct resolving resolving = {engine, found, other};

    if (engine == ENGINE_POSTGRESQL)
        return;
    for (size_t i = 0; i < found->index_count; i++)
        resolve_index(&resolving, found->indexes[i]);
    for (size_t i = 0; i < found->table_count; i++) {
        const struct table *table = find_table(&resolving, found->tables[i]->name);

        if (table != NULL)
            resolve_table(&resolving, found->tables[i], table);
    }
}
