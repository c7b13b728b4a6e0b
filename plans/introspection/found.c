#include "plans/introspection/found.h"

#include <string.h>

#include "common/memory.h"
#include "plans/introspection/finding.h"
#include "plans/introspection/line_tokens.h"
#include "plans/schema/copy.h"
#include "plans/schema/rules.h"

static const line_function readers[ENGINE_KIND_COUNT] = {
    [ENGINE_POSTGRESQL] = line_read_postgresql,
    [ENGINE_MYSQL] = line_read_mysql,
    [ENGINE_SQLITE] = line_read_sqlite,
};

/* The first words of a line, for what is not part of a table: its kind and its name. */
static const char *head_of(const struct finding *finding, const char *line, size_t length)
{
    static const char *const kinds[] = {"composite ", "foreign ", "materialized ", "package body ",
                                        "partitioned "};
    enum { HEAD_MAX = 60 };
    size_t end = 0;
    int words = 2;
    bool is_quoted = false;

    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (length > strlen(kinds[i]) && memcmp(line, kinds[i], strlen(kinds[i])) == 0)
            words = 3;
    while (end < length && end < HEAD_MAX && words > 0) {
        is_quoted = is_quoted != (line[end] == '"' || line[end] == '`');
        words -= line[end] == ' ' && !is_quoted;
        end++;
    }
    while (end > 0 && (line[end - 1] == ' ' || line[end - 1] == ':'))
        end--;
    return arena_copy(finding->arena, line, end);
}

static void read_line(struct finding *finding, const char *line, size_t length)
{
    struct error err = {0};
    struct tokens tokens;

    finding->table = NULL;
    finding->part = NULL;
    finding->line = arena_copy(finding->arena, line, length);
    if (line_tokens_read(finding->arena, finding->engine, line, length, &tokens, &err)) {
        struct parser parser = {.arena = finding->arena, .next = tokens.items, .err = &err};
        if (readers[finding->engine](finding, &parser))
            return;
    }
    finding_outside(finding, finding->table,
                    finding->part != NULL ? finding->part : head_of(finding, line, length),
                    err.message);
}

static void read_lines(struct finding *finding, const char *lines, size_t length)
{
    for (size_t begin = 0; begin < length;) {
        const char *newline = memchr(lines + begin, '\n', length - begin);
        size_t end = newline != NULL ? (size_t)(newline - lines) : length;

        if (end > begin)
            read_line(finding, lines + begin, end - begin);
        begin = end + 1;
    }
    finding->line = NULL;
}

/* From here on the tables are put into the model, each part as far as the rules take it. */

static const char *part_of_constraint(struct arena *arena, const struct constraint *constraint)
{
    static const char *const unnamed[] = {"the primary key", "a UNIQUE without a name",
                                          "a FOREIGN KEY without a name", "a CHECK without a name"};

    return constraint->name != NULL ? arena_printf(arena, "constraint \"%s\"", constraint->name)
                                    : unnamed[constraint->kind];
}

static void keep_right_columns(struct finding *finding, struct table *table)
{
    size_t kept = 0;

    for (size_t i = 0; i < table->column_count; i++) {
        struct error err = {0};

        if (rules_check_column(&table->columns[i], &err))
            table->columns[kept++] = table->columns[i];
        else
            finding_outside(finding, table->name,
                            arena_printf(finding->arena, "column \"%s\"", table->columns[i].name),
                            err.message);
    }
    table->column_count = kept;
}

/* Tries the table with one constraint more. */
static bool take_constraint(const struct model *model, struct table *table,
                            const struct constraint *constraint, struct error *err)
{
    struct table next = *table;

    next.constraints[next.constraint_count++] = *constraint;
    if (!rules_check_table(model, &next, err))
        return false;
    *table = next;
    return true;
}

static bool is_later(const struct constraint *constraint)
{
    return constraint->kind == CONSTRAINT_FOREIGN_KEY;
}

static bool create(struct finding *finding, const struct table *table, struct error *err)
{
    struct operation operation = {
        .kind = OPERATION_CREATE_TABLE, .table = table->name, .created = *table};
    struct operation inverse = {0};
    const char *loss;

    return model_apply(&finding->found->model, &operation, &inverse, &loss, err);
}

