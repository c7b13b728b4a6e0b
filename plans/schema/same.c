#include "plans/schema/same.h"

#include <string.h>

#include "plans/schema/normal.h"

static bool same_text(const char *one, const char *other)
{
    return one == NULL || other == NULL ? one == other : strcmp(one, other) == 0;
}

static bool same_names(const struct name_list *one, const struct name_list *other)
{
    bool same = one->count == other->count;

    for (size_t i = 0; same && i < one->count; i++)
        same = strcmp(one->items[i], other->items[i]) == 0;
    return same;
}

static bool has_text(const struct column *column)
{
    return column->default_kind == DEFAULT_LITERAL || column->default_kind == DEFAULT_STRING;
}

/* However it is written. */
static bool same_default(const struct column *one, const struct column *other)
{
    if (one->default_kind != other->default_kind)
        return false;
    if (!has_text(one) || strcmp(one->default_text, other->default_text) == 0)
        return true;
    AUTO(arena) struct arena *arena = arena_new();
    return strcmp(normal_default(arena, one), normal_default(arena, other)) == 0;
}

bool same_in(enum alteration alteration, const struct column *one, const struct column *other)
{
    switch (alteration) {
    case ALTER_TYPE:
        return one->type == other->type && one->size == other->size && one->scale == other->scale;
    case ALTER_DEFAULT:
        return same_default(one, other);
    case ALTER_NOT_NULL:
        return one->not_null == other->not_null;
    }
    return false;
}

/* A column is the same by its name: each constraint counts its columns in an order of its own. */
static bool same_expression(const struct constraint *one, const struct expression *left,
                            const struct constraint *other, const struct expression *right)
{
    bool same =
        left->kind == right->kind && left->negated == right->negated && left->count == right->count;

    if (same && left->kind == EXPRESSION_COLUMN)
        return strcmp(one->columns.items[left->column], other->columns.items[right->column]) == 0;
    same = same && same_text(left->text, right->text);
    for (size_t i = 0; same && i < left->count; i++)
        same = same_expression(one, &left->operands[i], other, &right->operands[i]);
    return same;
}

static bool has_names_of(const struct name_list *one, const struct name_list *other)
{
    bool has = one->count == other->count;

    for (size_t i = 0; has && i < one->count; i++) {
        has = false;
        for (size_t j = 0; !has && j < other->count; j++)
            has = strcmp(one->items[i], other->items[j]) == 0;
    }
    return has;
}

/* However it is written. */
static bool same_check(const struct constraint *one, const struct constraint *other)
{
    if (!has_names_of(&one->columns, &other->columns))
        return false;
    if (same_expression(one, one->check, other, other->check))
        return true;
    AUTO(arena) struct arena *arena = arena_new();
    return same_expression(one, normal_condition(arena, one->check), other,
                           normal_condition(arena, other->check));
}

/* NO ACTION is what a foreign key has that says nothing. */
static bool same_action(const char *one, const char *other)
{
    one = one != NULL ? one : "NO ACTION";
    return strcmp(one, other != NULL ? other : "NO ACTION") == 0;
}

bool same_constraint(const struct constraint *one, const struct constraint *other)
{
    if (one->kind != other->kind)
        return false;
    if (one->kind == CONSTRAINT_CHECK)
        return same_check(one, other);
    bool same_name = one->derived || other->derived || same_text(one->name, other->name);
    return same_name && same_names(&one->columns, &other->columns) &&
           same_text(one->other_table, other->other_table) &&
           same_names(&one->other_columns, &other->other_columns) &&
           same_action(one->on_delete, other->on_delete) &&
           same_action(one->on_update, other->on_update);
}

bool same_index(const struct index *one, const struct index *other)
{
    bool same = strcmp(one->name, other->name) == 0 && strcmp(one->table, other->table) == 0 &&
                one->unique == other->unique && same_names(&one->columns, &other->columns);

    for (size_t i = 0; same && i < one->columns.count; i++)
        same = one->descending[i] == other->descending[i];
    return same;
}

static const struct column *find(const struct table *table, const char *name)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (strcmp(table->columns[i].name, name) == 0)
            return &table->columns[i];
    return NULL;
}

bool same_columns(const struct table *one, const struct table *other)
{
    bool same = one->column_count == other->column_count;

    for (size_t i = 0; same && i < one->column_count; i++) {
        const struct column *column = find(other, one->columns[i].name);

        same = column != NULL && same_in(ALTER_TYPE, &one->columns[i], column);
    }
    return same;
}
