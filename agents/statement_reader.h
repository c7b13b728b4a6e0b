/*
 * statement_reader - one statement's tokens, a token ahead: comments are skipped, executable ones
 * of MySQL count as what they hold.
 *
 * Copying a reader keeps its place, so functions that look further take it by value.
 */
#ifndef FLEET_AGENTS_STATEMENT_READER_H
#define FLEET_AGENTS_STATEMENT_READER_H

#include "common/arena.h"
#include "common/engine_kind.h"
#include "plans/script/lexer.h"

struct statement_reader {
    struct arena *arena; /* of names */
    struct lexer lexer;
    struct token token;
    const char *ended; /* where the token before ended */
};

/* At the first token that is no parenthesis. */
struct statement_reader reader_at(struct arena *arena, enum engine_kind engine, const char *sql,
                                  size_t length);
void reader_advance(struct statement_reader *reader);
bool reader_at_end(const struct statement_reader *reader);

/* Goes past the word, given in upper case, if it is there. */
bool reader_accept(struct statement_reader *reader, const char *word);
/* IF EXISTS, IF NOT EXISTS. */
void reader_accept_if_exists(struct statement_reader *reader);
/* A name with what qualifies it, as it is written; NULL if there is none. */
const char *reader_name(struct statement_reader *reader);

/* Whether they stand anywhere in the rest. */
bool reader_has_word(struct statement_reader reader, const char *word);
bool reader_has_comma(struct statement_reader reader);

#endif
