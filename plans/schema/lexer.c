#include "plans/schema/lexer.h"

#include <string.h>

#include "common/buffer.h"
#include "common/list.h"

struct reader {
    struct arena *arena;
    const char *text;
    size_t length;
    size_t at;
    int line;
    size_t line_start;
    struct tokens *tokens;
};

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char peek(const struct reader *reader, size_t ahead)
{
    return reader->at + ahead < reader->length ? reader->text[reader->at + ahead] : '\0';
}

static void step(struct reader *reader)
{
    if (reader->text[reader->at++] == '\n') {
        reader->line++;
        reader->line_start = reader->at;
    }
}

static bool complain(const struct reader *reader, struct error *err, const char *what)
{
    int column = (int)(reader->at - reader->line_start) + 1;

    error_set(err, ERROR_SYNTAX, "column %d: %s", column, what);
    err->line = reader->line;
    return false;
}

static bool skip_line_comment(struct reader *reader, struct error *err)
{
    static const char mark[] = "-- fleet:";

    if (reader->tokens->count > 0 && reader->length - reader->at >= sizeof mark - 1 &&
        memcmp(reader->text + reader->at, mark, sizeof mark - 1) == 0)
        return complain(reader, err, "a directive stands before the first statement of a change");
    while (reader->at < reader->length && peek(reader, 0) != '\n')
        step(reader);
    return true;
}

static bool skip_space(struct reader *reader, struct error *err)
{
    while (reader->at < reader->length) {
        if (peek(reader, 0) == '-' && peek(reader, 1) == '-') {
            if (!skip_line_comment(reader, err))
                return false;
        } else if (strchr(" \t\r\n", peek(reader, 0)) != NULL && peek(reader, 0) != '\0') {
            step(reader);
        } else {
            break;
        }
    }
    return true;
}

/* What stands in quotes, which are doubled inside. */
static bool read_quoted(struct reader *reader, struct token *token, struct error *err)
{
    struct buffer text AUTO_BUFFER = {0};
    struct reader start = *reader;
    char quote = peek(reader, 0);

    step(reader);
    while (peek(reader, 0) != quote || peek(reader, 1) == quote) {
        if (reader->at >= reader->length || peek(reader, 0) == '\0')
            return complain(&start, err, "the quote does not end");
        if (peek(reader, 0) == quote)
            step(reader);
        buffer_append_char(&text, peek(reader, 0));
        step(reader);
    }
    step(reader);
    token->kind = quote == '"' ? TOKEN_QUOTED : TOKEN_STRING;
    token->text = arena_strdup(reader->arena, buffer_text(&text));
    return true;
}

/* What stands between "$$" and "$$", in an engine's own SQL. */
static bool read_block(struct reader *reader, struct token *token, struct error *err)
{
    struct reader start = *reader;
    size_t first = reader->at + 2;

    reader->at = first;
    while (peek(reader, 0) != '$' || peek(reader, 1) != '$') {
        if (reader->at >= reader->length || peek(reader, 0) == '\0')
            return complain(&start, err, "the block does not end: expected \"$$\"");
        step(reader);
    }
    token->kind = TOKEN_BLOCK;
    token->text = arena_copy(reader->arena, reader->text + first, reader->at - first);
    reader->at += 2;
    return true;
}

static void read_word(struct reader *reader, struct token *token)
{
    size_t start = reader->at;

    while (is_letter(peek(reader, 0)) || is_digit(peek(reader, 0)))
        reader->at++;
    char *text = arena_copy(reader->arena, reader->text + start, reader->at - start);
    for (char *c = text; *c != '\0'; c++)
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
    token->kind = TOKEN_WORD;
    token->text = text;
}

static void read_number(struct reader *reader, struct token *token)
{
    size_t start = reader->at;

    while (is_digit(peek(reader, 0)))
        reader->at++;
    if (peek(reader, 0) == '.' && is_digit(peek(reader, 1)))
        reader->at++;
    while (is_digit(peek(reader, 0)))
        reader->at++;
    token->kind = TOKEN_NUMBER;
    token->text = arena_copy(reader->arena, reader->text + start, reader->at - start);
}

static void read_sign(struct reader *reader, struct token *token)
{
    static const char *const pairs[] = {"<=", ">=", "<>", "||"};
    size_t length = 1;

    for (size_t i = 0; i < COUNT_OF(pairs); i++)
        if (pairs[i][0] == peek(reader, 0) && pairs[i][1] == peek(reader, 1))
            length = 2;
    token->kind = TOKEN_SIGN;
    token->text = arena_copy(reader->arena, reader->text + reader->at, length);
    reader->at += length;
}

static bool read_token(struct reader *reader, struct token *token, struct error *err)
{
    char c = peek(reader, 0);

    if (c == '"' || c == '\'')
        return read_quoted(reader, token, err);
    if (c == '$' && peek(reader, 1) == '$')
        return read_block(reader, token, err);
    if (is_letter(c)) {
        read_word(reader, token);
    } else if (is_digit(c)) {
        read_number(reader, token);
    } else if (c != '\0' && strchr("(),;-+*/=<>|", c) != NULL) {
        read_sign(reader, token);
    } else {
        return complain(reader, err, "this character has no place in portable DDL");
    }
    return true;
}

static struct token *add_token(struct reader *reader)
{
    struct tokens *tokens = reader->tokens;

    tokens->items = list_room(reader->arena, tokens->items, tokens->count, sizeof *tokens->items);
    tokens->items[tokens->count] = (struct token){
        .kind = TOKEN_END,
        .text = "the end",
        .offset = reader->at,
        .line = reader->line,
        .column = (int)(reader->at - reader->line_start) + 1,
    };
    return &tokens->items[tokens->count++];
}

bool lexer_read(struct arena *arena, const char *text, size_t length, struct tokens *tokens,
                struct error *err)
{
    static const char mark[] = "\xef\xbb\xbf";
    struct reader reader = {
        .arena = arena, .text = text, .length = length, .line = 1, .tokens = tokens};

    *tokens = (struct tokens){0};
    if (length >= 3 && memcmp(text, mark, 3) == 0)
        reader.at = reader.line_start = 3;
    while (skip_space(&reader, err)) {
        bool at_end = reader.at >= length;
        struct token *token = add_token(&reader);
        if (at_end)
            return true;
        if (!read_token(&reader, token, err))
            return false;
    }
    return false;
}
