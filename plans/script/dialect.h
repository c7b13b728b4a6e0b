/*
 * dialect - how each engine's SQL is cut into tokens and statements.
 *
 * One row per engine; the lexer and the splitter read the traits and never ask which engine it is.
 * Outside authorities: PostgreSQL's psqlscan.l, MySQL's client (add_line) and sql_lex.cc, SQLite's
 * tokenize.c and complete.c.
 */
#ifndef FLEET_PLANS_SCRIPT_DIALECT_H
#define FLEET_PLANS_SCRIPT_DIALECT_H

#include <stdbool.h>

#include "common/engine_kind.h"

/* Which bodies may hold terminators of their own. */
enum body_rules {
    BODY_ATOMIC,   /* parentheses, and BEGIN ATOMIC … END of an SQL routine */
    BODY_COMPOUND, /* BEGIN, IF, CASE, LOOP, WHILE, REPEAT, FOR … END of a stored program */
    BODY_TRIGGER   /* CREATE TRIGGER … ; END */
};

struct dialect {
    const char
        *escape_setting; /* a SET of this decides about backslashes; NULL if nothing does … */
    const char *escape_toggle;  /* … and with this value turns the default round */
    const char *quotes;         /* characters that open and close a quoted text or name */
    const char *command_client; /* whose commands command_mark begins */
    enum body_rules body;
    char command_mark;        /* begins a command for the client, not the server; 0 for none */
    bool command_starts_line; /* only there, with no statement begun */
    bool backslash_escapes;   /* in '…' and "…", until a script sets it otherwise */
    bool escape_strings;      /* E'…' has backslash escapes */
    bool dollar_quotes;       /* $tag$ … $tag$ */
    bool nested_comments;     /* one comment inside another, both closed */
    bool hash_comments;       /* # to the end of the line */
    bool dashes_need_space;   /* "--" begins a comment only before white space */
    bool executable_comments; /* the inside of such comments is code for the server */
    bool copy_data;           /* COPY … FROM STDIN is followed by lines of data */
    bool delimiter_command;   /* a line "DELIMITER //" */
    bool brackets;            /* [name] */
    bool lone_statements;     /* some are refused inside a transaction */
};

const struct dialect *dialect_of(enum engine_kind engine);

#endif
