#include "plans/schema/expression.h"

#include <stdlib.h>
#include <string.h>

#include "plans/schema/rules.h"

struct checking {
    const struct table *table;
    const struct constraint *constraint;
    struct error *err;
};

static const enum value_class classes[TYPE_KIND_COUNT] = {
    [TYPE_SMALLINT] = VALUE_WHOLE,
    [TYPE_INTEGER] = VALUE_WHOLE,
    [TYPE_BIGINT] = VALUE_WHOLE,
    [TYPE_DECIMAL] = VALUE_NUMBER,
    [TYPE_REAL] = VALUE_NUMBER,
    [TYPE_DOUBLE] = VALUE_NUMBER,
    [TYPE_BOOLEAN] = VALUE_BOOLEAN,
    [TYPE_CHAR] = VALUE_TEXT,
    [TYPE_VARCHAR] = VALUE_TEXT,
    [TYPE_TEXT] = VALUE_TEXT,
    [TYPE_BLOB] = VALUE_OPAQUE,
    [TYPE_DATE] = VALUE_DATE,
    [TYPE_TIME] = VALUE_TIME,
    [TYPE_TIMESTAMP] = VALUE_TIMESTAMP,
    [TYPE_TIMESTAMP_ZONED] = VALUE_TIMESTAMP,
    [TYPE_UUID] = VALUE_UUID,
    [TYPE_JSON] = VALUE_OPAQUE,
};

static const char *const class_names[] = {
    [VALUE_UNKNOWN] = "a value of any class",
    [VALUE_WHOLE] = "a whole number",
    [VALUE_NUMBER] = "a number",
    [VALUE_BOOLEAN] = "a condition",
    [VALUE_TEXT] = "text",
    [VALUE_DATE] = "a date",
    [VALUE_TIME] = "a time",
    [VALUE_TIMESTAMP] = "a timestamp",
    [VALUE_UUID] = "a UUID",
    [VALUE_OPAQUE] = "BLOB or JSON",
};

enum value_class expression_class_of(const struct column *column)
{
    return classes[column->type];
}

static bool look_at(const struct checking *checking, struct expression *expression);

static bool complain(const struct checking *checking, const char *what, const char *wanted,
                     enum value_class found)
{
    return error_set(checking->err, ERROR_CONFLICT, "CHECK of table \"%s\": %s takes %s, not %s",
                     checking->table->name, what, wanted, class_names[found]);
}

static bool is_number(enum value_class class)
{
    return class == VALUE_WHOLE || class == VALUE_NUMBER;
}

/* Strings stand for dates and the like too, where one is wanted. */
static bool can_meet(const struct expression *one, const struct expression *other)
{
    if (one->class == VALUE_OPAQUE || other->class == VALUE_OPAQUE)
        return false;
    return one->class == other->class || (is_number(one->class) && is_number(other->class)) ||
           (one->kind == EXPRESSION_STRING && other->class > VALUE_TEXT) ||
           (other->kind == EXPRESSION_STRING && one->class > VALUE_TEXT);
}

static bool operands_meet(const struct checking *checking, const struct expression *expression,
                          const char *what)
{
    for (size_t i = 1; i < expression->count; i++)
        if (!can_meet(&expression->operands[0], &expression->operands[i]))
            return complain(checking, what, class_names[expression->operands[0].class],
                            expression->operands[i].class);
    return true;
}

static bool operands_are(const struct checking *checking, const struct expression *expression,
                         enum value_class wanted)
{
    for (size_t i = 0; i < expression->count; i++) {
        enum value_class found = expression->operands[i].class;
        bool fits = wanted == VALUE_NUMBER ? is_number(found) : found == wanted;
        if (!fits)
            return complain(checking, expression->text, class_names[wanted], found);
    }
    return true;
}

/* By a zero, engines differ: PostgreSQL refuses the row, the others take the result for NULL. */
static bool check_division(const struct checking *checking, const struct expression *expression)
{
    const struct expression *by = &expression->operands[1];

    if (by->kind == EXPRESSION_LITERAL && strtod(by->text, NULL) != 0)
        return true;
    return error_set(checking->err, ERROR_CONFLICT,
                     "CHECK of table \"%s\": engines differ in what a division by 0 does: divide "
                     "by a number that is not 0, or multiply",
                     checking->table->name);
}

