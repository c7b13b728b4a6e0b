/*
 * fingerprint - what a target's schema is, as one digest.
 *
 * It is the SHA-256 of the lines that the engine's introspect gives, sorted by their bytes and each
 * ended by a newline: the order of columns does not count.
 */
#ifndef FLEET_AGENTS_FINGERPRINT_H
#define FLEET_AGENTS_FINGERPRINT_H

#include "agents/engine.h"
#include "common/digest.h"

bool fingerprint_lines(struct session *session, struct buffer *out, struct error *err) MUST_USE;
bool fingerprint_take(struct session *session, struct digest *fingerprint,
                      struct error *err) MUST_USE;

#endif
