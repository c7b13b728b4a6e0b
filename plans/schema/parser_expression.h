/* parser_expression - conditions of portable DDL. Pure; faults as in parser.h. */
#ifndef FLEET_PLANS_SCHEMA_PARSER_EXPRESSION_H
#define FLEET_PLANS_SCHEMA_PARSER_EXPRESSION_H

#include "plans/schema/words.h"

/* Adds the columns that it mentions to columns, each once. */
bool parser_read_expression(struct parser *parser, struct name_list *columns,
                            struct expression *expression) MUST_USE;

#endif
