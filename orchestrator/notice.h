/*
 * notice - what becomes of a rollout, in the words of a webhook. Pure.
 *
 * The generic body is JSON of format 1: event ("started", "resumed", "rollback", "unhealthy",
 * "ended"), environment, rollout, operator, result (of "ended": "applied", "failed", "stopped",
 * "paused", "halted", "aborted", "rolled_back", "interrupted"), detail, at, store and seq. The
 * last two name it for ever: whoever gets it twice can tell.
 */
#ifndef FLEET_ORCHESTRATOR_NOTICE_H
#define FLEET_ORCHESTRATOR_NOTICE_H

#include "common/buffer.h"
#include "inventory/inventory.h"
#include "orchestrator/store/store.h"

/* Appends the body: that above, or what Slack's incoming webhooks take ({"text": …}). */
void notice_write(const struct notice *notice, const char *store, enum notify_format format,
                  struct buffer *out);

enum { NOTICE_SIGNATURE_SIZE = 65 };
/* HMAC-SHA-256 (RFC 2104) of the body, as hex digits. */
bool notice_sign(const char *key, const struct buffer *body, char signature[NOTICE_SIGNATURE_SIZE],
                 struct error *err) MUST_USE;

#endif
