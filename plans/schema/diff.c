#include "plans/schema/diff.h"

#include <string.h>

#include "common/list.h"
#include "plans/schema/copy.h"
#include "plans/schema/order.h"
#include "plans/schema/rules.h"
#include "plans/schema/same.h"

struct comparing {
    struct model *model;
    const struct model *wanted;
    struct diff *diff;
    struct error *err;
};

/* Adds the operation and does it to the model, which then is compared further. */
static bool emit(struct comparing *comparing, const struct operation *operation)
{
    struct diff *diff = comparing->diff;
    struct arena *arena = comparing->model->arena;
    struct operation done = *operation;
    struct operation inverse;
    const char *loss;

    diff->operations = list_room(arena, diff->operations, diff->count, sizeof *diff->operations);
    diff->operations[diff->count++] = *operation;
    if (operation->kind == OPERATION_CREATE_TABLE)
        done.created = *copy_table(arena, &operation->created);
    return model_apply(comparing->model, &done, &inverse, &loss, comparing->err);
}

static void note(struct comparing *comparing, const char *text)
{
    struct diff *diff = comparing->diff;

    diff->notes =
        list_room(comparing->model->arena, diff->notes, diff->note_count, sizeof *diff->notes);
    diff->notes[diff->note_count++] = text;
}

/* Renames, first of all: then all else is compared under its new name. */

static bool rename_one(struct comparing *comparing, const struct renaming *renaming)
{
    struct model *model = comparing->model;
    const struct table *table = model_table(model, renaming->table);

    if (renaming->column == NULL) {
        if (table != NULL || model_table(model, renaming->from) == NULL)
            return true; /* it was renamed before */
        return emit(comparing, &(struct operation){.kind = OPERATION_RENAME_TABLE,
                                                   .table = renaming->from,
                                                   .new_name = renaming->table});
    }
    if (table == NULL || rules_find_column(table, renaming->column) != NULL ||
        rules_find_column(table, renaming->from) == NULL)
        return true;
    return emit(comparing, &(struct operation){.kind = OPERATION_RENAME_COLUMN,
                                               .table = renaming->table,
                                               .name = renaming->from,
                                               .new_name = renaming->column});
}

/* Tables before their columns, which are told under the table's new name. */
static bool rename_all(struct comparing *comparing, const struct renaming *renamings, size_t count)
{
    for (int columns = 0; columns < 2; columns++)
        for (size_t i = 0; i < count; i++)
            if ((renamings[i].column != NULL) == (columns == 1) &&
                !rename_one(comparing, &renamings[i]))
                return false;
    return true;
}

/* What goes. */

static bool drop_indexes(struct comparing *comparing)
{
    struct model *model = comparing->model;

    for (size_t i = model->index_count; i > 0; i--) {
        const struct index *index = model->indexes[i - 1];
        const struct index *wanted = model_index(comparing->wanted, index->name);

        if (model_table(comparing->wanted, index->table) == NULL)
            continue; /* it goes with its table */
        if ((wanted == NULL || !same_index(index, wanted)) &&
            !emit(comparing,
                  &(struct operation){.kind = OPERATION_DROP_INDEX, .name = index->name}))
            return false;
    }
    return true;
}

static bool has_constraint(const struct table *table, const struct constraint *constraint)
{
    for (size_t i = 0; table != NULL && i < table->constraint_count; i++)
        if (same_constraint(&table->constraints[i], constraint))
            return true;
    return false;
}

static bool drop_constraint(struct comparing *comparing, const struct table *table,
                            const struct constraint *constraint)
{
    if (constraint->kind == CONSTRAINT_PRIMARY_KEY)
        return error_set(
            comparing->err, ERROR_CONFLICT,
            "the primary key of table \"%s\" stays as it was created: write .up.sql and "
            ".down.sql, or make another table",
            table->name);
    return emit(comparing, &(struct operation){.kind = OPERATION_DROP_CONSTRAINT,
                                               .table = table->name,
                                               .name = constraint->name});
}

/* Foreign keys first: the keys that they lead to may go after them. */
static bool drop_constraints_of(struct comparing *comparing, const struct table *table,
                                bool foreign_keys)
{
    const struct table *wanted = model_table(comparing->wanted, table->name);

    for (size_t i = table->constraint_count; i > 0; i--) {
        const struct constraint *constraint = &table->constraints[i - 1];

        if ((constraint->kind == CONSTRAINT_FOREIGN_KEY) == foreign_keys &&
            !has_constraint(wanted, constraint) && !drop_constraint(comparing, table, constraint))
            return false;
    }
    return true;
}

