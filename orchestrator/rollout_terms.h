/*
 * rollout_terms - how a rollout is to be run, as it was decided when it began.
 *
 * The store keeps them, so that whoever goes on with a rollout does so on its own terms, whatever
 * the inventory says by then.
 */
#ifndef FLEET_ORCHESTRATOR_ROLLOUT_TERMS_H
#define FLEET_ORCHESTRATOR_ROLLOUT_TERMS_H

#include "common/arena.h"
#include "common/buffer.h"
#include "inventory/inventory.h"
#include "plans/plan.h"

struct rollout_terms {
    const size_t *waves; /* of each of the plan's targets, from 0 */
    size_t target_count;
    enum failure_action on_failure;
    int64_t failures_allowed;
    bool failures_in_a_row;
    size_t failed_before; /* targets that were out of reach when the plan was made */
    int64_t soak_ms;      /* after each wave but the last; after that as well to check health */
    bool manual_gate;     /* a person opens the way to the next wave */
    struct health_checks health;
    int max_parallel;
};

/* What a policy means for the plan's targets, of total that were looked at; on_failure is not the
   policy's where nothing may be taken back. The waves are in the arena. */
bool rollout_terms_of(const struct policy *policy, const struct plan *plan,
                      const struct inventory *inventory, size_t total, struct arena *arena,
                      struct rollout_terms *terms, struct error *err) MUST_USE;

/* As one line of JSON, and back for a plan of so many targets. */
void rollout_terms_write(const struct rollout_terms *terms, struct buffer *out);
bool rollout_terms_read(const char *text, size_t target_count, struct arena *arena,
                        struct rollout_terms *terms, struct error *err) MUST_USE;

#endif
