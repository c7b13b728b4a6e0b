/*
 * pattern - what a rule looks for in a statement, by its words.
 *
 * A pattern is a list of items, matched from the statement's first word on:
 *
 *   WORD   that word          A|B  one of them        X?   X, or nothing
 *   $      a name             $t   the table's name, with its schema
 *   ~X     another word than X follows; takes nothing
 *   ...    any words, up to what the next item is
 *   @      a name of more than 63 bytes is among the words that are left, or in brackets there
 *   !X     X is in none of the words that are left    !!X  nor in brackets among them
 *
 * What stands in brackets is one word for all of them but "!!"; "(" goes into them. Pure.
 */
#ifndef FLEET_PLANS_LINT_PATTERN_H
#define FLEET_PLANS_LINT_PATTERN_H

#include "common/arena.h"
#include "common/engine_kind.h"

/* A word of a statement: in capitals, or a name as it stands in quotes. */
struct lint_word {
    const char *text;
    bool is_name; /* it stood in quotes, so it is no keyword */
    bool glued;   /* to the word before, by a dot */
    int depth;    /* brackets around it */
};

struct lint_words {
    struct lint_word *items;
    size_t count;
};

/* Comments are left out; executable ones of MySQL count as what they hold. */
struct lint_words lint_words_of(struct arena *arena, enum engine_kind engine, const char *sql,
                                size_t length);

/* *table is what "$t" took, without quotes and in lower case unless they were there; NULL if the
   pattern has none. */
bool lint_pattern_matches(const char *pattern, const struct lint_words *words, struct arena *arena,
                          const char **table);

#endif
