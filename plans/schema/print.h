/*
 * print - schemas and operations as portable DDL, the way that people write it.
 *
 * What is printed reads back as the same values (parser.h). Pure.
 */
#ifndef FLEET_PLANS_SCHEMA_PRINT_H
#define FLEET_PLANS_SCHEMA_PRINT_H

#include "common/buffer.h"
#include "plans/schema/model.h"

/* The operation, ";" and a newline. */
void print_operation(const struct operation *operation, struct buffer *out);

/* All tables with their indexes, those that others refer to first where that can be. */
void print_model(const struct model *model, struct buffer *out);

#endif
