#include "plans/steps_up.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "plans/version.h"

/* What is applied of each migration of the folder. */
struct applied_index {
    const struct applied **versioned;   /* by index; NULL where it is not applied */
    const struct applied **repeatables; /* likewise */
    const char *newest;                 /* the greatest version that is applied; NULL if none is */
};

static void applied_index_free(struct applied_index *index)
{
    free(index->versioned);
    free(index->repeatables);
}

static int name_order(const void *key, const void *element)
{
    const struct migration *migration = element;

    return strcmp(key, migration->name);
}

static void note_repeatable(const struct migrations *migrations, const struct applied *applied,
                            struct applied_index *index)
{
    const struct migration *found =
        migrations->repeatable_count == 0
            ? NULL
            : bsearch(applied->name, migrations->repeatables, migrations->repeatable_count,
                      sizeof *migrations->repeatables, name_order);

    if (found != NULL)
        index->repeatables[found - migrations->repeatables] = applied;
}

static void complain_missing(const struct planning *planning, const struct target_group *group,
                             const struct applied *applied)
{
    problems_add(planning->problems, &group->concern, ERROR_CONFLICT, NULL,
                 "migration %s_%s is applied, but %s has no such up script for %s: restore the file"
                 " from version control, or take the migration back with fleet rollback",
                 applied->version, applied->name, planning->request->migrations->directory,
                 engine_kind_name(group->engine));
}

static void complain_edited(const struct planning *planning, const struct target_group *group,
                            const struct applied *applied, const struct migration_script *file)
{
    char then[DIGEST_HEX_SIZE];
    char now[DIGEST_HEX_SIZE];

    digest_to_hex(&applied->source_sha256, then);
    digest_to_hex(&file->sha256, now);
    problems_add(planning->problems, &group->concern, ERROR_CONFLICT, file->file,
                 "migration %s_%s was edited after it was applied (SHA-256 %.12s then, %.12s now):"
                 " restore its bytes and put the change into a new migration, or take it back with"
                 " fleet rollback and apply it again",
                 applied->version, applied->name, then, now);
}

static void note_versioned(const struct planning *planning, const struct target_group *group,
                           const struct applied *applied, struct applied_index *index)
{
    const struct migrations *migrations = planning->request->migrations;
    size_t at;

    if (index->newest == NULL || version_compare(applied->version, index->newest) > 0)
        index->newest = applied->version;
    if (!planning_find_version(migrations, applied->version, &at) ||
        migrations->items[at].up[group->engine] == NULL) {
        complain_missing(planning, group, applied);
        return;
    }
    const struct migration_script *file = migrations->items[at].up[group->engine];
    if (!digest_equal(&file->sha256, &applied->source_sha256))
        complain_edited(planning, group, applied, file);
    index->versioned[at] = applied;
}

static void applied_index_fill(const struct planning *planning, const struct target_group *group,
                               struct applied_index *index)
{
    const struct migrations *migrations = planning->request->migrations;

    index->versioned = xcalloc(migrations->count, sizeof(struct applied *));
    index->repeatables = xcalloc(migrations->repeatable_count, sizeof(struct applied *));
    for (size_t i = 0; i < group->applied_count; i++) {
        const struct applied *applied = &group->applied[i];

        if (applied->version[0] == '\0')
            note_repeatable(migrations, applied, index);
        else
            note_versioned(planning, group, applied, index);
    }
}

static bool may_come_late(const struct plan_request *request, const char *version)
{
    for (size_t i = 0; i < request->out_of_order_count; i++)
        if (version_compare(request->out_of_order[i], version) == 0)
            return true;
    return false;
}

static void check_order(const struct planning *planning, const struct target_group *group,
                        const struct migration *migration, const char *newest)
{
    if (newest == NULL || version_compare(migration->version, newest) > 0 ||
        may_come_late(planning->request, migration->version))
        return;
    const char *file = migration->up[group->engine]->file;
    problems_add(planning->problems, &group->concern, ERROR_CONFLICT, file,
                 "migration %s_%s is pending below %s, the newest that is applied: let it come late"
                 " with --allow-out-of-order %s, or give it a new version with"
                 " fleet new --renumber %s",
                 migration->version, migration->name, newest, migration->version, file);
}

/* What is derived has no down script of its own. */
static const char change_suffix[] = ".change.sql";

static void complain_no_way_back(const struct planning *planning, const struct target_group *group,
                                 const struct plan_step *step)
{
    bool is_repeat = step->direction == DIRECTION_REPEAT;
    bool must_go_back = planning->request->header.policy.confirm_within_ms > 0;
    const char *file = step->run.file;
    size_t length = strlen(file);
    bool is_change = length > strlen(change_suffix) &&
                     strcmp(file + length - strlen(change_suffix), change_suffix) == 0;

    problems_add(planning->problems, &group->concern, ERROR_CONFLICT, file,
                 "%s %s%s%s has no way back: %s: %s%s [env:%s]",
                 is_repeat ? "repeatable" : "migration", step->version, is_repeat ? "" : "_",
                 step->name, step->no_way_back,
                 is_change ? ""
                           : "write a down script (with \"-- fleet: nothing-to-undo\" in it if "
                             "there is nothing to undo), or ",
                 must_go_back ? "take confirm_within out of" : "set irreversible = allow in",
                 planning->request->header.environment);
}