static bool drop_constraints(struct comparing *comparing, bool foreign_keys)
{
    const struct model *model = comparing->model;

    for (size_t i = 0; i < model->table_count; i++)
        if (model_table(comparing->wanted, model->tables[i]->name) != NULL &&
            !drop_constraints_of(comparing, model->tables[i], foreign_keys))
            return false;
    return true;
}

/* Backwards through the order in which they could have come. A key that closes a circle goes first.
 */
static bool drop_tables(struct comparing *comparing)
{
    const struct model *model = comparing->model;
    size_t count = model->table_count;
    const struct creation *creations = order_creations(model->arena, model);

    for (size_t i = count; i > 0; i--) {
        const struct table *table = creations[i - 1].table;

        if (model_table(comparing->wanted, table->name) != NULL)
            continue;
        for (size_t j = table->constraint_count; j > 0; j--)
            if (creations[i - 1].later[j - 1] &&
                !drop_constraint(comparing, table, &table->constraints[j - 1]))
                return false;
    }
    for (size_t i = count; i > 0; i--)
        if (model_table(comparing->wanted, creations[i - 1].table->name) == NULL &&
            !emit(comparing, &(struct operation){.kind = OPERATION_DROP_TABLE,
                                                 .table = creations[i - 1].table->name}))
            return false;
    return true;
}

/* What changes, comes or goes in a table that stays. */

static bool alter_column(struct comparing *comparing, const char *table, const struct column *now,
                         const struct column *wanted)
{
    struct operation operation = {
        .kind = OPERATION_ALTER_COLUMN, .table = table, .name = wanted->name, .column = *wanted};
    const struct column before = *now;

    if (before.identity != wanted->identity || before.identity_always != wanted->identity_always)
        return error_set(comparing->err, ERROR_CONFLICT,
                         "column \"%s\" of table \"%s\" cannot become, or stop being, GENERATED AS "
                         "IDENTITY: add a column and copy",
                         wanted->name, table);
    for (int i = ALTER_TYPE; i <= ALTER_NOT_NULL; i++) {
        operation.alteration = (enum alteration)i;
        if (!same_in(operation.alteration, &before, wanted) && !emit(comparing, &operation))
            return false;
    }
    return true;
}

static bool alter_columns(struct comparing *comparing, const struct table *table,
                          const struct table *wanted)
{
    for (size_t i = 0; i < wanted->column_count; i++) {
        const struct column *now = rules_find_column(table, wanted->columns[i].name);
        bool ok = now != NULL ? alter_column(comparing, table->name, now, &wanted->columns[i])
                              : emit(comparing, &(struct operation){.kind = OPERATION_ADD_COLUMN,
                                                                    .table = table->name,
                                                                    .column = wanted->columns[i]});

        if (!ok)
            return false;
    }
    return true;
}

static bool looks_renamed(const struct column *gone, const struct column *come)
{
    return gone->type == come->type && gone->size == come->size && gone->scale == come->scale &&
           gone->not_null == come->not_null;
}

static void note_column(struct comparing *comparing, const struct table *table,
                        const struct table *wanted, const struct column *gone)
{
    const struct table *before = table;

    for (size_t i = 0; i < wanted->column_count; i++)
        if (looks_renamed(gone, &wanted->columns[i]) &&
            rules_find_column(before, wanted->columns[i].name) == NULL)
            note(
                comparing,
                arena_printf(comparing->model->arena,
                             "column %s of table %s goes and %s comes, of the same type: if it was "
                             "renamed, put -- fleet: renamed-from %s on the line before it",
                             gone->name, table->name, wanted->columns[i].name, gone->name));
}

static bool drop_columns(struct comparing *comparing, const struct table *table,
                         const struct table *wanted)
{
    for (size_t i = table->column_count; i > 0; i--) {
        const char *name = table->columns[i - 1].name;

        if (rules_find_column(wanted, name) == NULL &&
            !emit(comparing, &(struct operation){.kind = OPERATION_DROP_COLUMN,
                                                 .table = table->name,
                                                 .name = name}))
            return false;
    }
    return true;
}

static bool change_tables(struct comparing *comparing)
{
    struct model *model = comparing->model;

    for (size_t i = 0; i < model->table_count; i++) {
        const struct table *table = model->tables[i];
        const struct table *wanted = model_table(comparing->wanted, table->name);

        if (wanted == NULL)
            continue;
        for (size_t j = 0; j < table->column_count; j++)
            if (rules_find_column(wanted, table->columns[j].name) == NULL)
                note_column(comparing, table, wanted, &table->columns[j]);
        if (!alter_columns(comparing, table, wanted) || !drop_columns(comparing, table, wanted))
            return false;
    }
    return true;
}

