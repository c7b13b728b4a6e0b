#include "plans/promotion.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "plans/migration_facts.h"
#include "plans/planning.h"
#include "plans/problems.h"

/* What the plan brings: on each engine that it has for it, with which bytes. */
struct brought {
    const char *version;
    const char *name;
    const struct plan_step *steps[ENGINE_KIND_COUNT];
};

struct checking {
    const struct plan *plan;
    const char *required;
    const struct migrations *migrations;
    struct fact_finder *facts; /* in the required environment */
    struct problems *problems;
    struct brought *brought; /* in the order of compare_names */
    size_t count;
};

/* By version; repeatables have none, and go by name before them. */
static int compare_names(const char *version, const char *name, const struct brought *brought)
{
    bool repeats = version[0] == '\0', other_repeats = brought->version[0] == '\0';

    if (repeats != other_repeats)
        return repeats ? -1 : 1;
    return repeats ? strcmp(name, brought->name) : version_compare(version, brought->version);
}

/* Where it stands, or where it would: the first that is not before it. */
static size_t find_place(const struct checking *checking, const char *version, const char *name)
{
    size_t low = 0, high = checking->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (compare_names(version, name, &checking->brought[middle]) > 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_brought(const struct checking *checking, const char *version, const char *name,
                       size_t *place)
{
    *place = find_place(checking, version, name);
    return *place < checking->count &&
           compare_names(version, name, &checking->brought[*place]) == 0;
}

static void note_step(struct checking *checking, enum engine_kind engine,
                      const struct plan_step *step)
{
    size_t place;

    if (!is_brought(checking, step->version, step->name, &place)) {
        checking->brought =
            xreallocarray(checking->brought, checking->count + 1, sizeof *checking->brought);
        memmove(&checking->brought[place + 1], &checking->brought[place],
                (checking->count++ - place) * sizeof *checking->brought);
        checking->brought[place] = (struct brought){.version = step->version, .name = step->name};
    }
    checking->brought[place].steps[engine] = step;
}

static void note_plan(struct checking *checking)
{
    for (size_t r = 0; r < checking->plan->recipe_count; r++) {
        const struct plan_recipe *recipe = &checking->plan->recipes[r];

        for (size_t s = 0; s < recipe->step_count; s++)
            if (recipe->steps[s].direction == DIRECTION_UP ||
                recipe->steps[s].direction == DIRECTION_REPEAT)
                note_step(checking, recipe->engine, &recipe->steps[s]);
    }
}

static bool find_repeatable(const struct migrations *migrations, const char *name, size_t *index)
{
    for (*index = 0; *index < migrations->repeatable_count; ++*index)
        if (strcmp(migrations->repeatables[*index].name, name) == 0)
            return true;
    return false;
}

/* The folder's script; NULL if it has none for the engine. */
static const struct migration_script *find_script(const struct checking *checking,
                                                  const struct brought *brought,
                                                  enum engine_kind engine,
                                                  const struct migration_facts **facts)
{
    const struct migrations *migrations = checking->migrations;
    bool repeats = brought->version[0] == '\0';
    size_t index;

    if (repeats ? !find_repeatable(migrations, brought->name, &index)
                : !planning_find_version(migrations, brought->version, &index))
        return NULL;
    const struct migration *migration =
        repeats ? &migrations->repeatables[index] : &migrations->items[index];
    if (migration->up[engine] != NULL)
        *facts = repeats ? fact_finder_repeatable(checking->facts, index, engine)
                         : fact_finder_versioned(checking->facts, index, engine);
    return migration->up[engine];
}

/* What a target of that engine must have run; NULL for nothing. The folder tells what runs in the
   required environment as far as its bytes are the plan's. */
static const struct plan_step *step_for(const struct checking *checking,
                                        const struct brought *brought, enum engine_kind engine)
{
    const struct plan_step *step = brought->steps[engine];
    const struct migration_facts *facts = NULL;
    const struct migration_script *script = find_script(checking, brought, engine, &facts);

    if (script == NULL || facts == NULL)
        return step;
    if (step == NULL)
        return facts->runs_here ? &facts->step : NULL;
    if (!facts->runs_here && digest_equal(&script->sha256, &step->source_sha256))
        return NULL;
    return step;
}

static void complain(const struct checking *checking, const struct concern *concern,
                     const struct brought *brought, const char *what)
{
    bool repeats = brought->version[0] == '\0';

    problems_add(checking->problems, concern, ERROR_CONFLICT, NULL,
                 "environment %s requires %s, and %s%s%s %s", checking->plan->header.environment,
                 checking->required, repeats ? "the repeatable " : brought->version,
                 repeats ? "" : "_", brought->name, what);
}

static void check_row(const struct checking *checking, const struct concern *concern,
                      const struct brought *brought, const struct plan_step *step,
                      const struct history_row *row)
{
    if (row == NULL || row->direction == DIRECTION_DOWN)
        complain(checking, concern, brought, "is not applied there");
    else if (row->direction == DIRECTION_BASELINE)
        complain(checking, concern, brought, "never ran there: a baseline only marks it");
    else if (!digest_equal(&row->source_sha256, &step->source_sha256))
        complain(checking, concern, brought, "ran there from other source bytes");
    else if (step->run.script != NULL &&
             !digest_equal(&row->rendered_sha256, &step->run.script->sha256))
        complain(checking, concern, brought, "ran there with other rendered bytes");
}

static void check_witness(const struct checking *checking, const struct witness *witness,
                          const struct concern *concern)
{
    const struct history_row **last = xcalloc(checking->count + 1, sizeof(struct history_row *));
    size_t place;

    for (size_t i = 0; i < witness->count; i++) {
        const struct history_row *row = &witness->rows[i];

        if (row->direction != DIRECTION_REPAIR && row->part == row->parts &&
            is_brought(checking, row->version, row->name, &place))
            last[place] = row;
    }
    for (size_t i = 0; i < checking->count; i++) {
        const struct brought *brought = &checking->brought[i];
        const struct plan_step *step = step_for(checking, brought, witness->engine);

        if (step != NULL)
            check_row(checking, concern, brought, step, last[i]);
    }
    free(last);
}

/* An engine of the plan that no witness has. */
static void check_engines(const struct checking *checking, const bool *tried)
{
    static const struct concern nobody = {0};

    for (int engine = 0; engine < ENGINE_KIND_COUNT; engine++) {
        for (size_t i = 0; !tried[engine] && i < checking->count; i++) {
            const struct brought *brought = &checking->brought[i];
            AUTO(text)
            char *what = xasprintf("was never tried on %s: no target there has that engine",
                                   engine_kind_name((enum engine_kind)engine));

            if (brought->steps[engine] != NULL &&
                step_for(checking, brought, (enum engine_kind)engine) != NULL)
                complain(checking, &nobody, brought, what);
        }
    }
}

static void check_witnesses(const struct checking *checking, const struct witness *witnesses,
                            size_t count)
{
    bool tried[ENGINE_KIND_COUNT] = {false};
    struct concern *concerns = xcalloc(count + 1, sizeof *concerns);

    for (size_t i = 0; i < count; i++) {
        const struct witness *witness = &witnesses[i];

        concerns[i] = (struct concern){1, witness->name};
        tried[witness->engine] = true;
        if (witness->error == NULL)
            check_witness(checking, witness, &concerns[i]);
        else
            problems_add(checking->problems, &concerns[i], witness->error->code, NULL,
                         "environment %s requires %s, whose history cannot be read: %s",
                         checking->plan->header.environment, checking->required,
                         witness->error->message);
    }
    check_engines(checking, tried);
    free(concerns);
}

void promotion_check(const struct plan *plan, const char *required,
                     const struct migrations *migrations, const struct witness *witnesses,
                     size_t count, struct diagnostics *faults)
{
    AUTO(plan_builder) struct plan_builder *builder = plan_builder_new();
    AUTO(fact_finder) struct fact_finder *facts = fact_finder_new(migrations, required, builder);
    AUTO(problems) struct problems *problems = problems_new();
    struct checking checking = {.plan = plan,
                                .required = required,
                                .migrations = migrations,
                                .facts = facts,
                                .problems = problems};

    note_plan(&checking);
    if (checking.count > 0)
        check_witnesses(&checking, witnesses, count);
    problems_report(problems, faults);
    free(checking.brought);
}
