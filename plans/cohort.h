/*
 * cohort - a plan as a person looks at it: the few recipes, each with its targets.
 *
 * A cohort that is far smaller than the largest of its engine is an outlier: a shard with a hotfix,
 * or one that was forgotten.
 */
#ifndef FLEET_PLANS_COHORT_H
#define FLEET_PLANS_COHORT_H

#include "common/buffer.h"
#include "plans/plan.h"

enum {
    COHORT_NAMES = 3,         /* targets that are named */
    COHORT_OUTLIER_SHARE = 8, /* an outlier has at most one eighth of the largest's targets */
};

struct cohort {
    const struct plan_recipe *recipe; /* of the plan */
    size_t target_count;
    const struct plan_target *first[COHORT_NAMES]; /* by name; NULL past the last */
    bool is_outlier;
};

struct cohorts {
    struct cohort *items; /* the largest first, equal ones by their first target's name */
    size_t count;
    size_t target_count;
    size_t outlier_count; /* targets in outliers */
};

#define AUTO_COHORTS __attribute__((cleanup(cohorts_free)))

/* The plan must outlive them. */
void cohorts_find(const struct plan *plan, struct cohorts *cohorts);
void cohorts_free(struct cohorts *cohorts);

/* Appends "412 targets, 3 recipes, 2 outliers"; outliers only when there are any. */
void cohorts_describe(const struct cohorts *cohorts, struct buffer *out);

#endif
