#include "plans/schema/normal.h"

#include <ctype.h>
#include <string.h>

#include "common/json.h"
#include "common/list.h"
#include "plans/schema/expression.h"

static void put_condition(struct arena *arena, const struct expression *from, bool negated,
                          struct expression *to);
static void put_value(struct arena *arena, const struct expression *from, enum value_class with,
                      struct expression *to);

static struct expression *add_operand(struct arena *arena, struct expression *to)
{
    to->operands = list_room(arena, to->operands, to->count, sizeof *to->operands);
    to->operands[to->count] = (struct expression){0};
    return &to->operands[to->count++];
}

/* "-02.50" is -2.5 */
static const char *normal_number(struct arena *arena, const char *text)
{
    bool is_negative = *text == '-';
    const char *digits = text + is_negative;

    while (*digits == '0' && isdigit((unsigned char)digits[1]))
        digits++;
    size_t length = strlen(digits);
    while (strchr(digits, '.') != NULL && digits[length - 1] == '0')
        length--;
    length -= length > 0 && digits[length - 1] == '.' ? 1 : 0;
    const char *number = arena_copy(arena, digits, length);
    return is_negative && strcmp(number, "0") != 0 ? arena_printf(arena, "-%s", number) : number;
}

static const char *without_fraction_zeros(char *text)
{
    size_t length = strlen(text);

    if (strchr(text, '.') == NULL)
        return text;
    while (text[length - 1] == '0')
        length--;
    length -= text[length - 1] == '.' ? 1 : 0;
    text[length] = '\0';
    return text;
}

static bool has_form(const char *text, const char *form)
{
    for (; *form != '\0'; text++, form++)
        if (*form == '0' ? !isdigit((unsigned char)*text) : *text != *form)
            return false;
    return *text == '\0';
}

/* With hours, minutes and seconds, as servers write them. */
static const char *normal_moment(struct arena *arena, const char *text)
{
    char *copy = arena_strdup(arena, text);
    char *t = strchr(copy, 'T');

    if (t != NULL)
        *t = ' ';
    if (has_form(copy, "0000-00-00"))
        return arena_printf(arena, "%s 00:00:00", copy);
    if (has_form(copy, "0000-00-00 00:00") || has_form(copy, "00:00"))
        return arena_printf(arena, "%s:00", copy);
    return without_fraction_zeros(copy);
}

