/* lexer - portable DDL as words; docs/portable-ddl.md has their forms. Pure. */
#ifndef FLEET_PLANS_SCHEMA_LEXER_H
#define FLEET_PLANS_SCHEMA_LEXER_H

#include <stdbool.h>
#include <stddef.h>

#include "common/arena.h"
#include "common/error.h"

enum token_kind {
    TOKEN_END,
    TOKEN_WORD,
    TOKEN_QUOTED,
    TOKEN_STRING,
    TOKEN_NUMBER,
    TOKEN_SIGN,
    TOKEN_BLOCK
};

struct token {
    enum token_kind kind;
    const char *text; /* of a word in lower case, of quoted ones and blocks what stands within */
    size_t offset;    /* of its first byte */
    int line;         /* from 1 */
    int column;       /* in bytes, from 1 */
};

struct tokens {
    struct token *items; /* the last is TOKEN_END */
    size_t count;
};

/* ERROR_SYNTAX with the line, and the column in the message, for a quote that does not end, a
   directive after the first statement began, or a character that has no place in the language. */
bool lexer_read(struct arena *arena, const char *text, size_t length, struct tokens *tokens,
                struct error *err) MUST_USE;

#endif
