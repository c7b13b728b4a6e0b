/*
 * sqlite_tokens - SQLite's SQL as tokens, for what must look into a statement before it runs.
 *
 * The rules are those of https://www.sqlite.org/lang_keywords.html and of SQLite's own tokenizer:
 * four ways to quote a name, "--" and unnested block comments. Pure.
 */
#ifndef FLEET_AGENTS_ENGINES_SQLITE_TOKENS_H
#define FLEET_AGENTS_ENGINES_SQLITE_TOKENS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buffer.h"

enum sqlite_token_kind {
    SQLITE_TOKEN_WORD,   /* a keyword, an unquoted name or a number */
    SQLITE_TOKEN_NAME,   /* "name", `name` or [name], quotes included */
    SQLITE_TOKEN_STRING, /* 'text' */
    SQLITE_TOKEN_SIGN    /* an operator, or one character of anything else */
};

struct sqlite_token {
    enum sqlite_token_kind kind;
    const char *text; /* in the statement */
    size_t length;
};

struct sqlite_tokens {
    const char *next;
    const char *end;
};

struct sqlite_tokens sqlite_tokens_of(const char *sql, size_t length);

/* The next token that is neither space nor comment; false at the end. */
bool sqlite_tokens_next(struct sqlite_tokens *tokens, struct sqlite_token *token);

/* Whether the token is this word, in any case. */
bool sqlite_token_is(const struct sqlite_token *token, const char *word);

/* Appends the token in its one spelling: words in lower case, names without needless quotes,
   strings as they stand; newlines as \n, backslashes as \\. */
void sqlite_token_append(const struct sqlite_token *token, struct buffer *out);

/* Appends a name that has no quotes, as sqlite_token_append would one that has them. */
void sqlite_name_append(const char *name, struct buffer *out);

/* Whether a statement surely leaves nothing behind in the connection: no pragma, attached database
   or temporary object. */
bool sqlite_leaves_no_trace(const char *sql, size_t length);

#endif
