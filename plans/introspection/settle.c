#include "plans/introspection/settle.h"

#include <stdlib.h>
#include <string.h>

#include "plans/schema/expression.h"
#include "plans/schema/rules.h"

const char settle_whole_division[] = "::div";

static const char *const marks[TYPE_KIND_COUNT] = {
    [TYPE_SMALLINT] = "::SMALLINT",
    [TYPE_INTEGER] = "::INTEGER",
    [TYPE_BIGINT] = "::BIGINT",
    [TYPE_DECIMAL] = "::DECIMAL",
    [TYPE_REAL] = "::REAL",
    [TYPE_DOUBLE] = "::DOUBLE",
    [TYPE_BOOLEAN] = "::BOOLEAN",
    [TYPE_CHAR] = "::CHAR",
    [TYPE_VARCHAR] = "::VARCHAR",
    [TYPE_TEXT] = "::TEXT",
    [TYPE_BLOB] = "::BLOB",
    [TYPE_DATE] = "::DATE",
    [TYPE_TIME] = "::TIME",
    [TYPE_TIMESTAMP] = "::TIMESTAMP",
    [TYPE_TIMESTAMP_ZONED] = "::TIMESTAMP WITH TIME ZONE",
    [TYPE_UUID] = "::UUID",
    [TYPE_JSON] = "::JSON",
};

/* What a number was cast to: whoever takes it has to want that anyway. */
enum cast { CAST_NONE, CAST_EXACT, CAST_FLOATING };

/* An operand as far as it is known. */
struct operand {
    enum value_class class;
    enum cast cast;
    bool floats;         /* a REAL or DOUBLE PRECISION is in it */
    enum type_kind type; /* of a column; TYPE_KIND_COUNT for others */
};

struct settling {
    struct arena *arena;
    enum engine_kind engine;
    const struct table *table;
    const struct name_list *columns;
    struct error *err;
};

static bool settle_at(const struct settling *settling, struct expression *expression,
                      struct operand *operand);

const char *settle_mark(enum type_kind type)
{
    return marks[type];
}

static bool refuse(const struct settling *settling, const char *what)
{
    return error_set(settling->err, ERROR_UNSUPPORTED, "portable DDL has no %s", what);
}

static bool is_number(enum value_class class)
{
    return class == VALUE_WHOLE || class == VALUE_NUMBER;
}

bool settle_is_number(const char *text)
{
    text += *text == '-' ? 1 : 0;
    size_t digits = strspn(text, "0123456789");
    size_t fraction = text[digits] == '.' ? 1 + strspn(text + digits + 1, "0123456789") : 0;

    return digits > 0 && fraction != 1 && text[digits + fraction] == '\0';
}

/* '-5' cast to a type of numbers. */
static bool become_number(const struct settling *settling, struct expression *expression,
                          struct operand *operand)
{
    const char *text = expression->text;
    bool is_negative = *text == '-';

    if (!settle_is_number(text))
        return refuse(settling, "such numbers");
    operand->class = strchr(text, '.') == NULL ? VALUE_WHOLE : VALUE_NUMBER;
    *expression = (struct expression){.kind = EXPRESSION_LITERAL, .text = text + is_negative};
    if (!is_negative)
        return true;
    struct expression *number = arena_calloc(settling->arena, 1, sizeof *number);
    *number = *expression;
    *expression = (struct expression){
        .kind = EXPRESSION_OPERATOR, .text = "-", .operands = number, .count = 1};
    return true;
}

/* A string that the engine took for another type stands for it in the language too. */
static bool cast_string(const struct settling *settling, enum type_kind type,
                        struct expression *expression, struct operand *operand)
{
    if (type <= TYPE_DOUBLE)
        return become_number(settling, expression, operand);
    return (type != TYPE_BOOLEAN && type != TYPE_BLOB && type != TYPE_JSON) ||
           refuse(settling, "such casts");
}

/* The cast keeps the value, or is what the engine does to operands of different types. */
static bool cast_value(const struct settling *settling, enum type_kind type,
                       struct operand *operand)
{
    const struct column to = {.type = type};
    bool is_wider = operand->type == TYPE_KIND_COUNT || operand->type <= type;
    bool keeps;

