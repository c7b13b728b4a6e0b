/*
 * slice - one agent's share of a plan: its targets, the recipes and scripts they use, and a proof.
 *
 * With the header, all recipe digests, the root and the signatures, an agent recomputes the
 * plan's digest and so knows that its share is what was signed, without the rest of the plan.
 * One proof of inclusion (plans/inclusion.h) serves all targets of a slice. docs/plan.md shows the
 * bytes.
 */
#ifndef FLEET_PLANS_SLICE_H
#define FLEET_PLANS_SLICE_H

#include "common/json.h"
#include "plans/plan.h"

/* The share of the plan that holds these targets: indexes into plan->targets in any order, each
   once, at least one. */
json_t *slice_encode(const struct plan *plan, const size_t *targets, size_t count) MUST_USE;

/* As an agent reads it: a plan that knows only what concerns it. */
struct slice {
    struct plan plan; /* targets, recipes, scripts: the slice's; root and digest: the whole plan's;
                         no labels of signers, which nothing covers */
};

void slice_free(struct slice *slice);
AUTO_DEFINE(slice)

/* Decodes and checks form, script and recipe digests, the proof, and that each signature is its
   key's over the plan's digest. ERROR_PROTOCOL, ERROR_UNSUPPORTED or ERROR_VERIFY, as plan_read. */
struct slice *slice_decode(const json_t *value, struct error *err) MUST_USE;

/* A key that may sign plans, and whose it is. */
struct trusted_key {
    struct public_key key;
    const char *person;
};

struct slice_rules {
    const char *fleet; /* NULL: any (in-process) */
    int64_t now_ms;
    const struct trusted_key *keys;
    size_t key_count;
    int signatures_needed; /* of distinct persons; 0 in-process */
    bool seen_before;      /* the plan was accepted earlier: expiry does not bind, finish_by does */
    bool to_take_back;     /* rollback_until binds, and neither of them */
};

/* Whether the plan may run here now: fleet, expiry (at an instant that is a limit it still may),
   and signatures of enough distinct trusted persons. ERROR_VERIFY. */
bool slice_verify(const struct slice *slice, const struct slice_rules *rules,
                  struct error *err) MUST_USE;

#endif
