/*
 * liveness - which of a store's rollouts have a living process.
 *
 * Each holds one byte of a file beside the store, at the offset of its epoch, with a lock of
 * Linux's open file descriptions (fcntl(2)): the kernel lets go of it when the process ends,
 * however that happens, so no process number can be taken for another's. The processes that share a
 * store run on one machine.
 */
#ifndef FLEET_ORCHESTRATOR_LIVENESS_H
#define FLEET_ORCHESTRATOR_LIVENESS_H

#include <stdint.h>

#include "common/error.h"

struct liveness;

/* Opens or makes the file "STORE-running". */
struct liveness *liveness_open(const char *store, struct error *err) MUST_USE;
void liveness_free(struct liveness *liveness);
AUTO_DEFINE(liveness)

/* Holds the epoch's byte until it is released or the process ends. */
bool liveness_hold(struct liveness *liveness, int64_t epoch, struct error *err) MUST_USE;
void liveness_release(struct liveness *liveness, int64_t epoch);

/* Whether another holds it. */
bool liveness_is_held(struct liveness *liveness, int64_t epoch, bool *held,
                      struct error *err) MUST_USE;

#endif
