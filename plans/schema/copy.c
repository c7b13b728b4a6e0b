#include "plans/schema/copy.h"

#include "common/list.h"

static struct name_list copy_names(struct arena *arena, const struct name_list *names)
{
    struct name_list copy = {0};

    for (size_t i = 0; i < names->count; i++) {
        copy.items = list_room(arena, copy.items, copy.count, sizeof *copy.items);
        copy.items[copy.count++] = names->items[i];
    }
    return copy;
}

/* A condition is shared: it has its columns by their place. */
struct constraint copy_constraint(struct arena *arena, const struct constraint *constraint)
{
    struct constraint copy = *constraint;

    copy.columns = copy_names(arena, &constraint->columns);
    copy.other_columns = copy_names(arena, &constraint->other_columns);
    return copy;
}

struct table *copy_table(struct arena *arena, const struct table *table)
{
    struct table *copy = arena_calloc(arena, 1, sizeof *copy);

    copy->name = table->name;
    for (size_t i = 0; i < table->column_count; i++) {
        copy->columns = list_room(arena, copy->columns, copy->column_count, sizeof *copy->columns);
        copy->columns[copy->column_count++] = table->columns[i];
    }
    for (size_t i = 0; i < table->constraint_count; i++) {
        copy->constraints =
            list_room(arena, copy->constraints, copy->constraint_count, sizeof *copy->constraints);
        copy->constraints[copy->constraint_count++] =
            copy_constraint(arena, &table->constraints[i]);
    }
    return copy;
}

struct index copy_index(struct arena *arena, const struct index *index)
{
    struct index copy = *index;

    copy.columns = copy_names(arena, &index->columns);
    return copy;
}