static bool look_at_operator(const struct checking *checking, struct expression *expression)
{
    const char *text = expression->text;

    expression->class = VALUE_BOOLEAN;
    if (strcmp(text, "AND") == 0 || strcmp(text, "OR") == 0 || strcmp(text, "NOT") == 0)
        return operands_are(checking, expression, VALUE_BOOLEAN);
    if (strchr("=<>", text[0]) != NULL)
        return operands_meet(checking, expression, text);
    expression->class = VALUE_TEXT;
    if (strcmp(text, "||") == 0)
        return operands_are(checking, expression, VALUE_TEXT);
    expression->class = VALUE_WHOLE;
    for (size_t i = 0; i < expression->count; i++)
        if (expression->operands[i].class != VALUE_WHOLE)
            expression->class = VALUE_NUMBER;
    return operands_are(checking, expression, VALUE_NUMBER) &&
           (text[0] != '/' || check_division(checking, expression));
}

static bool look_at_function(const struct checking *checking, struct expression *expression)
{
    const char *text = expression->text;
    bool is_coalesce = strcmp(text, "COALESCE") == 0;
    bool is_abs = strcmp(text, "ABS") == 0;

    if (is_coalesce ? expression->count < 2 : expression->count != 1)
        return error_set(checking->err, ERROR_CONFLICT, "CHECK of table \"%s\": %s takes %s",
                         checking->table->name, text,
                         is_coalesce ? "two values or more" : "one value");
    expression->class = strcmp(text, "LENGTH") == 0 ? VALUE_WHOLE : expression->operands[0].class;
    if (is_coalesce)
        return operands_meet(checking, expression, text);
    return operands_are(checking, expression, is_abs ? VALUE_NUMBER : VALUE_TEXT);
}

static bool look_at_column(const struct checking *checking, struct expression *expression)
{
    const char *name = checking->constraint->columns.items[expression->column];
    const struct column *column = rules_find_column(checking->table, name);

    if (column == NULL)
        return error_set(checking->err, ERROR_CONFLICT, "table \"%s\" has no column \"%s\"",
                         checking->table->name, name);
    /* https://dev.mysql.com/doc/refman/8.0/en/create-table-check-constraints.html */
    if (column->identity)
        return error_set(checking->err, ERROR_CONFLICT,
                         "column \"%s\" is GENERATED AS IDENTITY, which MySQL does not let a CHECK "
                         "mention",
                         name);
    expression->class = expression_class_of(column);
    return true;
}

static bool judge(const struct checking *checking, struct expression *expression)
{
    expression->class = VALUE_BOOLEAN;
    switch (expression->kind) {
    case EXPRESSION_COLUMN:
        return look_at_column(checking, expression);
    case EXPRESSION_LITERAL:
        if (strchr("TF", expression->text[0]) == NULL)
            expression->class = strchr(expression->text, '.') == NULL ? VALUE_WHOLE : VALUE_NUMBER;
        return true;
    case EXPRESSION_STRING:
        expression->class = VALUE_TEXT;
        return true;
    case EXPRESSION_OPERATOR:
        return look_at_operator(checking, expression);
    case EXPRESSION_IS_NULL:
        return true;
    case EXPRESSION_IN:
        return operands_meet(checking, expression, "IN");
    case EXPRESSION_BETWEEN:
        return operands_meet(checking, expression, "BETWEEN");
    case EXPRESSION_LIKE:
        expression->text = "LIKE";
        return operands_are(checking, expression, VALUE_TEXT);
    case EXPRESSION_FUNCTION:
        return look_at_function(checking, expression);
    }
    return error_set(checking->err, ERROR_INTERNAL, "expression %d", (int)expression->kind);
}

static bool look_at(const struct checking *checking, struct expression *expression)
{
    for (size_t i = 0; i < expression->count; i++)
        if (!look_at(checking, &expression->operands[i]))
            return false;
    return judge(checking, expression);
}

bool expression_check(const struct table *table, const struct constraint *constraint,
                      struct error *err)
{
    struct checking checking = {table, constraint, err};

    if (constraint->columns.count == 0)
        return error_set(
            err, ERROR_CONFLICT,
            "CHECK \"%s\" of table \"%s\" mentions no column: MariaDB drops such a one "
            "with the next change of the table",
            constraint->name, table->name);
    return look_at(&checking, constraint->check) &&
           (constraint->check->class == VALUE_BOOLEAN ||
            complain(&checking, "it", class_names[VALUE_BOOLEAN], constraint->check->class));
}
