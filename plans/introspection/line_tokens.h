/*
 * line_tokens - a line of an introspected schema as tokens of the portable language.
 *
 * Words are in lower case, names and strings are what they stand for, operators are as the engine
 * has them. Lines are as agents/engine.h introspect writes them: on PostgreSQL and SQLite what
 * would break a line is written out as \n, \r and \\. Pure.
 */
#ifndef FLEET_PLANS_INTROSPECTION_LINE_TOKENS_H
#define FLEET_PLANS_INTROSPECTION_LINE_TOKENS_H

#include "common/engine_kind.h"
#include "plans/schema/lexer.h"

/* ERROR_SYNTAX for a quote that does not end. */
bool line_tokens_read(struct arena *arena, enum engine_kind engine, const char *line, size_t length,
                      struct tokens *tokens, struct error *err) MUST_USE;

#endif
