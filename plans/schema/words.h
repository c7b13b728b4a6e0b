/* words - how the parsers of portable DDL take tokens. Pure. */
#ifndef FLEET_PLANS_SCHEMA_WORDS_H
#define FLEET_PLANS_SCHEMA_WORDS_H

#include "plans/schema/lexer.h"
#include "plans/schema/operation.h"

struct parser {
    struct arena *arena;
    const struct token *next;
    int depth; /* of the expression at hand */
    struct error *err;
};

/* Fails: says where, what was found, and that what was expected. */
bool words_expected(struct parser *parser, const char *what);

/* Whether the next token is that word, in lower case and without quotes, or sign. */
bool words_is(const struct parser *parser, const char *text);
bool words_accept(struct parser *parser, const char *text);
bool words_require(struct parser *parser, const char *text, const char *what) MUST_USE;

bool words_read_name(struct parser *parser, const char **name, const char *what) MUST_USE;
void words_add_name(struct parser *parser, struct name_list *list, const char *name);
bool words_read_names(struct parser *parser, struct name_list *list) MUST_USE;
bool words_read_number(struct parser *parser, int least, int most, int *number) MUST_USE;

#endif
