/* retelling - what retell.c and its engines share. Pure. */
#ifndef FLEET_PLANS_INTROSPECTION_RETELLING_H
#define FLEET_PLANS_INTROSPECTION_RETELLING_H

#include "plans/schema/words.h"

struct retelling;

/* Takes at least one token, if the engine has words of its own there; else retelling_plain. */
typedef bool (*retell_function)(struct retelling *retelling);

struct retelling {
    struct parser in;
    struct tokens out;
    retell_function step;
    bool in_binary; /* MySQL: after a collation that LIKE goes by */
};

void retelling_put(struct retelling *retelling, enum token_kind kind, const char *text);

/* Whether the token is that word or sign. */
bool retelling_token_is(const struct token *token, const char *text);

/* Takes the token as it is, a group in brackets with all that is in it. Operators and functions
   that the language does not have: ERROR_UNSUPPORTED. */
bool retelling_plain(struct retelling *retelling) MUST_USE;

/* Takes what comes before a token that is closing, on this level of brackets. */
bool retelling_until(struct retelling *retelling, const char *closing) MUST_USE;

bool retelling_refuse(struct retelling *retelling, const char *format, ...) PRINTF_LIKE(2, 3);

bool retell_step_postgresql(struct retelling *retelling) MUST_USE;
bool retell_step_mysql(struct retelling *retelling) MUST_USE;
bool retell_step_sqlite(struct retelling *retelling) MUST_USE;

#endif
