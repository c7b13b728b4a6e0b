#include "plans/schema/parser_table.h"

#include "common/list.h"
#include "plans/schema/parser_expression.h"

static const struct {
    const char *word;
    enum type_kind type;
    int most; /* of the size; 0 if there is none */
} types[] = {
    {"smallint", TYPE_SMALLINT, 0},   {"integer", TYPE_INTEGER, 0},
    {"bigint", TYPE_BIGINT, 0},       {"decimal", TYPE_DECIMAL, 65},
    {"real", TYPE_REAL, 0},           {"double", TYPE_DOUBLE, 0},
    {"boolean", TYPE_BOOLEAN, 0},     {"char", TYPE_CHAR, 255},
    {"varchar", TYPE_VARCHAR, 16383}, {"text", TYPE_TEXT, 0},
    {"blob", TYPE_BLOB, 0},           {"date", TYPE_DATE, 0},
    {"time", TYPE_TIME, 0},           {"timestamp", TYPE_TIMESTAMP, 0},
    {"uuid", TYPE_UUID, 0},           {"json", TYPE_JSON, 0},
};

static bool read_size(struct parser *parser, int most, struct column *column)
{
    if (!words_require(parser, "(", "\"(\" and the size of the type") ||
        !words_read_number(parser, 1, most, &column->size))
        return false;
    if (column->type == TYPE_DECIMAL && words_accept(parser, ",") &&
        !words_read_number(parser, 0, column->size < 30 ? column->size : 30, &column->scale))
        return false;
    return words_require(parser, ")", "\")\"");
}

bool parser_read_type(struct parser *parser, struct column *column)
{
    size_t i = 0;

    while (i < COUNT_OF(types) && !words_is(parser, types[i].word))
        i++;
    if (i == COUNT_OF(types))
        return words_expected(parser, "a type: SMALLINT, INTEGER, BIGINT, DECIMAL, REAL, DOUBLE "
                                      "PRECISION, BOOLEAN, CHAR, VARCHAR, TEXT, BLOB, DATE, TIME, "
                                      "TIMESTAMP, UUID or JSON");
    parser->next++;
    column->type = types[i].type;
    if (types[i].most > 0)
        return read_size(parser, types[i].most, column);
    if (column->type == TYPE_DOUBLE)
        return words_require(parser, "precision", "PRECISION");
    if (column->type == TYPE_TIMESTAMP && words_accept(parser, "with")) {
        column->type = TYPE_TIMESTAMP_ZONED;
        return words_require(parser, "time", "TIME ZONE") && words_require(parser, "zone", "ZONE");
    }
    return true;
}

bool parser_read_default(struct parser *parser, struct column *column)
{
    const char *sign = words_accept(parser, "-") ? "-" : "";
    const struct token *token = parser->next;

    if (token->kind == TOKEN_NUMBER) {
        column->default_kind = DEFAULT_LITERAL;
        column->default_text = arena_printf(parser->arena, "%s%s", sign, token->text);
    } else if (*sign != '\0') {
        return words_expected(parser, "a number");
    } else if (token->kind == TOKEN_STRING) {
        column->default_kind = DEFAULT_STRING;
        column->default_text = token->text;
    } else if (words_is(parser, "true") || words_is(parser, "false")) {
        column->default_kind = DEFAULT_LITERAL;
        column->default_text = words_is(parser, "true") ? "TRUE" : "FALSE";
    } else if (words_is(parser, "current_timestamp")) {
        column->default_kind = DEFAULT_CURRENT_TIMESTAMP;
    } else {
        return words_expected(parser, "a number, a string, TRUE, FALSE or CURRENT_TIMESTAMP");
    }
    parser->next++;
    return true;
}

static bool read_action(struct parser *parser, const char **action)
{
    static const char wanted[] = "CASCADE, RESTRICT, NO ACTION or SET NULL";

    if (words_accept(parser, "cascade"))
        *action = "CASCADE";
    else if (words_accept(parser, "restrict"))
        *action = "RESTRICT";
    else if (words_accept(parser, "no") && words_accept(parser, "action"))
        *action = "NO ACTION";
    else if (words_accept(parser, "set") && words_accept(parser, "null"))
        *action = "SET NULL";
    else
        return words_expected(parser, wanted);
    return true;
}

static bool read_reference(struct parser *parser, struct constraint *constraint)
{
    constraint->kind = CONSTRAINT_FOREIGN_KEY;
    if (!words_require(parser, "references", "REFERENCES") ||
        !words_read_name(parser, &constraint->other_table, "the name of a table") ||
        !words_read_names(parser, &constraint->other_columns))
        return false;
    if (constraint->other_columns.count != constraint->columns.count)
        return words_expected(parser,
                              "as many columns on both sides of the foreign key before this");
    while (words_accept(parser, "on")) {
        const char **action = words_is(parser, "delete")   ? &constraint->on_delete
                              : words_is(parser, "update") ? &constraint->on_update
                                                           : NULL;
        if (action == NULL || *action != NULL)
            return words_expected(parser, "DELETE or UPDATE, each once");
        parser->next++;
        if (!read_action(parser, action))
            return false;
    }
    return true;
}

