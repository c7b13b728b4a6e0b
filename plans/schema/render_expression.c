#include "plans/schema/render_expression.h"

#include <string.h>

static bool needs_brackets(const struct expression *expression)
{
    switch (expression->kind) {
    case EXPRESSION_COLUMN:
    case EXPRESSION_LITERAL:
    case EXPRESSION_STRING:
    case EXPRESSION_FUNCTION:
        return false;
    case EXPRESSION_OPERATOR:
    case EXPRESSION_IS_NULL:
    case EXPRESSION_IN:
    case EXPRESSION_BETWEEN:
    case EXPRESSION_LIKE:
        break;
    }
    return true;
}

static void put_operand(const struct renderer *renderer, const struct constraint *constraint,
                        const struct expression *expression)
{
    bool brackets = needs_brackets(expression);

    sql_put(renderer, brackets ? "(" : "");
    render_expression(renderer, constraint, expression);
    sql_put(renderer, brackets ? ")" : "");
}

static void put_list(const struct renderer *renderer, const struct constraint *constraint,
                     const struct expression *expression, size_t from, const char *between)
{
    for (size_t i = from; i < expression->count; i++) {
        sql_put(renderer, i > from ? between : "");
        put_operand(renderer, constraint, &expression->operands[i]);
    }
}

static void put_call(const struct renderer *renderer, const struct constraint *constraint,
                     const char *name, const struct expression *expression)
{
    sql_put(renderer, name);
    sql_put(renderer, "(");
    put_list(renderer, constraint, expression, 0, ", ");
    sql_put(renderer, ")");
}

/* PostgreSQL divides whole numbers to whole ones and others exactly; SQLite goes by how a value is
   kept, where 4.0 may be a whole number. */
static void put_division(const struct renderer *renderer, const struct constraint *constraint,
                         const struct expression *expression)
{
    bool whole = expression->class == VALUE_WHOLE;

    if (renderer->engine == ENGINE_SQLITE && !whole) {
        sql_put(renderer, "CAST(");
        put_operand(renderer, constraint, &expression->operands[0]);
        sql_put(renderer, " AS REAL) / ");
        put_operand(renderer, constraint, &expression->operands[1]);
    } else {
        bool says_div = renderer->engine == ENGINE_MYSQL && whole;
        put_list(renderer, constraint, expression, 0, says_div ? " DIV " : " / ");
    }
}

static void put_operator(const struct renderer *renderer, const struct constraint *constraint,
                         const struct expression *expression)
{
    if (expression->count == 1) {
        sql_put(renderer, strcmp(expression->text, "NOT") == 0 ? "NOT " : "- ");
        put_operand(renderer, constraint, &expression->operands[0]);
    } else if (expression->text[0] == '/') {
        put_division(renderer, constraint, expression);
    } else if (expression->text[0] == '|' && renderer->engine == ENGINE_MYSQL) {
        put_call(renderer, constraint, "CONCAT", expression);
    } else {
        AUTO_BUFFER struct buffer between = {0};
        buffer_printf(&between, " %s ", expression->text);
        put_list(renderer, constraint, expression, 0, buffer_text(&between));
    }
}

/* SQLite's LIKE takes a for A, its GLOB does not. */
static void put_glob(const struct renderer *renderer, const char *pattern)
{
    AUTO_BUFFER struct buffer glob = {0};

    for (const char *c = pattern; *c != '\0'; c++) {
        bool plain = *c == '\\' && c[1] != '\0';
        c += plain ? 1 : 0;
        if (!plain && *c == '%')
            buffer_append_char(&glob, '*');
        else if (!plain && *c == '_')
            buffer_append_char(&glob, '?');
        else if (strchr("*?[", *c) != NULL)
            buffer_printf(&glob, "[%c]", *c);
        else
            buffer_append_char(&glob, *c);
    }
    sql_quoted(renderer, buffer_text(&glob), '\'');
}

static void put_like(const struct renderer *renderer, const struct constraint *constraint,
                     const struct expression *expression)
{
    static const char *const words[ENGINE_KIND_COUNT][2] = {
        [ENGINE_POSTGRESQL] = {" LIKE ", " NOT LIKE "},
        [ENGINE_MYSQL] = {" COLLATE utf8mb4_bin LIKE ", " COLLATE utf8mb4_bin NOT LIKE "},
        [ENGINE_SQLITE] = {" GLOB ", " NOT GLOB "},
    };
    const char *pattern = expression->operands[1].text;

    put_operand(renderer, constraint, &expression->operands[0]);
    sql_put(renderer, words[renderer->engine][expression->negated]);
    if (renderer->engine == ENGINE_SQLITE)
        put_glob(renderer, pattern);
    else
        sql_quoted(renderer, pattern, '\'');
}

static void put_function(const struct renderer *renderer, const struct constraint *constraint,
                         const struct expression *expression)
{
    bool counts_bytes = renderer->engine == ENGINE_MYSQL && strcmp(expression->text, "LENGTH") == 0;

    put_call(renderer, constraint, counts_bytes ? "CHAR_LENGTH" : expression->text, expression);
}

static void put_set(const struct renderer *renderer, const struct constraint *constraint,
                    const struct expression *expression)
{
    bool is_in = expression->kind == EXPRESSION_IN;

    put_operand(renderer, constraint, &expression->operands[0]);
    sql_put(renderer, expression->negated ? " NOT" : "");
    sql_put(renderer, is_in ? " IN (" : " BETWEEN ");
    put_list(renderer, constraint, expression, 1, is_in ? ", " : " AND ");
    sql_put(renderer, is_in ? ")" : "");
}

void render_expression(const struct renderer *renderer, const struct constraint *constraint,
                       const struct expression *expression)
{
    switch (expression->kind) {
    case EXPRESSION_COLUMN:
        sql_name(renderer, constraint->columns.items[expression->column]);
        break;
    case EXPRESSION_LITERAL:
        sql_put(renderer, expression->text);
        break;
    case EXPRESSION_STRING:
        sql_quoted(renderer, expression->text, '\'');
        break;
    case EXPRESSION_OPERATOR:
        put_operator(renderer, constraint, expression);
        break;
    case EXPRESSION_IS_NULL:
        put_operand(renderer, constraint, &expression->operands[0]);
        sql_put(renderer, expression->negated ? " IS NOT NULL" : " IS NULL");
        break;
    case EXPRESSION_IN:
    case EXPRESSION_BETWEEN:
        put_set(renderer, constraint, expression);
        break;
    case EXPRESSION_LIKE:
        put_like(renderer, constraint, expression);
        break;
    case EXPRESSION_FUNCTION:
        put_function(renderer, constraint, expression);
        break;
    }
}
