/* parser_alter - ALTER TABLE of portable DDL. Pure; faults as in parser.h. */
#ifndef FLEET_PLANS_SCHEMA_PARSER_ALTER_H
#define FLEET_PLANS_SCHEMA_PARSER_ALTER_H

#include "plans/schema/words.h"

/* What stands after ALTER. */
bool parser_read_alter(struct parser *parser, struct operation *operation) MUST_USE;

#endif
