#include "plans/schema/desired.h"

#include <string.h>

#include "common/list.h"
#include "plans/schema/lexer.h"
#include "plans/schema/parser.h"

static const char directive[] = "-- fleet: renamed-from ";

/* A directive, blanked out of the text so that the language need not know it. */
struct former {
    const char *name;
    size_t offset;
    int line;
};

struct formers {
    struct former *items;
    size_t count;
};

static void take_line(struct arena *arena, char *text, size_t begin, size_t end, int line,
                      struct formers *formers)
{
    size_t at = begin;

    while (at < end && (text[at] == ' ' || text[at] == '\t'))
        at++;
    if (end - at <= strlen(directive) || memcmp(text + at, directive, strlen(directive)) != 0)
        return;
    const char *name =
        arena_copy(arena, text + at + strlen(directive), end - at - strlen(directive));
    formers->items = list_room(arena, formers->items, formers->count, sizeof *formers->items);
    formers->items[formers->count++] = (struct former){name, at, line};
    memset(text + at, ' ', end - at);
}

static struct formers take_formers(struct arena *arena, char *text, size_t length)
{
    struct formers formers = {0};
    size_t begin = 0;

    for (int line = 1; begin < length; line++) {
        const char *stop = memchr(text + begin, '\n', length - begin);
        size_t end = stop != NULL ? (size_t)(stop - text) : length;

        take_line(arena, text, begin, end, line, &formers);
        begin = end + 1;
    }
    return formers;
}

/* The name as the language reads it: that of a statement of its own. */
static bool read_name(struct arena *arena, const struct former *former, const char **name,
                      struct error *err)
{
    struct tokens tokens;

    if (!lexer_read(arena, former->name, strlen(former->name), &tokens, err))
        return false;
    if (tokens.count != 2 ||
        (tokens.items[0].kind != TOKEN_WORD && tokens.items[0].kind != TOKEN_QUOTED))
        return error_set(err, ERROR_SYNTAX, "renamed-from takes one name");
    *name = tokens.items[0].text;
    return true;
}

static bool is_word(const struct token *token, const char *word)
{
    return token->kind == TOKEN_WORD && strcmp(token->text, word) == 0;
}

/* The first token of the statement that this one is in. */
static const struct token *statement_of(const struct tokens *tokens, const struct token *token)
{
    while (token > tokens->items &&
           !(token[-1].kind == TOKEN_SIGN && strcmp(token[-1].text, ";") == 0))
        token--;
    return token;
}

static bool find_renamed(const struct tokens *tokens, const struct former *former,
                         struct renaming *renaming, struct error *err)
{
    const struct token *token = tokens->items;

    while (token->kind != TOKEN_END && token->offset < former->offset)
        token++;
    const struct token *first = statement_of(tokens, token);
    bool in_table = is_word(first, "create") && is_word(first + 1, "table") &&
                    first[2].kind != TOKEN_END && token->kind != TOKEN_END;
    if (!in_table)
        return error_set(err, ERROR_SYNTAX,
                         "renamed-from stands before a CREATE TABLE or a column of one");
    renaming->table = first[2].text;
    renaming->column = token == first ? NULL : token->text;
    return true;
}

static bool read_renamings(struct arena *arena, const char *text, size_t length,
                           const struct formers *formers, struct desired *desired,
                           struct error *err)
{
    struct tokens tokens;

    if (!lexer_read(arena, text, length, &tokens, err))
        return false;
    desired->renamings = arena_calloc(arena, formers->count, sizeof *desired->renamings);
    for (size_t i = 0; i < formers->count; i++) {
        struct renaming *renaming = &desired->renamings[desired->renaming_count++];

        if (!read_name(arena, &formers->items[i], &renaming->from, err) ||
            !find_renamed(&tokens, &formers->items[i], renaming, err)) {
            err->line = formers->items[i].line;
            return false;
        }
    }
    return true;
}

static bool describes(const struct operation *operation)
{
    return operation->kind == OPERATION_CREATE_TABLE || operation->kind == OPERATION_CREATE_INDEX ||
           operation->kind == OPERATION_ADD_CONSTRAINT;
}

static bool make(struct model *model, struct change *change, struct error *err)
{
    struct operation inverse;
    const char *loss;

    for (size_t i = 0; i < change->count; i++) {
        struct operation *operation = &change->operations[i];
        bool ok = describes(operation)
                      ? model_apply(model, operation, &inverse, &loss, err)
                      : error_set(err, ERROR_CONFLICT,
                                  "a schema is described by CREATE TABLE, CREATE INDEX and ALTER "
                                  "TABLE ... ADD CONSTRAINT");

        if (!ok) {
            err->line = operation->line;
            return false;
        }
    }
    return true;
}

bool desired_read(struct arena *arena, const char *text, size_t length, struct desired *desired,
                  struct error *err)
{
    char *blanked = arena_copy(arena, text, length);
    const struct formers formers = take_formers(arena, blanked, length);
    struct change change = {0};

    *desired = (struct desired){.model = {.arena = arena}};
    return parser_read(arena, blanked, length, &change, err) &&
           make(&desired->model, &change, err) &&
           read_renamings(arena, blanked, length, &formers, desired, err);
}
