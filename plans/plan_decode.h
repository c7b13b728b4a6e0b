/*
 * plan_decode - strict reading of a plan's parts, for the whole document and for a slice.
 *
 * Each fills its field of a plan whose arena is set, in the order below: recipes refer to scripts,
 * targets to recipes. Wrong forms are ERROR_PROTOCOL with the path; bytes that do not have the
 * digest they stand under are ERROR_VERIFY.
 */
#ifndef FLEET_PLANS_PLAN_DECODE_H
#define FLEET_PLANS_PLAN_DECODE_H

#include "common/json.h"
#include "plans/plan.h"

enum {
    PLAN_TARGETS_MAX = 1000 * 1000,
    PLAN_RECIPES_MAX = 100 * 1000,
    PLAN_SCRIPTS_MAX = 1000 * 1000,
    PLAN_SIGNATURES_MAX = 64
};

/* ERROR_UNSUPPORTED when value is of a newer format; any other fault is left to the reader. */
bool plan_decode_format(const json_t *value, struct error *err) MUST_USE;

bool plan_decode_header(const json_t *value, struct plan *plan, struct error *err) MUST_USE;
bool plan_decode_scripts(const json_t *array, struct plan *plan, struct error *err) MUST_USE;
bool plan_decode_recipes(const json_t *array, struct plan *plan, struct error *err) MUST_USE;
bool plan_decode_target(const json_t *value, const char *path, const struct plan *plan,
                        struct plan_target *target, struct error *err) MUST_USE;

/* Once plan->digest is known: each signature must be its key's over it, and no key come twice. */
bool plan_decode_signatures(const json_t *array, struct plan *plan, struct error *err) MUST_USE;

#endif
