/*
 * settle - takes out of a condition what only one engine says, where it means nothing else.
 *
 * Casts that an engine put in by itself go; those that change a value are refused. Numbers that
 * stand for a BOOLEAN become TRUE and FALSE. Pure.
 */
#ifndef FLEET_PLANS_INTROSPECTION_SETTLE_H
#define FLEET_PLANS_INTROSPECTION_SETTLE_H

#include "common/arena.h"
#include "common/engine_kind.h"
#include "common/error.h"
#include "plans/schema/operation.h"

/* The function that stands for a cast to the type. */
const char *settle_mark(enum type_kind type);

/* Whether the portable language has such a number: "-1.5", not "1e3" or "1.". */
bool settle_is_number(const char *text);

/* The operator that divides whole numbers. */
extern const char settle_whole_division[];

/* The condition of a CHECK, whose columns are the table's. ERROR_UNSUPPORTED: what the portable
   language has no words for; ERROR_CONFLICT: a column that is not there. */
bool settle(struct arena *arena, enum engine_kind engine, const struct table *table,
            const struct name_list *columns, struct expression *condition,
            struct error *err) MUST_USE;

#endif
