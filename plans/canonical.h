/*
 * canonical - canonical JSON, written straight into a buffer.
 *
 * The same bytes as json_write_canonical gives for the same value, without a jansson object in
 * between: a plan has a hundred thousand targets. Each function appends "before", which is JSON
 * text as it stands ("{\"agent\":"), and then the value. Texts must be UTF-8.
 */
#ifndef FLEET_PLANS_CANONICAL_H
#define FLEET_PLANS_CANONICAL_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buffer.h"
#include "common/digest.h"

void canonical_text(struct buffer *out, const char *before, const char *text, size_t length);
void canonical_string(struct buffer *out, const char *before, const char *text);
void canonical_integer(struct buffer *out, const char *before, int64_t value);
void canonical_bool(struct buffer *out, const char *before, bool value);
void canonical_digest(struct buffer *out, const char *before, const struct digest *digest);
void canonical_hex(struct buffer *out, const char *before, const void *bytes, size_t length);

#endif
