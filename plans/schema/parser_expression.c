#include "plans/schema/parser_expression.h"

#include <ctype.h>
#include <string.h>

#include "common/list.h"

/* Deeper ones are nobody's conditions, and would use up the stack. */
enum { EXPRESSION_DEPTH_MAX = 300 };

/* What stands between operands of the same strength, from weak to strong. What begins with "::" no
   text has, only what plans/introspection retells. */
static const char *const levels[][5] = {
    {"or", NULL},
    {"and", NULL},
    {NULL}, /* NOT and what makes a condition of values */
    {"+", "-", "||", NULL},
    {"*", "/", "::div", NULL},
};

enum { LEVEL_CONDITION = 2 };

static const char *const comparisons[] = {"=", "<>", "<", "<=", ">", ">="};
static const char *const functions[] = {"length", "lower", "upper", "abs", "coalesce"};

struct reading {
    struct parser *parser;
    struct name_list *columns;
};

static bool read_level(const struct reading *reading, size_t level, struct expression *expression);

static struct expression *add_operand(const struct reading *reading, struct expression *expression)
{
    expression->operands = list_room(reading->parser->arena, expression->operands,
                                     expression->count, sizeof *expression->operands);
    struct expression *operand = &expression->operands[expression->count++];
    *operand = (struct expression){0};
    return operand;
}

/* The expression so far becomes the first operand of another. */
static void wrap(const struct reading *reading, struct expression *expression,
                 enum expression_kind kind, const char *text)
{
    struct expression first = *expression;

    *expression = (struct expression){.kind = kind, .text = text};
    *add_operand(reading, expression) = first;
}

static const char *in_capitals(const struct reading *reading, const char *text)
{
    char *copy = arena_strdup(reading->parser->arena, text);

    for (char *c = copy; *c != '\0'; c++)
        *c = (char)toupper((unsigned char)*c);
    return copy;
}

static bool read_column(const struct reading *reading, struct expression *expression)
{
    struct name_list *columns = reading->columns;
    const char *name = NULL;

    if (!words_read_name(reading->parser, &name,
                         "a column, a number, a string, TRUE, FALSE, a function or \"(\""))
        return false;
    expression->kind = EXPRESSION_COLUMN;
    while (expression->column < columns->count &&
           strcmp(columns->items[expression->column], name) != 0)
        expression->column++;
    if (expression->column == columns->count)
        words_add_name(reading->parser, columns, name);
    return true;
}

static bool read_operands(const struct reading *reading, struct expression *expression)
{
    if (!words_require(reading->parser, "(", "\"(\""))
        return false;
    do {
        if (!read_level(reading, 0, add_operand(reading, expression)))
            return false;
    } while (words_accept(reading->parser, ","));
    return words_require(reading->parser, ")", "an operator, \",\" or \")\"");
}

static bool is_function(const struct parser *parser)
{
    bool found = parser->next->kind == TOKEN_WORD && strncmp(parser->next->text, "::", 2) == 0;

    for (size_t i = 0; i < COUNT_OF(functions); i++)
        found = found || words_is(parser, functions[i]);
    return found && parser->next[1].kind == TOKEN_SIGN && strcmp(parser->next[1].text, "(") == 0;
}

static bool read_value(const struct reading *reading, struct expression *expression)
{
    struct parser *parser = reading->parser;
    const struct token *token = parser->next;

    if (words_accept(parser, "("))
        return read_level(reading, 0, expression) &&
               words_require(parser, ")", "an operator or \")\"");
    if (words_accept(parser, "-")) {
        *expression = (struct expression){.kind = EXPRESSION_OPERATOR, .text = "-"};
        return read_level(reading, COUNT_OF(levels), add_operand(reading, expression));
    }
    bool is_word = words_is(parser, "true") || words_is(parser, "false");
    if (is_word || token->kind == TOKEN_NUMBER || token->kind == TOKEN_STRING) {
        parser->next++;
        expression->kind = token->kind == TOKEN_STRING ? EXPRESSION_STRING : EXPRESSION_LITERAL;
        expression->text = is_word ? in_capitals(reading, token->text) : token->text;
        return true;
    }
    if (!is_function(parser))
        return read_column(reading, expression);
    parser->next++;
    expression->kind = EXPRESSION_FUNCTION;
    expression->text = in_capitals(reading, token->text);
    return read_operands(reading, expression);
}

