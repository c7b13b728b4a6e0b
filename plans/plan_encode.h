/*
 * plan_encode - the canonical JSON of a plan's parts, and the digests over it.
 *
 * A plan document and a slice are made of the same parts; docs/plan.md shows their bytes.
 */
#ifndef FLEET_PLANS_PLAN_ENCODE_H
#define FLEET_PLANS_PLAN_ENCODE_H

#include "plans/plan.h"

void plan_encode_header(const struct plan_header *header, struct buffer *out);
void plan_encode_script(const struct plan_script *script, struct buffer *out);
void plan_encode_recipe(const struct plan_recipe *recipe, struct buffer *out);
void plan_encode_target(const struct plan_target *target, struct buffer *out);

/* signer is a label that the digest does not cover; a slice leaves it out. */
enum plan_signer { PLAN_WITH_SIGNER, PLAN_WITHOUT_SIGNER };
void plan_encode_signature(const struct plan_signature *signature, enum plan_signer signer,
                           struct buffer *out);

/* Puts a comma before every element of an array but the first. */
void plan_encode_comma(size_t index, struct buffer *out);

/* SHA-256 of the recipe's canonical JSON. */
struct digest plan_recipe_digest(const struct plan_recipe *recipe);

/* The leaf hash of the target's canonical JSON; scratch is room that many calls share. */
struct digest plan_target_leaf(const struct plan_target *target, struct buffer *scratch);

/* What the plan's digest covers. */
struct plan_essence {
    const struct plan_header *header;
    const struct digest *recipes; /* ascending */
    size_t recipe_count;
    size_t target_count;
    const struct digest *root;
};
struct digest plan_essence_digest(const struct plan_essence *essence);

/* Sets tree, root and digest from the header, recipes and targets of a whole plan. */
void plan_seal(struct plan *plan);

#endif
