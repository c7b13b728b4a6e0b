#include "plans/introspection/finding.h"

#include <string.h>

#include "common/list.h"
#include "plans/introspection/postgresql_type.h"
#include "plans/introspection/retell.h"
#include "plans/introspection/settle.h"
#include "plans/schema/parser_table.h"

struct found_table *finding_table(const struct finding *finding, const char *name)
{
    struct found_table *const *slot = name_index_find(finding->by_name, name);

    return slot != NULL ? *slot : NULL;
}

struct found_table *finding_add_table(struct finding *finding, const char *name)
{
    struct found_table *table = arena_calloc(finding->arena, 1, sizeof *table);
    struct found_table **slot = arena_calloc(finding->arena, 1, sizeof *slot);

    table->table.name = name;
    *slot = table;
    finding->tables =
        list_room(finding->arena, finding->tables, finding->table_count, sizeof *finding->tables);
    finding->tables[finding->table_count++] = table;
    (void)name_index_add(finding->by_name, name, slot);
    return table;
}

struct column *finding_add_column(const struct finding *finding, struct found_table *found)
{
    struct table *table = &found->table;

    table->columns =
        list_room(finding->arena, table->columns, table->column_count, sizeof *table->columns);
    struct column *column = &table->columns[table->column_count++];
    *column = (struct column){0};
    return column;
}

struct constraint *finding_add_constraint(const struct finding *finding, struct found_table *found)
{
    struct table *table = &found->table;

    table->constraints = list_room(finding->arena, table->constraints, table->constraint_count,
                                   sizeof *table->constraints);
    struct constraint *constraint = &table->constraints[table->constraint_count++];
    *constraint = (struct constraint){0};
    return constraint;
}

struct index *finding_add_index(const struct finding *finding, struct found_table *found)
{
    found->indexes =
        list_room(finding->arena, found->indexes, found->index_count, sizeof *found->indexes);
    struct index *index = &found->indexes[found->index_count++];
    *index = (struct index){.table = found->table.name};
    return index;
}

void finding_outside(struct finding *finding, const char *table, const char *part,
                     const char *reason)
{
    struct found *found = finding->found;

    found->outside =
        list_room(finding->arena, found->outside, found->outside_count, sizeof *found->outside);
    found->outside[found->outside_count++] =
        (struct outside){table, part, arena_strdup(finding->arena, reason), finding->line};
}

bool finding_refuse(const struct parser *parser)
{
    error_clear(parser->err);
    return error_set(parser->err, ERROR_UNSUPPORTED, "portable DDL has no words for %.80s",
                     parser->next->text);
}

bool finding_require_end(const struct parser *parser)
{
    return parser->next->kind == TOKEN_END || finding_refuse(parser);
}

static struct parser parser_of(const struct parser *parser, const struct tokens *told)
{
    return (struct parser){.arena = parser->arena, .next = told->items, .err = parser->err};
}

bool finding_read_constraint(struct finding *finding, struct parser *parser,
                             struct found_table *table, const char *name)
{
    static const char *const kinds[] = {"primary", "unique", "foreign", "check"};
    struct constraint constraint = {.name = name};
    struct tokens told;
    bool is_known = false;

    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        is_known = is_known || words_is(parser, kinds[i]);
    if (!is_known)
        return finding_refuse(parser);
    if (!retell(finding->arena, finding->engine, parser->next, &told, parser->err))
        return false;
    struct parser retold = parser_of(parser, &told);
    if (!parser_read_constraint(&retold, &constraint) || !finding_require_end(&retold))
        return false;
    if (constraint.kind == CONSTRAINT_CHECK &&
        !settle(finding->arena, finding->engine, &table->table, &constraint.columns,
                constraint.check, parser->err))
        return false;
    *finding_add_constraint(finding, table) = constraint;
    return true;
}

bool finding_read_index_columns(struct parser *parser, struct index *index)
{
    if (!words_require(parser, "(", "\"(\""))
        return false;
    do {
        const char *name = NULL;
        const struct token *after = parser->next + 1;

        if (parser->next->kind == TOKEN_END || strchr("(.", after->text[0]) != NULL ||
            (parser->next->kind != TOKEN_WORD && parser->next->kind != TOKEN_QUOTED))
            return error_set(parser->err, ERROR_UNSUPPORTED,
                             "portable DDL has no expressions or beginnings of values in an index");
        if (!words_read_name(parser, &name, "the name of a column"))
            return false;
        words_add_name(parser, &index->columns, name);
        index->descending = list_room(parser->arena, index->descending, index->columns.count - 1,
                                      sizeof *index->descending);
        index->descending[index->columns.count - 1] = words_accept(parser, "desc");
        if (!index->descending[index->columns.count - 1])
            (void)words_accept(parser, "asc");
    } while (words_accept(parser, ","));
    return words_accept(parser, ")") || finding_refuse(parser);
}

/* The six digits of MySQL's CURRENT_TIMESTAMP(6), which the language's has. */
static void skip_digits(struct parser *parser)
{
    static const char *const digits[] = {"(", "6", ")"};

    for (size_t i = 0; i < COUNT_OF(digits); i++)
        if (parser->next[i].kind == TOKEN_END || strcmp(parser->next[i].text, digits[i]) != 0)
            return;
    parser->next += COUNT_OF(digits);
}

