/*
 * lexer - the tokens of a script, as far as finding the ends of its statements needs them.
 *
 * One pass over the bytes, each looked at a bounded number of times. Tokens point into the bytes.
 */
#ifndef FLEET_PLANS_SCRIPT_LEXER_H
#define FLEET_PLANS_SCRIPT_LEXER_H

#include <stdbool.h>
#include <stddef.h>

#include "plans/script/dialect.h"

enum token_kind {
    TOKEN_END,
    TOKEN_WORD,       /* a keyword, a plain name or a number */
    TOKEN_QUOTED,     /* a text or a quoted name */
    TOKEN_SYMBOL,     /* one other character */
    TOKEN_MARK,       /* the opening or closing of an executable comment */
    TOKEN_COMMENT,    /* with its marks, without the end of its line */
    TOKEN_TERMINATOR, /* ";" or what DELIMITER set */
    TOKEN_OPEN        /* a quote or a comment that never ends; opened says which */
};

struct token {
    enum token_kind kind;
    const char *text;
    size_t length;
    int line;           /* where it begins, from 1 */
    bool starts_line;   /* only blanks stand before it on its line */
    const char *opened; /* TOKEN_OPEN: "string", "comment", …; else NULL */
};

enum { DELIMITER_SIZE = 32 };

struct lexer {
    const struct dialect *dialect;
    const char *next;
    const char *end;
    int line;
    bool line_begun;                /* a token stands on this line already */
    bool backslash_escapes;         /* now; a script's SET may change it */
    bool escape_string_continues;   /* the last token was an E'…' */
    const char *executable_comment; /* where the one we are in was opened, else NULL */
    int executable_line;
    char delimiter[DELIMITER_SIZE];
    size_t delimiter_length;
};

void lexer_start(struct lexer *lexer, const struct dialect *dialect, const char *bytes,
                 size_t length);
struct token lexer_next(struct lexer *lexer);

/* The rest of the current line without its end and without blanks around it, which is skipped. */
struct token lexer_rest_of_line(struct lexer *lexer);

/* Skips the rest of the current line and all lines up to and including one that is just this. */
void lexer_skip_past_line(struct lexer *lexer, const char *line);

/* Whether the token is that word, given in upper case. */
bool token_is(const struct token *token, const char *word);
bool token_is_symbol(const struct token *token, char symbol);

#endif
