#include "plans/planner.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/text.h"
#include "plans/digest_table.h"
#include "plans/planning.h"
#include "plans/release.h"
#include "plans/steps_down.h"
#include "plans/steps_up.h"
#include "plans/version.h"

static const struct {
    void (*find_steps)(const struct planning *planning, const struct target_group *group,
                       struct step_list *steps);
    bool needs_version;
    bool takes_zero; /* "0" stands for nothing applied */
} goals[] = {
    [GOAL_UP] = {steps_up, false, false},
    [GOAL_DOWN_TO] = {steps_down, true, true},
    [GOAL_DOWN_STEPS] = {steps_down, false, false},
    [GOAL_BASELINE] = {steps_baseline, false, false},
};

struct groups {
    struct target_group *items;
    size_t count;
    size_t *of_state; /* which group each state is in */
};

static void groups_free(struct groups *groups)
{
    free(groups->items);
    free(groups->of_state);
}

/* Targets with equal keys get the same steps. */
static struct digest group_key(const struct target_state *state)
{
    struct digest key = state->applied != NULL ? state->applied->id : (struct digest){0};

    key.bytes[DIGEST_SIZE - 1] ^= (uint8_t)state->engine;
    key.bytes[DIGEST_SIZE - 2] ^= state->going_back;
    if (state->to != NULL) {
        const struct digest to = digest_of_text(state->to);

        for (size_t i = 0; i < DIGEST_SIZE; i++)
            key.bytes[i] ^= to.bytes[i];
    }
    return key;
}

static void open_group(struct groups *groups, const struct plan_request *request,
                       const struct target_state *state)
{
    struct target_group group = {
        .engine = state->engine,
        .to = state->to != NULL ? state->to : request->to,
        .going_back = state->going_back,
        .concern.first = state->name,
    };

    if (state->applied != NULL) {
        group.applied = state->applied->items;
        group.applied_count = state->applied->count;
    }
    if ((groups->count & (groups->count - 1)) == 0)
        groups->items = xreallocarray(groups->items, groups->count > 0 ? 2 * groups->count : 1,
                                      sizeof *groups->items);
    groups->items[groups->count++] = group;
}

static void group_states(const struct plan_request *request, struct groups *groups)
{
    AUTO(digest_table) struct digest_table *numbers = digest_table_new();

    groups->of_state = xcalloc(request->state_count, sizeof *groups->of_state);
    for (size_t i = 0; i < request->state_count; i++) {
        struct digest key = group_key(&request->states[i]);
        size_t number = digest_table_intern(numbers, &key, groups->count);

        if (number == groups->count)
            open_group(groups, request, &request->states[i]);
        assert(number < groups->count);
        groups->of_state[i] = number;
        groups->items[number].concern.targets++;
    }
}

/* Whether the folder or any target knows the version. */
static bool version_is_known(const struct plan_request *request, const struct groups *groups,
                             const char *version)
{
    size_t index;

    if (planning_find_version(request->migrations, version, &index))
        return true;
    for (size_t g = 0; g < groups->count; g++)
        for (size_t i = 0; i < groups->items[g].applied_count; i++)
            if (version_is_valid(groups->items[g].applied[i].version) &&
                version_compare(groups->items[g].applied[i].version, version) == 0)
                return true;
    return false;
}

static void complain_unknown(const struct planning *planning, const char *version)
{
    const struct migrations *migrations = planning->request->migrations;
    const char **versions = xcalloc(migrations->count, sizeof *versions);

    for (size_t i = 0; i < migrations->count; i++)
        versions[i] = migrations->items[i].version;
    const char *near = text_nearest(version, versions, migrations->count);
    const char *newest = migrations->count > 0 ? versions[migrations->count - 1] : NULL;
    const char *named = near != NULL ? near : newest;
    problems_add(planning->problems, &(struct concern){0}, ERROR_USAGE, NULL,
                 "no migration has version %s in %s%s%s%s", version, migrations->directory,
                 near != NULL     ? ", did you mean "
                 : newest != NULL ? "; the newest is "
                                  : ", which holds none",
                 named != NULL ? named : "", near != NULL ? "?" : "");
    free(versions);
}

