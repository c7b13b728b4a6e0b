#include "orchestrator/drifting.h"

#include <stdlib.h>

#include "common/list.h"
#include "common/memory.h"
#include "orchestrator/schemas.h"
#include "plans/applied.h"
#include "plans/schema/keep.h"
#include "plans/schema/replay.h"

/* A schema that is asked for: that of one target stands for all with its fingerprint. */
struct wanted {
    enum engine_kind engine;
    struct digest fingerprint;
    const char *lines; /* once they came */
};

struct taking {
    struct drifting *drifting;
    const struct survey *survey;
    struct wanted *wanted;
    const struct target **targets; /* one for each of wanted */
    size_t count;
    const struct model *model; /* of the migrations; NULL if it is not known */
    size_t versions;           /* that the model is made of */
};

static void judge(struct drifting *drifting, const struct survey *survey)
{
    struct arena *arena = drifting->arena;
    struct drift_target *targets = arena_calloc(arena, survey->count, sizeof *targets);

    for (size_t i = 0; i < survey->count; i++) {
        const struct surveyed *item = &survey->items[i];

        targets[i] = (struct drift_target){.engine = item->target->engine,
                                           .reached = item->reached,
                                           .fingerprint = item->status.fingerprint,
                                           .recorded = item->status.recorded_fingerprint,
                                           .applied = item->status.applied};
    }
    const struct drift_verdict *verdicts = drift_judge(arena, targets, survey->count);
    for (size_t i = 0; i < survey->count; i++)
        drifting->items[i] =
            (struct drifted){.surveyed = &survey->items[i], .verdict = verdicts[i]};
}

static struct wanted *find_wanted(const struct taking *taking, const struct surveyed *surveyed)
{
    for (size_t i = 0; i < taking->count; i++)
        if (taking->wanted[i].engine == surveyed->target->engine &&
            digest_equal(&taking->wanted[i].fingerprint, &surveyed->status.fingerprint))
            return &taking->wanted[i];
    return NULL;
}

static void want(struct taking *taking, const struct surveyed *surveyed)
{
    struct arena *arena = taking->drifting->arena;

    if (find_wanted(taking, surveyed) != NULL)
        return;
    taking->wanted = list_room(arena, taking->wanted, taking->count, sizeof *taking->wanted);
    taking->targets =
        list_room(arena, taking->targets, taking->count, sizeof(const struct target *));
    taking->wanted[taking->count] = (struct wanted){.engine = surveyed->target->engine,
                                                    .fingerprint = surveyed->status.fingerprint};
    taking->targets[taking->count++] = surveyed->target;
}

static bool is_drifted(const struct drifted *drifted)
{
    return drifted->verdict.state == DRIFT_CHANGED || drifted->verdict.state == DRIFT_UNLIKE;
}

static bool ask(struct taking *taking, struct workspace *workspace, struct error *err)
{
    const struct selection selection = {.targets = taking->targets, .count = taking->count};

    if (taking->count == 0)
        return true;
    struct dispatcher *dispatcher = workspace_dispatcher(workspace, &selection, err);
    if (dispatcher == NULL)
        return false;
    AUTO(schemas)
    struct schemas *schemas =
        schemas_take(dispatcher, workspace_inventory(workspace), &selection, err);
    if (schemas == NULL)
        return false;
    for (size_t i = 0; i < schemas->count; i++) {
        const struct target_schema *schema = &schemas->items[i];

        if (schema->answer.error.code != ERROR_NONE) {
            *err = schema->answer.error;
            return false;
        }
        taking->wanted[i].lines =
            arena_copy(taking->drifting->arena, buffer_text(&schema->lines), schema->lines.length);
    }
    return true;
}

/* Whether all migrations were applied to it, and their model is what it should be. */
static bool has_all(const struct taking *taking, const struct surveyed *surveyed)
{
    return taking->model != NULL && applied_count_versions(surveyed->applied) == taking->versions;
}

static void compare(const struct taking *taking, struct drifted *drifted)
{
    struct arena *arena = taking->drifting->arena;
    const struct wanted *own = find_wanted(taking, drifted->surveyed);
    enum engine_kind engine = drifted->surveyed->target->engine;

    if (drifted->verdict.like != DRIFT_NO_MODEL) {
        const struct surveyed *like = &taking->survey->items[drifted->verdict.like];

        drifted->like = like->target->name;
        drifted->difference =
            difference_of_lines(arena, engine, own->lines, find_wanted(taking, like)->lines);
    } else if (has_all(taking, drifted->surveyed)) {
        drifted->like = "the migrations";
        drifted->difference = difference_to_model(arena, engine, own->lines, taking->model);
    }
}

/* Targets of one fingerprint that were compared with the same have the same difference. */
static void compare_all(const struct taking *taking)
{
    struct drifting *drifting = taking->drifting;
    const struct drifted *last = NULL;

    for (size_t i = 0; i < drifting->count; i++) {
        struct drifted *item = &drifting->items[i];

        if (!is_drifted(item))
            continue;
        bool is_same = last != NULL && last->verdict.like == item->verdict.like &&
                       last->surveyed->target->engine == item->surveyed->target->engine &&
                       digest_equal(&last->surveyed->status.fingerprint,
                                    &item->surveyed->status.fingerprint) &&
                       last->verdict.like != DRIFT_NO_MODEL;
        if (is_same) {
            item->like = last->like;
            item->difference = last->difference;
        } else {
            compare(taking, item);
        }
        last = item;
    }
}

/* NULL if a migration is in SQL of the engines. */
static const struct model *replay(struct arena *arena, const struct migrations *migrations,
                                  struct error *err)
{
    struct model *model = arena_calloc(arena, 1, sizeof *model);
    const struct migration *opaque;

    if (!replay_schema(arena, migrations->items, migrations->count, model, &opaque, err))
        return NULL;
    keep_hide(model);
    return opaque == NULL ? model : NULL;
}

struct drifting *drifting_take(struct workspace *workspace, const struct survey *survey,
                               const struct migrations *migrations, struct error *err)
{
    AUTO(drifting) struct drifting *drifting = xcalloc(1, sizeof *drifting);
    struct taking taking = {.drifting = drifting, .survey = survey, .versions = migrations->count};

    drifting->arena = arena_new();
    drifting->count = survey->count;
    drifting->items = arena_calloc(drifting->arena, survey->count, sizeof *drifting->items);
    judge(drifting, survey);
    for (size_t i = 0; i < drifting->count; i++) {
        if (!is_drifted(&drifting->items[i]))
            continue;
        want(&taking, drifting->items[i].surveyed);
        if (drifting->items[i].verdict.like != DRIFT_NO_MODEL)
            want(&taking, &survey->items[drifting->items[i].verdict.like]);
    }
    taking.model = replay(drifting->arena, migrations, err);
    if (err->code != ERROR_NONE || !ask(&taking, workspace, err))
        return NULL;
    compare_all(&taking);
    return TAKE(drifting);
}

void drifting_free(struct drifting *drifting)
{
    if (drifting == NULL)
        return;
    arena_free(drifting->arena);
    free(drifting);
}