static void add_step(const struct planning *planning, const struct target_group *group,
                     const struct plan_step *step, struct step_list *steps)
{
    const struct plan_policy *policy = &planning->request->header.policy;
    bool must_go_back = !policy->irreversible_allowed || policy->confirm_within_ms > 0;

    if (step->no_way_back != NULL && must_go_back)
        complain_no_way_back(planning, group, step);
    else
        step_list_add(steps, step);
}

/* False, with its problems added, if the scripts cannot be used. */
static bool is_sound(const struct planning *planning, const struct target_group *group,
                     const struct migration_facts *facts)
{
    for (size_t i = 0; facts->faults != NULL && i < diagnostics_count(facts->faults); i++)
        problems_add_error(planning->problems, &group->concern, diagnostics_at(facts->faults, i));
    return facts->faults == NULL;
}

static bool is_beyond(const struct target_group *group, const char *version)
{
    return group->to != NULL && version_compare(version, group->to) > 0;
}

/* Adds pending versions up to the goal; true if none is left beyond it. */
static bool add_versioned(const struct planning *planning, const struct target_group *group,
                          const struct applied_index *index, struct step_list *steps)
{
    const struct migrations *migrations = planning->request->migrations;

    for (size_t i = 0; i < migrations->count; i++) {
        const struct migration *migration = &migrations->items[i];

        if (migration->up[group->engine] == NULL || index->versioned[i] != NULL)
            continue;
        const struct migration_facts *facts =
            fact_finder_versioned(planning->facts, i, group->engine);
        if (!facts->runs_here)
            continue;
        if (is_beyond(group, migration->version))
            return false;
        check_order(planning, group, migration, index->newest);
        if (is_sound(planning, group, facts))
            add_step(planning, group, &facts->step, steps);
    }
    return true;
}

/* What replaces earlier bytes is taken back by running those again; its down script would drop what
   stood there before. */
static struct plan_step replacing_step(const struct planning *planning,
                                       const struct target_group *group,
                                       const struct applied *applied,
                                       const struct plan_step *first_time)
{
    const struct plan_step *earlier = planning_find_step(planning, group, applied);
    struct plan_step step = *first_time;

    step.undo = (struct plan_part){0};
    step.no_way_back = "it replaces an earlier text that is not known here";
    if (earlier != NULL && earlier->run.script != NULL) {
        const struct plan_script *script = earlier->run.script;
        struct arena *texts = plan_builder_arena(planning->builder);

        step.undo.file = arena_strdup(texts, earlier->run.file);
        step.undo.script = plan_builder_script(planning->builder, script->sql, script->length);
        step.no_way_back = NULL;
    }
    return step;
}

static void add_repeatable(const struct planning *planning, const struct target_group *group,
                           size_t number, const struct applied *applied, struct step_list *steps)
{
    const struct migration_script *file =
        planning->request->migrations->repeatables[number].up[group->engine];

    if (file == NULL || (applied != NULL && digest_equal(&applied->source_sha256, &file->sha256)))
        return;
    const struct migration_facts *facts =
        fact_finder_repeatable(planning->facts, number, group->engine);
    if (!facts->runs_here || !is_sound(planning, group, facts))
        return;
    struct plan_step step = facts->step;
    if (applied != NULL)
        step = replacing_step(planning, group, applied, &facts->step);
    add_step(planning, group, &step, steps);
}

void steps_up(const struct planning *planning, const struct target_group *group,
              struct step_list *steps)
{
    struct applied_index index = {0};

    applied_index_fill(planning, group, &index);
    if (add_versioned(planning, group, &index, steps))
        for (size_t i = 0; i < planning->request->migrations->repeatable_count; i++)
            add_repeatable(planning, group, i, index.repeatables[i], steps);
    applied_index_free(&index);
}

static void mark_version(const struct planning *planning, const struct target_group *group,
                         const struct migration_facts *facts, struct step_list *steps)
{
    struct plan_step step = facts->step;

    if (!facts->runs_here || !is_sound(planning, group, facts))
        return;
    step.direction = DIRECTION_BASELINE;
    step.run = (struct plan_part){0};
    step.undo = (struct plan_part){0};
    step.no_way_back = NULL;
    step_list_add(steps, &step);
}

void steps_baseline(const struct planning *planning, const struct target_group *group,
                    struct step_list *steps)
{
    const struct migrations *migrations = planning->request->migrations;

    if (group->applied_count > 0) {
        problems_add(planning->problems, &group->concern, ERROR_CONFLICT, NULL,
                     "there is a history already, with %zu applied: a baseline is for a database"
                     " that has none; bring this one further with fleet apply",
                     group->applied_count);
        return;
    }
    for (size_t i = 0; i < migrations->count; i++)
        if (migrations->items[i].up[group->engine] != NULL &&
            !is_beyond(group, migrations->items[i].version))
            mark_version(planning, group, fact_finder_versioned(planning->facts, i, group->engine),
                         steps);
}
