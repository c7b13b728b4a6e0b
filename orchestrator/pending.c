#include "orchestrator/pending.h"

/* The reached targets of one environment, and where they stand in the survey. */
struct group {
    struct target_state *states;
    size_t *places;
    size_t count;
};

static void collect(struct survey *survey, const struct environment *environment,
                    struct group *group)
{
    group->count = 0;
    for (size_t i = 0; i < survey->count; i++) {
        const struct surveyed *item = &survey->items[i];

        if (!item->reached || item->target->environment != environment)
            continue;
        group->places[group->count] = i;
        group->states[group->count] = survey_state(item);
        group->states[group->count].going_back = false;
        group->states[group->count++].read_only = false; /* only counted, not to be run */
    }
}

static void count_group(const struct group *group, const struct environment *environment,
                        const struct migrations *migrations, int64_t *counts,
                        struct diagnostics *problems)
{
    const struct plan_request request = {
        .header = {.fleet = "-",
                   .environment = environment->name,
                   .author = "-",
                   .nonce = "-",
                   .policy = {.irreversible_allowed = true, .opaque_allowed = true}},
        .goal = GOAL_UP,
        .migrations = migrations,
        .states = group->states,
        .state_count = group->count,
    };
    AUTO(plan) struct plan *plan = planner_plan(&request, problems);

    for (size_t i = 0; i < group->count; i++) {
        const struct plan_target *target =
            plan != NULL ? plan_find_target(plan, group->states[i].name) : NULL;

        if (plan != NULL)
            counts[group->places[i]] = target != NULL ? (int64_t)target->recipe->step_count : 0;
    }
}

const int64_t *pending_count(struct survey *survey, const struct inventory *inventory,
                             const struct migrations *migrations, struct diagnostics *problems)
{
    struct arena *arena = survey->arena;
    int64_t *counts = arena_calloc(arena, survey->count, sizeof *counts);
    struct group group = {
        .states = arena_calloc(arena, survey->count, sizeof *group.states),
        .places = arena_calloc(arena, survey->count, sizeof *group.places),
    };

    for (size_t i = 0; i < survey->count; i++)
        counts[i] = PENDING_UNKNOWN;
    for (size_t i = 0; i < inventory->environment_count; i++) {
        collect(survey, &inventory->environments[i], &group);
        if (group.count > 0)
            count_group(&group, &inventory->environments[i], migrations, counts, problems);
    }
    return counts;
}
