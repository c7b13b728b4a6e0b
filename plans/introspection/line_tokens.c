#include "plans/introspection/line_tokens.h"

#include <ctype.h>
#include <string.h>

#include "common/buffer.h"
#include "common/list.h"

struct reader {
    struct arena *arena;
    enum engine_kind engine;
    const char *text;
    size_t length;
    size_t at;
    struct tokens *tokens;
    struct error *err;
};

static const char *written_out(struct arena *arena, const char *line, size_t *length)
{
    AUTO_BUFFER struct buffer out = {0};

    for (size_t i = 0; i < *length; i++) {
        char byte = line[i];

        if (byte == '\\' && i + 1 < *length) {
            i++;
            byte = line[i] == 'n' ? '\n' : line[i] == 'r' ? '\r' : line[i];
        }
        buffer_append_char(&out, byte);
    }
    *length = out.length;
    return arena_copy(arena, buffer_text(&out), out.length);
}

static char peek(const struct reader *reader)
{
    return reader->at < reader->length ? reader->text[reader->at] : '\0';
}

/* Bytes above 0x7f are letters. */
static bool is_word_byte(char byte)
{
    return isalnum((unsigned char)byte) || byte == '_' || byte == '$' || (unsigned char)byte > 0x7f;
}

static bool is_operator_byte(char byte)
{
    return byte != '\0' && strchr("+-*/<>=~!@#%^&|:", byte) != NULL;
}

/* https://dev.mysql.com/doc/refman/8.0/en/string-literals.html */
static char mysql_escape(char byte)
{
    static const char escapes[] = "0\0b\bn\nr\rt\tZ\032";

    for (size_t i = 0; i + 1 < sizeof escapes; i += 2)
        if (escapes[i] == byte)
            return escapes[i + 1];
    return byte;
}

static bool read_quoted(struct reader *reader, struct token *token)
{
    AUTO_BUFFER struct buffer text = {0};
    char quote = reader->text[reader->at++];

    token->kind = quote == '\'' ? TOKEN_STRING : TOKEN_QUOTED;
    while (reader->at < reader->length) {
        char byte = reader->text[reader->at++];

        if (byte == quote && peek(reader) != quote) {
            token->text = arena_copy(reader->arena, buffer_text(&text), text.length);
            return true;
        }
        if (byte == quote)
            reader->at++;
        else if (byte == '\\' && quote == '\'' && reader->engine == ENGINE_MYSQL &&
                 reader->at < reader->length)
            byte = mysql_escape(reader->text[reader->at++]);
        buffer_append_char(&text, byte);
    }
    return error_set(reader->err, ERROR_SYNTAX, "a quote does not end");
}

/* 1.5e+10: a sign belongs to a number after the letter of its exponent only. */
static void skip_number(struct reader *reader)
{
    while (is_word_byte(peek(reader)) || peek(reader) == '.' ||
           ((peek(reader) == '+' || peek(reader) == '-') &&
            strchr("eE", reader->text[reader->at - 1]) != NULL))
        reader->at++;
}

static void read_plain(struct reader *reader, struct token *token)
{
    size_t start = reader->at++;

    token->kind = TOKEN_SIGN;
    if (isdigit((unsigned char)reader->text[start])) {
        token->kind = TOKEN_NUMBER;
        skip_number(reader);
    } else if (is_word_byte(reader->text[start])) {
        token->kind = TOKEN_WORD;
        while (is_word_byte(peek(reader)))
            reader->at++;
    } else if (is_operator_byte(reader->text[start])) {
        while (is_operator_byte(peek(reader)))
            reader->at++;
    }
    char *text = arena_copy(reader->arena, reader->text + start, reader->at - start);
    for (char *c = text; *c != '\0' && token->kind == TOKEN_WORD; c++)
        *c = (char)tolower((unsigned char)*c);
    token->text = text;
}

static bool read_token(struct reader *reader)
{
    struct tokens *tokens = reader->tokens;
    struct token token = {.offset = reader->at, .line = 1, .column = (int)reader->at + 1};
    bool read = true;

    if (reader->at == reader->length)
        token.text = "the end";
    else if (peek(reader) == '\'' || peek(reader) == (reader->engine == ENGINE_MYSQL ? '`' : '"'))
        read = read_quoted(reader, &token);
    else
        read_plain(reader, &token);
    tokens->items = list_room(reader->arena, tokens->items, tokens->count, sizeof token);
    tokens->items[tokens->count++] = token;
    return read;
}

bool line_tokens_read(struct arena *arena, enum engine_kind engine, const char *line, size_t length,
                      struct tokens *tokens, struct error *err)
{
    struct reader reader = {arena, engine, line, length, 0, tokens, err};
    bool ended = false;

    *tokens = (struct tokens){0};
    if (engine != ENGINE_MYSQL)
        reader.text = written_out(arena, line, &reader.length);
    while (!ended) {
        while (isspace((unsigned char)peek(&reader)))
            reader.at++;
        ended = reader.at == reader.length;
        if (!read_token(&reader))
            return false;
    }
    return true;
}