    if (type <= TYPE_BIGINT) {
        keeps = operand->class == VALUE_WHOLE && is_wider;
    } else if (type == TYPE_DECIMAL) {
        keeps = is_number(operand->class) && !operand->floats;
        operand->cast = operand->class == VALUE_WHOLE ? CAST_EXACT : operand->cast;
    } else if (type <= TYPE_DOUBLE) {
        bool is_long = type == TYPE_DOUBLE || settling->engine == ENGINE_SQLITE;
        keeps = is_number(operand->class) && (is_long || !operand->floats);
        operand->cast = operand->floats ? operand->cast : CAST_FLOATING;
    } else {
        keeps = operand->class == expression_class_of(&to) && operand->class != VALUE_OPAQUE;
    }
    return keeps || refuse(settling, "casts");
}

static bool settle_cast(const struct settling *settling, struct expression *expression,
                        struct operand *operand)
{
    enum type_kind type = 0;

    while (type < TYPE_KIND_COUNT && strcmp(marks[type], expression->text) != 0)
        type++;
    if (type == TYPE_KIND_COUNT || expression->count != 1)
        return refuse(settling, "such casts");
    struct expression within = expression->operands[0];
    *expression = within;
    return within.kind == EXPRESSION_STRING ? cast_string(settling, type, expression, operand)
                                            : cast_value(settling, type, operand);
}

/* What operands were cast to, another of them is by itself. */
static bool casts_are_wanted(const struct settling *settling, const struct operand *operands,
                             size_t count)
{
    bool has_exact = false;
    bool has_floating = false;

    for (size_t i = 0; i < count; i++) {
        has_exact = has_exact || operands[i].class == VALUE_NUMBER;
        has_floating = has_floating || operands[i].floats;
    }
    for (size_t i = 0; i < count; i++)
        if ((operands[i].cast == CAST_EXACT && !has_exact) ||
            (operands[i].cast == CAST_FLOATING && !has_floating))
            return refuse(settling, "casts");
    return true;
}

static bool is_literal(const struct expression *expression, const char *text)
{
    return expression->kind == EXPRESSION_LITERAL && strcmp(expression->text, text) == 0;
}

/* MySQL and SQLite have numbers for TRUE and FALSE. */
static void name_booleans(const struct settling *settling, struct expression *expression,
                          struct operand *operands)
{
    bool is_boolean = false;

    for (size_t i = 0; i < expression->count; i++)
        is_boolean = is_boolean || operands[i].class == VALUE_BOOLEAN;
    if (!is_boolean || settling->engine == ENGINE_POSTGRESQL)
        return;
    for (size_t i = 0; i < expression->count; i++) {
        struct expression *operand = &expression->operands[i];

        if (!is_literal(operand, "0") && !is_literal(operand, "1"))
            continue;
        operand->text = is_literal(operand, "1") ? "TRUE" : "FALSE";
        operands[i].class = VALUE_BOOLEAN;
    }
}

/* Of whole numbers "/" cuts off in the language. SQLite goes by how a value is kept. */
static bool settle_division(const struct settling *settling, struct expression *expression,
                            const struct operand *operands)
{
    bool is_whole = operands[0].class == VALUE_WHOLE && operands[1].class == VALUE_WHOLE;
    bool cuts_off = strcmp(expression->text, "::DIV") == 0;
    bool is_cast = operands[0].cast == CAST_FLOATING;

    if (settling->engine == ENGINE_MYSQL && cuts_off != is_whole)
        return refuse(settling, is_whole ? "division of whole numbers that keeps a fraction"
                                         : "division of other numbers that cuts off");
    if (settling->engine == ENGINE_SQLITE && (is_whole ? is_cast : !is_cast && !operands[0].floats))
        return refuse(settling, is_whole ? "division of whole numbers that keeps a fraction"
                                         : "division that goes by how a value is kept");
    expression->text = "/";
    return true;
}

static bool is_logical(const char *text)
{
    return strcmp(text, "AND") == 0 || strcmp(text, "OR") == 0 || strcmp(text, "NOT") == 0;
}

static bool settle_operator(const struct settling *settling, struct expression *expression,
                            struct operand *operands, struct operand *whole)
{
    const char *text = expression->text;
    bool divides = expression->count == 2 && (text[0] == '/' || text[0] == ':');
    bool compares = strchr("=<>", text[0]) != NULL;