/* The value without brackets and casts, which a default of one value does not need. */
static bool bare_value(const struct finding *finding, struct parser *parser, struct tokens *value)
{
    struct parser out = *parser;

    *value = (struct tokens){0};
    while (parser->next->kind != TOKEN_END) {
        struct column type = {0};

        if (words_accept(parser, "(") || words_accept(parser, ")"))
            continue;
        if (finding->engine == ENGINE_POSTGRESQL && words_accept(parser, "::")) {
            if (!postgresql_type_read(parser, &type))
                return false;
            continue;
        }
        value->items = list_room(out.arena, value->items, value->count, sizeof *value->items);
        value->items[value->count++] = *parser->next++;
        if (strcmp(value->items[value->count - 1].text, "current_timestamp") == 0)
            skip_digits(parser);
    }
    value->items = list_room(out.arena, value->items, value->count, sizeof *value->items);
    value->items[value->count] = *parser->next;
    return true;
}

static bool is_temporal(enum type_kind type)
{
    return type >= TYPE_DATE && type <= TYPE_TIMESTAMP_ZONED;
}

/* '10:20:30.000000' is what MySQL makes of '10:20:30'. */
static void shorten_fraction(struct parser *parser, struct column *column)
{
    char *text = arena_strdup(parser->arena, column->default_text);
    size_t length = strlen(text);

    if (strchr(text, '.') == NULL)
        return;
    while (text[length - 1] == '0')
        length--;
    length -= text[length - 1] == '.' ? 1 : 0;
    text[length] = '\0';
    column->default_text = text;
}

/* 'now' and 'today' are no strings that stand for one moment. */
static bool check_moment(struct parser *parser, struct column *column)
{
    const char *text = column->default_text;
    bool is_zoned = column->type == TYPE_TIMESTAMP_ZONED;

    if (text[0] == '\0' || text[strspn(text, "0123456789-:. +T")] != '\0')
        return error_set(parser->err, ERROR_UNSUPPORTED, "portable DDL has no default '%s'", text);
    if (is_zoned && strchr(text, '+') == NULL && strrchr(text, '-') < strchr(text, ':'))
        return error_set(parser->err, ERROR_UNSUPPORTED,
                         "the default '%s' has no zone, and so is the session's", text);
    shorten_fraction(parser, column);
    return true;
}

/* Numbers and TRUE may be strings with a cast, TRUE a number. */
static void fit_default(struct column *column)
{
    bool is_boolean = column->type == TYPE_BOOLEAN;

    if (column->default_kind == DEFAULT_STRING && column->type <= TYPE_DOUBLE)
        column->default_kind = DEFAULT_LITERAL;
    if (is_boolean &&
        (strcmp(column->default_text, "1") == 0 || strcmp(column->default_text, "t") == 0))
        column->default_text = "TRUE";
    if (is_boolean &&
        (strcmp(column->default_text, "0") == 0 || strcmp(column->default_text, "f") == 0))
        column->default_text = "FALSE";
}

static bool is_now(struct parser *parser)
{
    return words_is(parser, "now") && parser->next[1].kind == TOKEN_END;
}

/* Other functions than those of the moment. */
static bool refuse_function(const struct parser *parser)
{
    static const char *const known[] = {"now", "current_timestamp"};
    const struct token *token = parser->next;

    if (token->kind == TOKEN_WORD && strcmp(token[1].text, ".") == 0)
        token += 2;
    if (token->kind != TOKEN_WORD || strcmp(token[1].text, "(") != 0)
        return true;
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (strcmp(token->text, known[i]) == 0)
            return true;
    if (strcmp(token->text, "nextval") == 0)
        return error_set(parser->err, ERROR_UNSUPPORTED,
                         "a sequence numbers it: portable DDL has GENERATED AS IDENTITY for that");
    return error_set(parser->err, ERROR_UNSUPPORTED,
                     "portable DDL has no function %s for a default", token->text);
}

bool finding_read_default(const struct finding *finding, struct parser *parser,
                          struct column *column)
{
    struct tokens value;

    if (!refuse_function(parser))
        return false;
    if (!bare_value(finding, parser, &value))
        return false;
    struct parser bare = parser_of(parser, &value);
    if (words_accept(&bare, "null"))
        return finding_require_end(&bare);
    if (finding->engine == ENGINE_POSTGRESQL && is_now(&bare)) {
        column->default_kind = DEFAULT_CURRENT_TIMESTAMP;
        return true;
    }
    if (!parser_read_default(&bare, column))
        return finding_refuse(&bare);
    if (!finding_require_end(&bare))
        return false;
    if (column->default_kind == DEFAULT_CURRENT_TIMESTAMP)
        return true;
    fit_default(column);
    if (column->default_kind == DEFAULT_LITERAL && column->type <= TYPE_DOUBLE &&
        !settle_is_number(column->default_text))
        return error_set(parser->err, ERROR_UNSUPPORTED, "portable DDL has no default %s",
                         column->default_text);
    return !is_temporal(column->type) || column->default_kind != DEFAULT_STRING ||
           check_moment(parser, column);
}