static void check_version(const struct planning *planning, const struct groups *groups,
                          const char *version)
{
    if (!version_is_valid(version))
        problems_add(planning->problems, &(struct concern){0}, ERROR_USAGE, NULL,
                     "\"%s\" is not a version: a version is 1 to %d digits", version,
                     VERSION_SIZE - 1);
    else if (!version_is_known(planning->request, groups, version))
        complain_unknown(planning, version);
}

static void check_goal(const struct planning *planning, const struct groups *groups, const char *to)
{
    bool takes_zero = goals[planning->request->goal].takes_zero;

    if (to != NULL && !(takes_zero && strcmp(to, "0") == 0))
        check_version(planning, groups, to);
}

static void check_request(const struct planning *planning, const struct groups *groups)
{
    const struct plan_request *request = planning->request;

    assert(request->to != NULL || !goals[request->goal].needs_version);
    check_goal(planning, groups, request->to);
    for (size_t g = 0; g < groups->count; g++)
        if (groups->items[g].to != request->to)
            check_goal(planning, groups, groups->items[g].to);
    if (request->goal == GOAL_DOWN_STEPS && request->steps < 1)
        problems_add(planning->problems, &(struct concern){0}, ERROR_USAGE, NULL,
                     "a rollback of %d steps: give a number from 1", request->steps);
    for (size_t i = 0; i < request->out_of_order_count; i++)
        check_version(planning, groups, request->out_of_order[i]);
}

/* Its history may lag behind its primary's, and nothing could be written. */
static void check_writable(const struct planning *planning)
{
    const struct plan_request *request = planning->request;

    for (size_t i = 0; i < request->state_count; i++)
        if (request->states[i].read_only)
            problems_add(planning->problems, &(struct concern){1, request->states[i].name},
                         ERROR_UNSUPPORTED, NULL,
                         "the server is a replica or read-only: no plan is made from its history;"
                         " let the target's url lead to the primary, or make it writable");
}

static void find_recipes(const struct planning *planning, struct groups *groups)
{
    for (size_t i = 0; i < groups->count; i++) {
        AUTO_STEP_LIST struct step_list steps = {0};
        struct target_group *group = &groups->items[i];

        if (planning->request->goal != GOAL_UP || !steps_finish_way_back(planning, group, &steps))
            goals[planning->request->goal].find_steps(planning, group, &steps);
        if (steps.count > 0)
            group->recipe =
                plan_builder_recipe(planning->builder, group->engine, steps.items, steps.count);
    }
}

static const char *release_of(const struct planning *planning, const struct target_state *state)
{
    size_t length = state->server != NULL ? release_length(state->engine, state->server) : 0;

    return length > 0 ? arena_copy(plan_builder_arena(planning->builder), state->server, length)
                      : NULL;
}

static struct plan *seal(const struct planning *planning, const struct groups *groups)
{
    const struct plan_request *request = planning->request;
    struct plan_target *targets = xcalloc(request->state_count, sizeof *targets);
    size_t count = 0;

    for (size_t i = 0; i < request->state_count; i++) {
        const struct target_state *state = &request->states[i];
        assert(groups->of_state[i] < groups->count);
        const struct plan_recipe *recipe = groups->items[groups->of_state[i]].recipe;
        if (recipe != NULL)
            targets[count++] = (struct plan_target){.name = state->name,
                                                    .agent = state->agent,
                                                    .engine = state->engine,
                                                    .head = state->head,
                                                    .identity = state->identity,
                                                    .timeline = state->timeline,
                                                    .release = release_of(planning, state),
                                                    .recipe = recipe};
    }
    struct plan *plan = plan_builder_seal(planning->builder, &request->header, targets, count);
    free(targets);
    return plan;
}

struct plan *planner_plan(const struct plan_request *request, struct diagnostics *problems)
{
    AUTO(plan_builder) struct plan_builder *builder = plan_builder_new();
    AUTO(problems) struct problems *found = problems_new();
    AUTO(fact_finder)
    struct fact_finder *facts =
        fact_finder_new(request->migrations, request->header.environment, builder);
    struct planning planning = {request, builder, found, facts};
    struct groups groups = {0};
    struct plan *plan = NULL;

    group_states(request, &groups);
    check_request(&planning, &groups);
    check_writable(&planning);
    if (problems_count(found) == 0)
        find_recipes(&planning, &groups);
    if (problems_count(found) == 0)
        plan = seal(&planning, &groups);
    problems_report(found, problems);
    groups_free(&groups);
    return plan;
}