    whole->class = VALUE_BOOLEAN;
    if (divides && !settle_division(settling, expression, operands))
        return false;
    if (divides && settling->engine == ENGINE_SQLITE)
        operands[0].cast = CAST_NONE;
    if (compares)
        name_booleans(settling, expression, operands);
    if (compares || is_logical(text))
        return casts_are_wanted(settling, operands, expression->count);
    whole->class = strcmp(text, "||") == 0 ? VALUE_TEXT : VALUE_WHOLE;
    for (size_t i = 0; i < expression->count; i++) {
        whole->floats = whole->floats || operands[i].floats;
        if (operands[i].class == VALUE_NUMBER)
            whole->class = VALUE_NUMBER;
    }
    return casts_are_wanted(settling, operands, expression->count);
}

static bool settle_column(const struct settling *settling, const struct expression *expression,
                          struct operand *operand)
{
    const char *name = settling->columns->items[expression->column];
    const struct column *column = rules_find_column(settling->table, name);

    if (column == NULL)
        return error_set(settling->err, ERROR_CONFLICT, "column \"%s\" is not in it", name);
    operand->class = expression_class_of(column);
    operand->type = column->type;
    operand->floats = column->type == TYPE_REAL || column->type == TYPE_DOUBLE;
    return true;
}

static bool settle_literal(const struct settling *settling, const struct expression *expression,
                           struct operand *operand)
{
    operand->class = VALUE_BOOLEAN;
    if (strchr("TF", expression->text[0]) != NULL)
        return true;
    operand->class = strchr(expression->text, '.') == NULL ? VALUE_WHOLE : VALUE_NUMBER;
    return settle_is_number(expression->text) || refuse(settling, "such numbers");
}

static bool settle_function(const struct settling *settling, struct expression *expression,
                            struct operand *operands, struct operand *whole)
{
    *whole = operands[0];
    if (strncmp(expression->text, "::", 2) == 0)
        return settle_cast(settling, expression, whole);
    for (size_t i = 0; i < expression->count; i++)
        whole->floats = whole->floats || operands[i].floats;
    whole->type = TYPE_KIND_COUNT;
    whole->cast = CAST_NONE;
    if (strcmp(expression->text, "LENGTH") == 0)
        *whole = (struct operand){.class = VALUE_WHOLE, .type = TYPE_KIND_COUNT};
    name_booleans(settling, expression, operands);
    return casts_are_wanted(settling, operands, expression->count);
}

static bool settle_whole(const struct settling *settling, struct expression *expression,
                         struct operand *operands, struct operand *whole)
{
    switch (expression->kind) {
    case EXPRESSION_COLUMN:
        return settle_column(settling, expression, whole);
    case EXPRESSION_LITERAL:
        return settle_literal(settling, expression, whole);
    case EXPRESSION_STRING:
        whole->class = VALUE_TEXT;
        return true;
    case EXPRESSION_OPERATOR:
        return settle_operator(settling, expression, operands, whole);
    case EXPRESSION_IS_NULL:
    case EXPRESSION_IN:
    case EXPRESSION_BETWEEN:
    case EXPRESSION_LIKE:
        whole->class = VALUE_BOOLEAN;
        name_booleans(settling, expression, operands);
        return casts_are_wanted(settling, operands, expression->count);
    case EXPRESSION_FUNCTION:
        return settle_function(settling, expression, operands, whole);
    }
    return error_set(settling->err, ERROR_INTERNAL, "expression %d", (int)expression->kind);
}

static bool settle_at(const struct settling *settling, struct expression *expression,
                      struct operand *operand)
{
    struct operand *operands =
        arena_calloc(settling->arena, expression->count + 1, sizeof *operands);

    *operand = (struct operand){.type = TYPE_KIND_COUNT};
    for (size_t i = 0; i < expression->count; i++)
        if (!settle_at(settling, &expression->operands[i], &operands[i]))
            return false;
    return settle_whole(settling, expression, operands, operand);
}

bool settle(struct arena *arena, enum engine_kind engine, const struct table *table,
            const struct name_list *columns, struct expression *condition, struct error *err)
{
    const struct settling settling = {arena, engine, table, columns, err};
    struct operand whole;

    return settle_at(&settling, condition, &whole) && casts_are_wanted(&settling, &whole, 1);
}
