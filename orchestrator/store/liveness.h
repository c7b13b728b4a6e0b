/*
 * liveness - which of a store's rollouts have a living process.
 *
 * Beside a store in a file each holds one byte of the file "STORE-running", at the offset of its
 * epoch, with a lock of Linux's open file descriptions (fcntl(2)): the kernel lets go of it when
 * the process ends, however that happens, so no process number can be taken for another's. In a
 * store that machines share each has a lease (lease.h).
 */
#ifndef FLEET_ORCHESTRATOR_STORE_LIVENESS_H
#define FLEET_ORCHESTRATOR_STORE_LIVENESS_H

#include "orchestrator/store/lease.h"

struct liveness;

struct liveness *liveness_open(const struct store_place *place, struct error *err) MUST_USE;
void liveness_free(struct liveness *liveness);
AUTO_DEFINE(liveness)

/* Holds the epoch until it is released or the process ends. */
bool liveness_hold(struct liveness *liveness, int64_t epoch, struct error *err) MUST_USE;
void liveness_release(struct liveness *liveness, int64_t epoch);

/* Whether another holds it. The holder is told where the store knows: "HOST, process N", else "".
 */
bool liveness_is_held(struct liveness *liveness, int64_t epoch, bool *held,
                      char holder[LEASE_HOLDER_SIZE], struct error *err) MUST_USE;

#endif
