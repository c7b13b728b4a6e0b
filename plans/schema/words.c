#include "plans/schema/words.h"

#include <stdlib.h>
#include <string.h>

#include "common/list.h"

bool words_expected(struct parser *parser, const char *what)
{
    const struct token *found = parser->next;
    const char *mark = found->kind == TOKEN_STRING ? "'" : found->kind == TOKEN_END ? "" : "\"";

    error_set(parser->err, ERROR_SYNTAX, "column %d: found %s%.80s%s, expected %s", found->column,
              mark, found->text, mark, what);
    parser->err->line = found->line;
    return false;
}

bool words_is(const struct parser *parser, const char *text)
{
    const struct token *token = parser->next;

    return (token->kind == TOKEN_WORD || token->kind == TOKEN_SIGN) &&
           strcmp(token->text, text) == 0;
}

bool words_accept(struct parser *parser, const char *text)
{
    bool found = words_is(parser, text);

    parser->next += found ? 1 : 0;
    return found;
}

bool words_require(struct parser *parser, const char *text, const char *what)
{
    return words_accept(parser, text) || words_expected(parser, what);
}

static bool has_control(const char *text)
{
    while (*text != '\0' && (unsigned char)*text >= ' ')
        text++;
    return *text != '\0';
}

bool words_read_name(struct parser *parser, const char **name, const char *what)
{
    const struct token *token = parser->next;

    if (token->kind != TOKEN_WORD && token->kind != TOKEN_QUOTED)
        return words_expected(parser, what);
    if (token->text[0] == '\0' || strlen(token->text) > SCHEMA_NAME_MAX || has_control(token->text))
        return words_expected(parser, "a name of 1 to 63 bytes without control characters");
    *name = token->text;
    parser->next++;
    return true;
}

void words_add_name(struct parser *parser, struct name_list *list, const char *name)
{
    list->items = list_room(parser->arena, list->items, list->count, sizeof *list->items);
    list->items[list->count++] = name;
}

bool words_read_names(struct parser *parser, struct name_list *list)
{
    if (!words_require(parser, "(", "\"(\""))
        return false;
    do {
        const char *name = NULL;
        if (!words_read_name(parser, &name, "the name of a column"))
            return false;
        words_add_name(parser, list, name);
    } while (words_accept(parser, ","));
    return words_require(parser, ")", "\",\" or \")\"");
}

bool words_read_number(struct parser *parser, int least, int most, int *number)
{
    const struct token *token = parser->next;
    char *end;

    if (token->kind != TOKEN_NUMBER)
        return words_expected(parser, "a number");
    long value = strtol(token->text, &end, 10);
    if (*end != '\0' || value < least || value > most)
        return words_expected(
            parser, arena_printf(parser->arena, "a whole number from %d to %d", least, most));
    *number = (int)value;
    parser->next++;
    return true;
}