/* The table with those of its constraints that can be, the key first; foreign keys wait for all
   tables. */
static bool create_table(struct finding *finding, const struct table *read)
{
    struct model *model = &finding->found->model;
    struct table table = *read;
    struct error err = {0};

    table.constraint_count = 0;
    table.constraints =
        arena_calloc(finding->arena, read->constraint_count + 1, sizeof *table.constraints);
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < read->constraint_count; i++) {
            const struct constraint *constraint = &read->constraints[i];
            bool is_key = constraint->kind == CONSTRAINT_PRIMARY_KEY;

            if (is_later(constraint) || is_key != (pass == 0) ||
                take_constraint(model, &table, constraint, &err))
                continue;
            finding_outside(finding, table.name, part_of_constraint(finding->arena, constraint),
                            err.message);
            error_clear(&err);
        }
    if (create(finding, &table, &err))
        return true;
    finding_outside(finding, NULL, arena_printf(finding->arena, "table \"%s\"", table.name),
                    err.message);
    return false;
}

static void add_foreign_key(struct finding *finding, const struct table *table,
                            const struct constraint *constraint)
{
    struct model *model = &finding->found->model;
    struct operation operation = {.kind = OPERATION_ADD_CONSTRAINT,
                                  .table = table->name,
                                  .constraint = copy_constraint(finding->arena, constraint)};
    struct operation inverse = {0};
    struct error err = {0};
    const char *loss;

    if (constraint->name == NULL) {
        operation.constraint.name = rules_constraint_name(model, table, constraint);
        operation.constraint.derived = true;
    }
    operation.name = operation.constraint.name;
    if (!model_apply(model, &operation, &inverse, &loss, &err))
        finding_outside(finding, table->name, part_of_constraint(finding->arena, constraint),
                        err.message);
}

static void create_index(struct finding *finding, const struct index *index)
{
    struct operation operation = {.kind = OPERATION_CREATE_INDEX,
                                  .table = index->table,
                                  .name = index->name,
                                  .index = *index};
    struct operation inverse = {0};
    struct error err = {0};
    const char *loss;

    if (!model_apply(&finding->found->model, &operation, &inverse, &loss, &err))
        finding_outside(finding, index->table,
                        arena_printf(finding->arena, "index \"%s\"", index->name), err.message);
}

static void make_model(struct finding *finding)
{
    bool *is_there = arena_calloc(finding->arena, finding->table_count + 1, sizeof *is_there);

    for (size_t i = 0; i < finding->table_count; i++) {
        keep_right_columns(finding, &finding->tables[i]->table);
        is_there[i] = create_table(finding, &finding->tables[i]->table);
    }
    for (size_t i = 0; i < finding->table_count; i++) {
        const struct found_table *table = finding->tables[i];

        for (size_t j = 0; is_there[i] && j < table->table.constraint_count; j++)
            if (is_later(&table->table.constraints[j]))
                add_foreign_key(finding, &table->table, &table->table.constraints[j]);
        for (size_t j = 0; is_there[i] && j < table->index_count; j++)
            create_index(finding, &table->indexes[j]);
    }
}

void found_read(struct arena *arena, enum engine_kind engine, const char *lines, size_t length,
                struct found *found)
{
    AUTO(name_index) struct name_index *by_name = name_index_new(64);
    struct finding finding = {.arena = arena, .engine = engine, .by_name = by_name, .found = found};

    *found = (struct found){.model = {.arena = arena}};
    read_lines(&finding, lines, length);
    make_model(&finding);
}

size_t found_whole_tables(const struct found *found)
{
    size_t whole = 0;

    for (size_t i = 0; i < found->model.table_count; i++) {
        bool is_whole = true;

        for (size_t j = 0; j < found->outside_count; j++)
            is_whole =
                is_whole && (found->outside[j].table == NULL ||
                             strcmp(found->outside[j].table, found->model.tables[i]->name) != 0);
        whole += is_whole;
    }
    return whole;
}
