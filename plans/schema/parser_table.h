/* parser_table - columns and constraints of portable DDL. Pure; faults as in parser.h. */
#ifndef FLEET_PLANS_SCHEMA_PARSER_TABLE_H
#define FLEET_PLANS_SCHEMA_PARSER_TABLE_H

#include "plans/schema/words.h"

bool parser_read_type(struct parser *parser, struct column *column) MUST_USE;
bool parser_read_default(struct parser *parser, struct column *column) MUST_USE;

/* table is NULL for a column of a table that is there. */
bool parser_read_column(struct parser *parser, struct column *column, struct table *table) MUST_USE;

/* What stands after CONSTRAINT and a name, or without them. */
bool parser_read_constraint(struct parser *parser, struct constraint *constraint) MUST_USE;

/* A column or a constraint of the table. */
bool parser_read_element(struct parser *parser, struct table *table) MUST_USE;

#endif