static bool is_any(const struct parser *parser, const char *const *texts)
{
    while (*texts != NULL && !words_is(parser, *texts))
        texts++;
    return *texts != NULL;
}

static struct constraint *add_constraint(struct parser *parser, struct table *table)
{
    table->constraints = list_room(parser->arena, table->constraints, table->constraint_count,
                                   sizeof *table->constraints);
    struct constraint *constraint = &table->constraints[table->constraint_count++];
    *constraint = (struct constraint){0};
    return constraint;
}

static bool read_check(struct parser *parser, struct constraint *constraint)
{
    struct expression *check = arena_calloc(parser->arena, 1, sizeof *check);

    constraint->kind = CONSTRAINT_CHECK;
    constraint->check = check;
    constraint->columns = (struct name_list){0};
    return words_require(parser, "(", "\"(\" and a condition") &&
           parser_read_expression(parser, &constraint->columns, check) &&
           words_require(parser, ")", "an operator or \")\"");
}

/* A constraint in a column's line is one of the table, where one can stand at all. */
static bool read_column_constraint(struct parser *parser, const char *column, struct table *table)
{
    const char *name = NULL;

    if (table == NULL)
        return words_expected(parser,
                              "\";\", DEFAULT or NOT NULL; a constraint of a new column of a table "
                              "that is there is a statement of its own: ADD CONSTRAINT");
    if (words_accept(parser, "constraint") &&
        !words_read_name(parser, &name, "the name of the constraint"))
        return false;
    struct constraint *constraint = add_constraint(parser, table);
    constraint->name = name;
    words_add_name(parser, &constraint->columns, column);
    if (words_accept(parser, "check"))
        return read_check(parser, constraint);
    if (words_accept(parser, "primary")) {
        constraint->kind = CONSTRAINT_PRIMARY_KEY;
        return words_require(parser, "key", "KEY");
    }
    constraint->kind = CONSTRAINT_UNIQUE;
    return words_accept(parser, "unique") || read_reference(parser, constraint);
}

static bool read_identity(struct parser *parser, struct column *column)
{
    column->identity = true;
    column->identity_always = words_accept(parser, "always");
    if (!column->identity_always &&
        (!words_accept(parser, "by") || !words_accept(parser, "default")))
        return words_expected(parser, "BY DEFAULT or ALWAYS");
    return words_require(parser, "as", "AS IDENTITY") &&
           words_require(parser, "identity", "IDENTITY");
}

/* table is NULL for a column of a table that is there. */
static bool read_clause(struct parser *parser, struct column *column, struct table *table)
{
    static const char *const constraints[] = {"constraint", "primary",    "unique",
                                              "check",      "references", NULL};

    if (words_accept(parser, "not")) {
        column->not_null = true;
        return words_require(parser, "null", "NULL");
    }
    if (column->default_kind == DEFAULT_NONE && words_accept(parser, "default"))
        return parser_read_default(parser, column);
    if (table != NULL && words_accept(parser, "generated"))
        return read_identity(parser, column);
    if (is_any(parser, constraints))
        return read_column_constraint(parser, column->name, table);
    return words_expected(parser, "\",\", \")\", \";\", NOT NULL, DEFAULT, GENERATED, CONSTRAINT, "
                                  "PRIMARY KEY, UNIQUE, CHECK or REFERENCES");
}

bool parser_read_column(struct parser *parser, struct column *column, struct table *table)
{
    static const char *const ends[] = {",", ")", ";", NULL};

    if (!words_read_name(parser, &column->name, "the name of a column") ||
        !parser_read_type(parser, column))
        return false;
    while (!is_any(parser, ends) && parser->next->kind != TOKEN_END)
        if (!read_clause(parser, column, table))
            return false;
    return true;
}

bool parser_read_constraint(struct parser *parser, struct constraint *constraint)
{
    if (words_accept(parser, "check"))
        return read_check(parser, constraint);
    if (words_accept(parser, "foreign"))
        return words_require(parser, "key", "KEY") &&
               words_read_names(parser, &constraint->columns) && read_reference(parser, constraint);
    if (words_accept(parser, "unique"))
        constraint->kind = CONSTRAINT_UNIQUE;
    else if (words_accept(parser, "primary") && words_accept(parser, "key"))
        constraint->kind = CONSTRAINT_PRIMARY_KEY;
    else
        return words_expected(parser, "PRIMARY KEY, UNIQUE, FOREIGN KEY or CHECK");
    return words_read_names(parser, &constraint->columns);
}

bool parser_read_element(struct parser *parser, struct table *table)
{
    static const char *const constraints[] = {"constraint", "primary", "unique",
                                              "foreign",    "check",   NULL};

    if (is_any(parser, constraints)) {
        struct constraint *constraint = add_constraint(parser, table);
        return (!words_accept(parser, "constraint") ||
                words_read_name(parser, &constraint->name, "the name of the constraint")) &&
               parser_read_constraint(parser, constraint);
    }
    table->columns =
        list_room(parser->arena, table->columns, table->column_count, sizeof *table->columns);
    struct column *column = &table->columns[table->column_count++];
    *column = (struct column){0};
    return parser_read_column(parser, column, table);
}
