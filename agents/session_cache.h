/*
 * session_cache - idle sessions, kept for the request that comes next.
 *
 * A status that is followed by an apply costs one login, not two. A session that is taken is the
 * taker's alone until it is put back. One that ran a script is reset before it is used again; one
 * that is broken, or whose server has hung up, is closed. Safe for any number of threads.
 */
#ifndef FLEET_AGENTS_SESSION_CACHE_H
#define FLEET_AGENTS_SESSION_CACHE_H

#include <stdint.h>

#include "agents/engine.h"

struct session_cache;

/* At most limit sessions, each for at most keep_ms. The clock must outlive the cache. */
struct session_cache *session_cache_new(size_t limit, int64_t keep_ms,
                                        const struct clock *clock) MUST_USE;
/* Closes what is idle; no session may be out. */
void session_cache_free(struct session_cache *cache);
AUTO_DEFINE(session_cache)

/* A session on the target, kept or new. *kept tells which: a kept one may turn out to be broken
   at its first statement. NULL and err when there is none to be had. */
struct session *session_cache_take(struct session_cache *cache, const struct agent_target *target,
                                   bool *kept, struct error *err) MUST_USE;

/* What a session did while it was out. */
enum session_use { SESSION_READ_ONLY, SESSION_RAN_SCRIPTS };

/* Takes the session back, to keep it or, when the cache is full, to close it; NULL is fine. */
void session_cache_put(struct session_cache *cache, struct session *session, enum session_use use);

/* Closes those that are past their time. */
void session_cache_tidy(struct session_cache *cache);

/* How many are idle now. */
size_t session_cache_size(struct session_cache *cache);

#endif