/* What comes. */

static void note_table(struct comparing *comparing, const struct table *come)
{
    for (size_t i = 0; i < comparing->model->table_count; i++) {
        const struct table *gone = comparing->model->tables[i];

        if (model_table(comparing->wanted, gone->name) == NULL && same_columns(gone, come))
            note(comparing,
                 arena_printf(comparing->model->arena,
                              "table %s goes and %s comes, with the same columns: if it was "
                              "renamed, put -- fleet: renamed-from %s on the line before it",
                              gone->name, come->name, gone->name));
    }
}

static struct table without(struct arena *arena, const struct table *table, const bool *left_out)
{
    struct table rest = *copy_table(arena, table);

    rest.constraint_count = 0;
    for (size_t i = 0; i < table->constraint_count; i++)
        if (!left_out[i])
            rest.constraints[rest.constraint_count++] = table->constraints[i];
    return rest;
}

static bool create_tables(struct comparing *comparing)
{
    struct arena *arena = comparing->model->arena;
    const struct creation *creations = order_creations(arena, comparing->wanted);

    for (size_t i = 0; i < comparing->wanted->table_count; i++) {
        const struct table *table = creations[i].table;

        if (model_table(comparing->model, table->name) == NULL &&
            !emit(comparing,
                  &(struct operation){.kind = OPERATION_CREATE_TABLE,
                                      .table = table->name,
                                      .created = without(arena, table, creations[i].later)}))
            return false;
    }
    return true;
}

/* What is added to a table that is there needs a name; one that is taken gets a number. */
static const char *name_for(const struct model *model, const struct constraint *constraint)
{
    const char *name = constraint->name;
    struct error taken = {0};

    for (int number = 2; constraint->derived && !rules_check_name(model, name, &taken); number++) {
        name = arena_printf(model->arena, "%s%d", constraint->name, number);
        error_clear(&taken);
    }
    return name;
}

static bool add_constraints_to(struct comparing *comparing, const struct table *wanted,
                               bool foreign_keys)
{
    struct model *model = comparing->model;

    for (size_t i = 0; i < wanted->constraint_count; i++) {
        struct constraint constraint = wanted->constraints[i];
        const struct table *table = model_table(model, wanted->name);

        if ((constraint.kind == CONSTRAINT_FOREIGN_KEY) != foreign_keys ||
            has_constraint(table, &constraint))
            continue;
        constraint.name = name_for(model, &constraint);
        constraint.derived = false;
        if (!emit(comparing, &(struct operation){.kind = OPERATION_ADD_CONSTRAINT,
                                                 .table = wanted->name,
                                                 .name = constraint.name,
                                                 .constraint = constraint}))
            return false;
    }
    return true;
}

static bool add_constraints(struct comparing *comparing, bool foreign_keys)
{
    for (size_t i = 0; i < comparing->wanted->table_count; i++)
        if (!add_constraints_to(comparing, comparing->wanted->tables[i], foreign_keys))
            return false;
    return true;
}

static bool create_indexes(struct comparing *comparing)
{
    const struct model *wanted = comparing->wanted;

    for (size_t i = 0; i < wanted->index_count; i++)
        if (model_index(comparing->model, wanted->indexes[i]->name) == NULL &&
            !emit(comparing, &(struct operation){.kind = OPERATION_CREATE_INDEX,
                                                 .table = wanted->indexes[i]->table,
                                                 .name = wanted->indexes[i]->name,
                                                 .index = *wanted->indexes[i]}))
            return false;
    return true;
}

bool diff_models(struct model *model, const struct model *wanted, const struct renaming *renamings,
                 size_t count, struct diff *diff, struct error *err)
{
    struct comparing comparing = {model, wanted, diff, err};

    *diff = (struct diff){0};
    if (!rename_all(&comparing, renamings, count))
        return false;
    for (size_t i = 0; i < wanted->table_count; i++)
        if (model_table(model, wanted->tables[i]->name) == NULL)
            note_table(&comparing, wanted->tables[i]);
    return drop_indexes(&comparing) && drop_constraints(&comparing, true) &&
           drop_constraints(&comparing, false) && drop_tables(&comparing) &&
           change_tables(&comparing) && create_tables(&comparing) &&
           add_constraints(&comparing, false) && add_constraints(&comparing, true) &&
           create_indexes(&comparing);
}
