#include "plans/introspection/postgresql_type.h"

#include <string.h>

static const struct {
    const char *words[4];
    enum type_kind type;
} types[] = {
    {{"smallint"}, TYPE_SMALLINT},
    {{"integer"}, TYPE_INTEGER},
    {{"bigint"}, TYPE_BIGINT},
    {{"numeric"}, TYPE_DECIMAL},
    {{"real"}, TYPE_REAL},
    {{"double", "precision"}, TYPE_DOUBLE},
    {{"boolean"}, TYPE_BOOLEAN},
    {{"character", "varying"}, TYPE_VARCHAR},
    {{"character"}, TYPE_CHAR},
    {{"bpchar"}, TYPE_CHAR},
    {{"text"}, TYPE_TEXT},
    {{"bytea"}, TYPE_BLOB},
    {{"date"}, TYPE_DATE},
    {{"time", "without", "time", "zone"}, TYPE_TIME},
    {{"timestamp", "without", "time", "zone"}, TYPE_TIMESTAMP},
    {{"timestamp", "with", "time", "zone"}, TYPE_TIMESTAMP_ZONED},
    {{"uuid"}, TYPE_UUID},
    {{"jsonb"}, TYPE_JSON},
};

static bool accept_words(struct parser *parser, const char *const words[4])
{
    const struct token *start = parser->next;

    for (size_t i = 0; i < 4 && words[i] != NULL; i++)
        if (!words_accept(parser, words[i])) {
            parser->next = start;
            return false;
        }
    return true;
}

static bool refuse(struct parser *parser)
{
    const struct token *token = parser->next;
    const char *of = token[0].kind != TOKEN_END && token[1].text[0] == '.' ? token[2].text : "";

    return error_set(parser->err, ERROR_UNSUPPORTED, "portable DDL has no type %s%s%s", token->text,
                     *of != '\0' ? "." : "", of);
}

static bool read_size(struct parser *parser, struct column *column)
{
    bool has_size =
        column->type == TYPE_CHAR || column->type == TYPE_VARCHAR || column->type == TYPE_DECIMAL;

    if (!words_accept(parser, "("))
        return true;
    if (!has_size)
        return error_set(parser->err, ERROR_UNSUPPORTED,
                         "portable DDL has no digits of a second in a type");
    if (!words_read_number(parser, 1, 1 << 30, &column->size))
        return false;
    if (words_accept(parser, ",") && !words_read_number(parser, 0, column->size, &column->scale))
        return false;
    return words_require(parser, ")", "\")\"");
}

bool postgresql_type_read(struct parser *parser, struct column *column)
{
    const struct token *start = parser->next;

    for (size_t i = 0; i < COUNT_OF(types); i++) {
        if (!accept_words(parser, types[i].words))
            continue;
        column->type = types[i].type;
        if (!read_size(parser, column))
            return false;
        if (words_is(parser, "["))
            return error_set(parser->err, ERROR_UNSUPPORTED, "portable DDL has no arrays (%s[])",
                             start->text);
        return true;
    }
    return refuse(parser);
}
