/*
 * lease - what the processes that share a PostgreSQL store hold as long as they live.
 *
 * A name has one holder. A thread with a session of its own renews what this process holds every
 * LEASE_RENEW_MS; what was not renewed for LEASE_MS, by the server's clock, is held by nobody. So a
 * holder that is killed, or cut off, is gone after that time at the latest.
 */
#ifndef FLEET_ORCHESTRATOR_STORE_LEASE_H
#define FLEET_ORCHESTRATOR_STORE_LEASE_H

#include "orchestrator/store/database.h"

enum { LEASE_MS = 10 * 1000, LEASE_RENEW_MS = 2 * 1000, LEASE_HOLDER_SIZE = 128 };

struct leases;

struct leases *leases_open(const struct store_place *place, struct error *err) MUST_USE;
/* Releases what it holds. */
void leases_free(struct leases *leases);
AUTO_DEFINE(leases)

/* ERROR_LOCKED names who holds it. */
bool lease_hold(struct leases *leases, const char *name, struct error *err) MUST_USE;
void lease_release(struct leases *leases, const char *name);

/* Who else holds it: "HOST, process N"; "" if nobody does. */
bool lease_holder(struct leases *leases, const char *name, char holder[LEASE_HOLDER_SIZE],
                  struct error *err) MUST_USE;

#endif