static bool read_is(const struct reading *reading, struct expression *expression)
{
    wrap(reading, expression, EXPRESSION_IS_NULL, NULL);
    expression->negated = words_accept(reading->parser, "not");
    return words_require(reading->parser, "null",
                         expression->negated ? "NULL" : "NULL or NOT NULL");
}

static bool read_set(const struct reading *reading, struct expression *expression)
{
    struct parser *parser = reading->parser;
    bool negated = words_accept(parser, "not");
    bool read;

    if (words_accept(parser, "in")) {
        wrap(reading, expression, EXPRESSION_IN, NULL);
        read = read_operands(reading, expression);
    } else if (words_accept(parser, "between")) {
        wrap(reading, expression, EXPRESSION_BETWEEN, NULL);
        read = read_level(reading, LEVEL_CONDITION + 1, add_operand(reading, expression)) &&
               words_require(parser, "and", "AND") &&
               read_level(reading, LEVEL_CONDITION + 1, add_operand(reading, expression));
    } else if (words_accept(parser, "like")) {
        wrap(reading, expression, EXPRESSION_LIKE, NULL);
        read = parser->next->kind == TOKEN_STRING || words_expected(parser, "a string");
        read = read && read_value(reading, add_operand(reading, expression));
    } else {
        read = words_expected(parser, "IN, BETWEEN or LIKE");
    }
    expression->negated = negated;
    return read;
}

static bool read_condition(const struct reading *reading, struct expression *expression)
{
    struct parser *parser = reading->parser;

    if (words_accept(parser, "not")) {
        *expression = (struct expression){.kind = EXPRESSION_OPERATOR, .text = "NOT"};
        return read_level(reading, LEVEL_CONDITION, add_operand(reading, expression));
    }
    if (!read_level(reading, LEVEL_CONDITION + 1, expression))
        return false;
    if (words_accept(parser, "is"))
        return read_is(reading, expression);
    if (words_is(parser, "not") || words_is(parser, "in") || words_is(parser, "between") ||
        words_is(parser, "like"))
        return read_set(reading, expression);
    for (size_t i = 0; i < COUNT_OF(comparisons); i++) {
        if (words_accept(parser, comparisons[i])) {
            wrap(reading, expression, EXPRESSION_OPERATOR, comparisons[i]);
            return read_level(reading, LEVEL_CONDITION + 1, add_operand(reading, expression));
        }
    }
    return true;
}

static bool at_operator(const struct reading *reading, size_t level, const char **text)
{
    for (size_t i = 0; levels[level][i] != NULL; i++) {
        if (words_accept(reading->parser, levels[level][i])) {
            *text = in_capitals(reading, levels[level][i]);
            return true;
        }
    }
    return false;
}

static bool read_chain(const struct reading *reading, size_t level, struct expression *expression)
{
    const char *text = NULL;

    if (level == COUNT_OF(levels))
        return read_value(reading, expression);
    if (level == LEVEL_CONDITION)
        return read_condition(reading, expression);
    if (!read_level(reading, level + 1, expression))
        return false;
    int depth = reading->parser->depth;
    bool read = true;
    while (read && at_operator(reading, level, &text)) {
        bool joins = level < LEVEL_CONDITION && expression->kind == EXPRESSION_OPERATOR &&
                     strcmp(expression->text, text) == 0;
        if (!joins) {
            wrap(reading, expression, EXPRESSION_OPERATOR, text);
            reading->parser->depth++;
        }
        read = read_level(reading, level + 1, add_operand(reading, expression));
    }
    reading->parser->depth = depth;
    return read;
}

static bool read_level(const struct reading *reading, size_t level, struct expression *expression)
{
    if (reading->parser->depth >= EXPRESSION_DEPTH_MAX)
        return words_expected(reading->parser, "a condition that is not nested so deep");
    reading->parser->depth++;
    bool read = read_chain(reading, level, expression);
    reading->parser->depth--;
    return read;
}

bool parser_read_expression(struct parser *parser, struct name_list *columns,
                            struct expression *expression)
{
    struct reading reading = {parser, columns};

    return read_level(&reading, 0, expression);
}
