/* render - an operation as the SQL of an engine. Pure. */
#ifndef FLEET_PLANS_SCHEMA_RENDER_H
#define FLEET_PLANS_SCHEMA_RENDER_H

#include "common/buffer.h"
#include "common/engine_kind.h"
#include "common/error.h"
#include "plans/schema/operation.h"

enum render_mode {
    RENDER_TOGETHER, /* in one transaction */
    RENDER_APART,    /* in transactions of their own, so forms that hold up others for a moment
                        only gain something */
    RENDER_TO_REPEAT /* apart, in one statement that does no harm when it has been done before */
};

/* Appends statements, each with ";" and a newline, and adds their number to *statements.
   ERROR_UNSUPPORTED if the engine cannot express the operation; nothing is approximated. The model
   has told what it knows of the operation. */
bool render_operation(enum engine_kind engine, enum render_mode mode,
                      const struct operation *operation, struct buffer *out, size_t *statements,
                      struct error *err) MUST_USE;

/* Whether the engine does it by making the table again, with foreign keys off. */
bool render_rebuilds(enum engine_kind engine, const struct operation *operation);

#endif
