/*
 * retell - an engine's words for columns, constraints and conditions as the portable language's.
 *
 * What the two have under different names gets the portable one. Where only the types of the
 * operands tell whether both mean the same, a mark is left, which no text can have, and settle.h
 * takes it out: a cast is a function (settle_mark), DIV of MySQL an operator. Pure.
 */
#ifndef FLEET_PLANS_INTROSPECTION_RETELL_H
#define FLEET_PLANS_INTROSPECTION_RETELL_H

#include "common/engine_kind.h"
#include "plans/schema/lexer.h"

/* All tokens from the first to the one that is the end. ERROR_UNSUPPORTED: what there are no words
   for. */
bool retell(struct arena *arena, enum engine_kind engine, const struct token *first,
            struct tokens *told, struct error *err) MUST_USE;

#endif