static const char *in_lower_case(struct arena *arena, const char *text)
{
    char *copy = arena_strdup(arena, text);

    for (char *c = copy; *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
    return copy;
}

/* A string that stands for a value of the class. */
static const char *normal_string(struct arena *arena, enum value_class class, const char *text)
{
    if (class == VALUE_TIME || class == VALUE_TIMESTAMP)
        return normal_moment(arena, text);
    return class == VALUE_UUID ? in_lower_case(arena, text) : text;
}

/* "\" before what needs none is left out. */
static const char *normal_pattern(struct arena *arena, const char *text)
{
    AUTO_BUFFER struct buffer out = {0};

    for (const char *c = text; *c != '\0'; c++) {
        bool is_needless = *c == '\\' && c[1] != '\0' && strchr("%_\\", c[1]) == NULL;

        if (*c == '\\' && c[1] != '\0' && !is_needless)
            buffer_append_char(&out, *c++);
        else if (is_needless)
            c++;
        buffer_append_char(&out, *c);
    }
    return arena_copy(arena, buffer_text(&out), out.length);
}

static bool is_of(const struct expression *expression, const char *text)
{
    return expression->kind == EXPRESSION_OPERATOR && strcmp(expression->text, text) == 0;
}

/* What strings among the operands stand for. */
static enum value_class class_of_operands(const struct expression *from)
{
    for (size_t i = 0; i < from->count; i++)
        if (from->operands[i].kind != EXPRESSION_STRING)
            return from->operands[i].class;
    return VALUE_TEXT;
}

static const char *opposite(const char *comparison)
{
    static const char *const pairs[][2] = {{"=", "<>"}, {"<", ">="}, {"<=", ">"},
                                           {"<>", "="}, {">=", "<"}, {">", "<="}};

    for (size_t i = 0; i < COUNT_OF(pairs); i++)
        if (strcmp(pairs[i][0], comparison) == 0)
            return pairs[i][1];
    return comparison;
}

static bool is_literal(const struct expression *expression, const char *text)
{
    return expression->kind == EXPRESSION_LITERAL && strcmp(expression->text, text) == 0;
}

/* With TRUE is the other comparison with FALSE. */
static void put_comparison(struct arena *arena, const char *text, const struct expression *left,
                           const struct expression *right, enum value_class with,
                           struct expression *to)
{
    bool is_true = is_literal(right, "TRUE") && (strcmp(text, "=") == 0 || strcmp(text, "<>") == 0);
    static const struct expression no = {
        .kind = EXPRESSION_LITERAL, .class = VALUE_BOOLEAN, .text = "FALSE"};

    *to = (struct expression){.kind = EXPRESSION_OPERATOR,
                              .class = VALUE_BOOLEAN,
                              .text = is_true ? opposite(text) : text};
    put_value(arena, left, with, add_operand(arena, to));
    put_value(arena, is_true ? &no : right, with, add_operand(arena, to));
}

/* Adds to a chain of AND or OR what stands in it; a chain of the same kind is not one within. */
static void join(struct arena *arena, const struct expression *part, struct expression *to)
{
    if (!is_of(part, to->text)) {
        *add_operand(arena, to) = *part;
        return;
    }
    for (size_t i = 0; i < part->count; i++)
        *add_operand(arena, to) = part->operands[i];
}

static void put_chain(struct arena *arena, const struct expression *from, bool negated,
                      struct expression *to)
{
    bool is_and = (strcmp(from->text, "AND") == 0) != negated;

    *to = (struct expression){
        .kind = EXPRESSION_OPERATOR, .class = VALUE_BOOLEAN, .text = is_and ? "AND" : "OR"};
    for (size_t i = 0; i < from->count; i++) {
        struct expression part;

        put_condition(arena, &from->operands[i], negated, &part);
        join(arena, &part, to);
    }
}

/* a IN (b, c) is a = b OR a = c; a BETWEEN b AND c is a >= b AND a <= c. */
static void put_set(struct arena *arena, const struct expression *from, bool negated,
                    struct expression *to)
{
    static const char *const texts[2][2][2] = {
        {{"=", "="}, {"<>", "<>"}}, /* IN, and negated */
        {{">=", "<="}, {"<", ">"}}, /* BETWEEN */
    };
    bool is_between = from->kind == EXPRESSION_BETWEEN;
    bool is_negated = from->negated != negated;
    enum value_class with = class_of_operands(from);

    *to = (struct expression){.kind = EXPRESSION_OPERATOR,
                              .class = VALUE_BOOLEAN,
                              .text = is_between != is_negated ? "AND" : "OR"};
    for (size_t i = 1; i < from->count; i++)
        put_comparison(arena, texts[is_between][is_negated][i - 1 < 2 ? i - 1 : 1],
                       &from->operands[0], &from->operands[i], with, add_operand(arena, to));
    if (to->count == 1) {
        struct expression only = to->operands[0];
        *to = only;
    }
}

static void put_condition(struct arena *arena, const struct expression *from, bool negated,
                          struct expression *to)
{
    static const struct expression no = {
        .kind = EXPRESSION_LITERAL, .class = VALUE_BOOLEAN, .text = "FALSE"};

    if (is_of(from, "NOT")) {
        put_condition(arena, &from->operands[0], !negated, to);
    } else if (is_of(from, "AND") || is_of(from, "OR")) {
        put_chain(arena, from, negated, to);
    } else if (from->kind == EXPRESSION_IN || from->kind == EXPRESSION_BETWEEN) {
        put_set(arena, from, negated, to);
    } else if (from->kind == EXPRESSION_OPERATOR && from->count == 2) {
        put_comparison(arena, negated ? opposite(from->text) : from->text, &from->operands[0],
                       &from->operands[1], class_of_operands(from), to);
    } else if (from->kind == EXPRESSION_IS_NULL || from->kind == EXPRESSION_LIKE) {
        put_value(arena, from, VALUE_TEXT, to);
        to->negated = from->negated != negated;
    } else {
        put_comparison(arena, negated ? "=" : "<>", from, &no, VALUE_BOOLEAN, to);
    }
}

static bool is_condition(const struct expression *from)
{
    bool is_one = from->kind == EXPRESSION_IN || from->kind == EXPRESSION_BETWEEN ||
                  from->kind == EXPRESSION_OPERATOR;

    return is_one && from->class == VALUE_BOOLEAN;
}

static void put_negative(struct arena *arena, const struct expression *from, struct expression *to)
{
    struct expression within;

    put_value(arena, &from->operands[0], VALUE_UNKNOWN, &within);
    if (within.kind == EXPRESSION_LITERAL) {
        *to = within;
        to->text =
            within.text[0] == '-' ? within.text + 1 : arena_printf(arena, "-%s", within.text);
        return;
    }
    *to = *from;
    to->operands = NULL;
    to->count = 0;
    *add_operand(arena, to) = within;
}

/* with: the class of what it meets, which a string stands for. */
static void put_value(struct arena *arena, const struct expression *from, enum value_class with,
                      struct expression *to)
{
    if (is_condition(from)) {
        put_condition(arena, from, false, to);
        return;
    }
    if (is_of(from, "-") && from->count == 1) {
        put_negative(arena, from, to);
        return;
    }
    *to = *from;
    to->class = VALUE_UNKNOWN;
    to->operands = NULL;
    to->count = 0;
    if (from->kind == EXPRESSION_STRING)
        to->text = normal_string(arena, with, from->text);
    else if (from->kind == EXPRESSION_LITERAL && isdigit((unsigned char)from->text[0]))
        to->text = normal_number(arena, from->text);
    enum value_class inner = class_of_operands(from);
    for (size_t i = 0; i < from->count; i++)
        put_value(arena, &from->operands[i], inner, add_operand(arena, to));
    if (from->kind == EXPRESSION_LIKE && to->count == 2)
        to->operands[1].text = normal_pattern(arena, to->operands[1].text);
}

struct expression *normal_condition(struct arena *arena, const struct expression *condition)
{
    struct expression *normal = arena_calloc(arena, 1, sizeof *normal);

    put_condition(arena, condition, false, normal);
    return normal;
}

static const char *normal_json(struct arena *arena, const char *text)
{
    AUTO_BUFFER struct buffer out = {0};
    struct error unread = {0};
    AUTO(json) json_t *json = json_parse(text, strlen(text), &unread);

    if (json == NULL)
        return text;
    json_write_canonical(json, &out);
    return arena_copy(arena, buffer_text(&out), out.length);
}

const char *normal_default(struct arena *arena, const struct column *column)
{
    const char *text = column->default_text;

    if (column->default_kind == DEFAULT_LITERAL)
        return column->type == TYPE_BOOLEAN ? text : normal_number(arena, text);
    if (column->type == TYPE_JSON)
        return normal_json(arena, text);
    return normal_string(arena, expression_class_of(column), text);
}
