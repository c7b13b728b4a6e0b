#include "plans/cohort.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

static int by_size(const void *a, const void *b)
{
    const struct cohort *left = a;
    const struct cohort *right = b;

    if (left->target_count != right->target_count)
        return left->target_count > right->target_count ? -1 : 1;
    return strcmp(left->first[0]->name, right->first[0]->name);
}

static void gather(const struct plan *plan, struct cohort *by_recipe)
{
    for (size_t i = 0; i < plan->target_count; i++) {
        const struct plan_target *target = &plan->targets[i];
        struct cohort *cohort = &by_recipe[target->recipe - plan->recipes];

        cohort->recipe = target->recipe;
        if (cohort->target_count < COHORT_NAMES)
            cohort->first[cohort->target_count] = target;
        cohort->target_count++;
    }
}

/* The recipes that have targets; returns how many. */
static size_t drop_empty(struct cohort *cohorts, size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++)
        if (cohorts[i].target_count > 0)
            cohorts[kept++] = cohorts[i];
    return kept;
}

static void mark_outliers(struct cohorts *cohorts)
{
    size_t largest[ENGINE_KIND_COUNT] = {0};

    for (size_t i = 0; i < cohorts->count; i++) {
        struct cohort *cohort = &cohorts->items[i];
        size_t *most = &largest[cohort->recipe->engine];

        if (*most == 0)
            *most = cohort->target_count;
        cohort->is_outlier = cohort->target_count * COHORT_OUTLIER_SHARE <= *most;
        if (cohort->is_outlier)
            cohorts->outlier_count += cohort->target_count;
    }
}

void cohorts_find(const struct plan *plan, struct cohorts *cohorts)
{
    struct cohort *items = xcalloc(plan->recipe_count, sizeof *items);
    size_t count;

    gather(plan, items);
    count = drop_empty(items, plan->recipe_count);
    qsort(items, count, sizeof *items, by_size);
    *cohorts = (struct cohorts){.items = items, .count = count, .target_count = plan->target_count};
    mark_outliers(cohorts);
}

void cohorts_free(struct cohorts *cohorts)
{
    free(cohorts->items);
}

static void append_count(struct buffer *out, size_t count, const char *noun)
{
    buffer_printf(out, "%zu %s%s", count, noun, count == 1 ? "" : "s");
}

void cohorts_describe(const struct cohorts *cohorts, struct buffer *out)
{
    append_count(out, cohorts->target_count, "target");
    buffer_append_text(out, ", ");
    append_count(out, cohorts->count, "recipe");
    if (cohorts->outlier_count == 0)
        return;
    buffer_append_text(out, ", ");
    append_count(out, cohorts->outlier_count, "outlier");
}
