#include "plans/steps_down.h"

#include "plans/version.h"

/* Versioned ones come first in a set. */
static size_t count_versioned(const struct target_group *group)
{
    size_t count = 0;

    while (count < group->applied_count && group->applied[count].version[0] != '\0')
        count++;
    return count;
}

static size_t kept_by_steps(size_t count, int steps)
{
    return (size_t)steps < count ? count - (size_t)steps : 0;
}

/* How many of the oldest stay applied so that `to` is the newest. */
static size_t kept_by_version(const struct target_group *group, size_t count, const char *to)
{
    for (size_t i = 0; i < count; i++)
        if (version_compare(group->applied[i].version, to) == 0)
            return i + 1;
    for (size_t i = 0; i < count; i++)
        if (version_compare(group->applied[i].version, to) > 0)
            return i;
    return count;
}

/* The ways of one applied migration, by the step that brought it: up again, or down again where
   a rollback was itself taken back. */
struct ways {
    const struct plan_part *up;
    const struct plan_part *down;
};

static struct ways ways_of(const struct plan_step *step)
{
    if (step->direction == DIRECTION_DOWN)
        return (struct ways){.up = &step->undo, .down = &step->run};
    return (struct ways){.up = &step->run, .down = &step->undo};
}

static void complain(const struct planning *planning, const struct target_group *group,
                     const struct applied *applied, const struct plan_step *step)
{
    char plan[DIGEST_HEX_SIZE];

    digest_to_hex(&applied->plan, plan);
    if (applied->baseline)
        problems_add(planning->problems, &group->concern, ERROR_CONFLICT, NULL,
                     "migration %s_%s was marked by a baseline and never run here, so there is"
                     " nothing to take back: roll back to a later version",
                     applied->version, applied->name);
    else if (step == NULL)
        problems_add(planning->problems, &group->concern, ERROR_CONFLICT, NULL,
                     "migration %s_%s cannot be taken back: plan %.12s that applied it is not known"
                     " here: run this where that plan was applied from, or write a new migration"
                     " that undoes it",
                     applied->version, applied->name, plan);
    else
        problems_add(planning->problems, &group->concern, ERROR_CONFLICT, NULL,
                     "migration %s_%s has no way back: %s, says plan %.12s that applied it: write"
                     " a new migration that undoes it",
                     applied->version, applied->name,
                     step->no_way_back != NULL ? step->no_way_back : "there is no down script",
                     plan);
}

static struct plan_part copy_part(const struct planning *planning, const struct plan_part *part)
{
    return (struct plan_part){
        .file = arena_strdup(plan_builder_arena(planning->builder), part->file),
        .script = plan_builder_script(planning->builder, part->script->sql, part->script->length),
    };
}

static void take_back(const struct planning *planning, const struct target_group *group,
                      const struct applied *applied, struct step_list *steps)
{
    struct arena *texts = plan_builder_arena(planning->builder);
    const struct plan_step *step =
        applied->baseline ? NULL : planning_find_step(planning, group, applied);
    struct ways ways = {0};

    if (step != NULL)
        ways = ways_of(step);
    if (step == NULL || ways.down->script == NULL || ways.up->script == NULL) {
        complain(planning, group, applied, step);
        return;
    }
    step_list_add(steps, &(struct plan_step){
                             .version = arena_strdup(texts, applied->version),
                             .name = arena_strdup(texts, applied->name),
                             .direction = DIRECTION_DOWN,
                             .run = copy_part(planning, ways.down),
                             .undo = copy_part(planning, ways.up),
                             .source_sha256 = applied->source_sha256,
                         });
}

void steps_down(const struct planning *planning, const struct target_group *group,
                struct step_list *steps)
{
    const struct plan_request *request = planning->request;
    size_t count = count_versioned(group);
    size_t kept = request->goal == GOAL_DOWN_STEPS ? kept_by_steps(count, request->steps)
                                                   : kept_by_version(group, count, group->to);

    for (size_t i = count; i > kept; i--)
        take_back(planning, group, &group->applied[i - 1], steps);
}

bool steps_finish_way_back(const struct planning *planning, const struct target_group *group,
                           struct step_list *steps)
{
    size_t count = count_versioned(group);

    if (!group->going_back || count == 0)
        return false;
    const struct applied *newest = &group->applied[count - 1];
    const struct plan_step *step = planning_find_step(planning, group, newest);
    if (step == NULL || ways_of(step).down->script == NULL || ways_of(step).up->script == NULL)
        return false;
    take_back(planning, group, newest, steps);
    return true;
}
