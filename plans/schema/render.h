/* render - an operation as the SQL of an engine. Pure. */
#ifndef FLEET_PLANS_SCHEMA_RENDER_H
#define FLEET_PLANS_SCHEMA_RENDER_H

#include "common/buffer.h"
#include "common/engine_kind.h"
#include "common/error.h"
#include "plans/schema/operation.h"

/* Appends one statement with ";" and a newline. ERROR_UNSUPPORTED if the engine cannot express the
   operation; nothing is approximated. A dropped index has to have its table. */
bool render_operation(enum engine_kind engine, const struct operation *operation,
                      struct buffer *out, struct error *err) MUST_USE;

#endif
