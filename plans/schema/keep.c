#include "plans/schema/keep.h"

#include <string.h>

#include "common/list.h"
#include "plans/schema/rules.h"
#include "plans/version.h"

static const char prefix[] = "fleet_kept_";

static bool is_kept(const char *name)
{
    return strncmp(name, prefix, strlen(prefix)) == 0;
}

static void add(const struct model *model, struct operations *operations,
                const struct operation *operation)
{
    operations->items =
        list_room(model->arena, operations->items, operations->count, sizeof *operations->items);
    operations->items[operations->count++] = *operation;
}

/* A long name loses its end, at a whole character. */
static const char *kept_name(const struct model *model, const char *version, const char *name)
{
    char *kept = arena_printf(model->arena, "%s%s_%s", prefix, version, name);
    size_t length = strlen(kept);

    if (length > SCHEMA_NAME_MAX) {
        length = SCHEMA_NAME_MAX;
        while ((kept[length] & 0xc0) == 0x80)
            length--;
        kept[length] = '\0';
    }
    return kept;
}

static void keep_table(const struct model *model, const char *version, const struct table *table,
                       int line, struct operations *expanded)
{
    for (size_t i = 0; i < table->constraint_count; i++)
        if (table->constraints[i].kind == CONSTRAINT_FOREIGN_KEY)
            add(model, expanded,
                &(struct operation){.kind = OPERATION_DROP_CONSTRAINT,
                                    .line = line,
                                    .table = table->name,
                                    .name = table->constraints[i].name});
    add(model, expanded,
        &(struct operation){.kind = OPERATION_RENAME_TABLE,
                            .line = line,
                            .table = table->name,
                            .new_name = kept_name(model, version, table->name)});
}

static void keep_column(const struct model *model, const char *version, const struct table *table,
                        const struct operation *dropping, struct operations *expanded)
{
    const struct column *column = rules_find_column(table, dropping->name);

    if (column->not_null && column->default_kind == DEFAULT_NONE)
        add(model, expanded,
            &(struct operation){.kind = OPERATION_ALTER_COLUMN,
                                .line = dropping->line,
                                .table = table->name,
                                .name = column->name,
                                .column = {.name = column->name},
                                .alteration = ALTER_NOT_NULL});
    add(model, expanded,
        &(struct operation){.kind = OPERATION_RENAME_COLUMN,
                            .line = dropping->line,
                            .table = table->name,
                            .name = column->name,
                            .new_name = kept_name(model, version, column->name)});
}

bool keep_expand(const struct model *model, const char *version, const struct operation *operation,
                 struct operations *expanded, struct error *err)
{
    bool drops_table = operation->kind == OPERATION_DROP_TABLE;
    bool drops_column = operation->kind == OPERATION_DROP_COLUMN;
    const struct table *table =
        drops_table || drops_column ? model_table(model, operation->table) : NULL;

    if (table == NULL || is_kept(drops_table ? operation->table : operation->name)) {
        add(model, expanded, operation);
        return true;
    }
    if (drops_table && !rules_check_unreferenced(model, operation->table, NULL, err))
        return false;
    if (drops_column && !rules_check_dropped(model, table, operation->table, operation->name, err))
        return false;
    if (drops_table)
        keep_table(model, version, table, operation->line, expanded);
    else
        keep_column(model, version, table, operation, expanded);
    return true;
}

void keep_hide(struct model *model)
{
    for (size_t i = model->table_count; i > 0; i--) {
        struct table *table = model->tables[i - 1];
        size_t left = 0;

        for (size_t j = 0; j < table->column_count; j++)
            if (!is_kept(table->columns[j].name))
                table->columns[left++] = table->columns[j];
        table->column_count = left;
        if (is_kept(table->name))
            model_forget(model, table->name);
    }
}

static bool is_due(const struct model *model, const char *name, const char *through)
{
    if (!is_kept(name))
        return false;
    const char *version = name + strlen(prefix);
    size_t length = strspn(version, "0123456789");

    return through == NULL ||
           version_compare(arena_copy(model->arena, version, length), through) <= 0;
}

struct operations keep_purge(const struct model *model, const char *through)
{
    struct operations purge = {0};

    for (size_t i = 0; i < model->table_count; i++) {
        const struct table *table = model->tables[i];

        if (is_due(model, table->name, through)) {
            add(model, &purge,
                &(struct operation){.kind = OPERATION_DROP_TABLE, .table = table->name});
            continue;
        }
        for (size_t j = 0; j < table->column_count; j++)
            if (is_due(model, table->columns[j].name, through))
                add(model, &purge,
                    &(struct operation){.kind = OPERATION_DROP_COLUMN,
                                        .table = table->name,
                                        .name = table->columns[j].name});
    }
    return purge;
}
