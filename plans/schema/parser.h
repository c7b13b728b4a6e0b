/* parser - portable DDL as operations; docs/portable-ddl.md has the grammar. Pure. */
#ifndef FLEET_PLANS_SCHEMA_PARSER_H
#define FLEET_PLANS_SCHEMA_PARSER_H

#include "common/arena.h"
#include "common/error.h"
#include "plans/schema/operation.h"

/* ERROR_SYNTAX with the line; the message says the column, what was found and what could stand
 * there. */
bool parser_read(struct arena *arena, const char *text, size_t length, struct change *change,
                 struct error *err) MUST_USE;

#endif
