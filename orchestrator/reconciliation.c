#include "orchestrator/reconciliation.h"

#include <stdlib.h>
#include <string.h>

#include "common/list.h"
#include "common/memory.h"
#include "common/name_index.h"
#include "orchestrator/histories.h"

/* A job whose target was reached. */
struct candidate {
    const struct unsettled_job *job;
    const struct surveyed *item;
};

struct reconciling {
    struct store *store;
    struct arena *arena;
    struct candidate *candidates;
    size_t count;
    struct plan *plan; /* of the job at hand; jobs of one rollout follow each other */
    struct kept_outcome *outcomes;
    size_t outcome_count;
};

enum job_state reconciliation_judge(const struct plan_recipe *recipe, const char *rollout,
                                    const struct history_row *rows, size_t count, bool fenced)
{
    size_t forward = 0, back = 0;

    for (size_t i = 0; i < count; i++) {
        if (strcmp(rows[i].rollout, rollout) != 0)
            continue;
        for (size_t j = 0; j < recipe->step_count; j++) {
            const struct plan_step *step = &recipe->steps[j];

            if (strcmp(rows[i].version, step->version) == 0 &&
                strcmp(rows[i].name, step->name) == 0)
                *(rows[i].direction == step->direction ? &forward : &back) += 1;
        }
    }
    if (back == 0 && forward == recipe->step_count)
        return JOB_APPLIED;
    if (forward == 0 && back == recipe->step_count)
        return JOB_ROLLED_BACK; /* a rollout that takes another one back */
    if (!fenced)
        return JOB_UNKNOWN;
    if (forward == 0 && back == 0)
        return JOB_FAILED_CLEAN;
    return back == forward ? JOB_ROLLED_BACK : JOB_HALTED;
}

static void find_candidates(struct reconciling *reconciling, const struct survey *survey,
                            const struct unsettled_job *jobs, size_t count)
{
    AUTO(name_index) struct name_index *reached = name_index_new(survey->count);

    for (size_t i = 0; i < survey->count; i++)
        if (survey->items[i].reached)
            (void)name_index_add(reached, survey->items[i].target->name, &survey->items[i]);
    for (size_t i = 0; i < count; i++) {
        const struct surveyed *item = name_index_find(reached, jobs[i].target);

        if (item == NULL)
            continue;
        reconciling->candidates = list_room(reconciling->arena, reconciling->candidates,
                                            reconciling->count, sizeof *reconciling->candidates);
        reconciling->candidates[reconciling->count++] = (struct candidate){&jobs[i], item};
    }
}

static struct histories *read_histories(struct reconciling *reconciling,
                                        struct dispatcher *dispatcher,
                                        const struct inventory *inventory, struct error *err)
{
    AUTO(name_index) struct name_index *seen = name_index_new(reconciling->count);
    struct selection selection = {
        .targets = arena_calloc(reconciling->arena, reconciling->count, sizeof(struct target *))};

    for (size_t i = 0; i < reconciling->count; i++) {
        const struct target *target = reconciling->candidates[i].item->target;

        if (name_index_add(seen, target->name, target) == NULL)
            selection.targets[selection.count++] = target;
    }
    return histories_take(dispatcher, inventory, &selection, err);
}

static void add_outcome(struct reconciling *reconciling, const struct unsettled_job *job,
                        const struct outcome *outcome)
{
    reconciling->outcomes = list_room(reconciling->arena, reconciling->outcomes,
                                      reconciling->outcome_count, sizeof *reconciling->outcomes);
    reconciling->outcomes[reconciling->outcome_count++] =
        (struct kept_outcome){.rollout = job->rollout, .outcome = *outcome};
}

static void add_row(struct reconciling *reconciling, const struct unsettled_job *job,
                    const struct history_row *row)
{
    const struct outcome outcome = {
        .target = job->target,
        .is_step = true,
        .subject = arena_printf(reconciling->arena, "%s %s_%s", direction_name(row->direction),
                                row->version, row->name),
        .result = step_state_name(STEP_DONE),
        .message = "",
    };

    add_outcome(reconciling, job, &outcome);
}

/* False without err when the store has no such plan. */
static bool find_plan(struct reconciling *reconciling, const struct unsettled_job *job,
                      struct error *err)
{
    AUTO_BUFFER struct buffer document = {0};
    bool found;

    if (reconciling->plan != NULL && digest_equal(&reconciling->plan->digest, &job->plan))
        return true;
    plan_free(reconciling->plan);
    reconciling->plan = NULL;
    if (!store_read_plan(reconciling->store, &job->plan, &document, &found, err) || !found)
        return false;
    reconciling->plan = plan_read(document.bytes, document.length, err);
    return reconciling->plan != NULL;
}

static bool reconcile(struct reconciling *reconciling, const struct candidate *candidate,
                      const struct target_history *history, struct error *err)
{
    const struct unsettled_job *job = candidate->job;

    for (size_t i = 0; i < history->count; i++)
        if (strcmp(history->rows[i].rollout, job->rollout) == 0)
            add_row(reconciling, job, &history->rows[i]);
    if (!find_plan(reconciling, job, err))
        return err->code == ERROR_NONE;
    const struct plan_target *target = plan_find_target(reconciling->plan, job->target);
    if (target == NULL)
        return true;
    enum job_state state =
        reconciliation_judge(target->recipe, job->rollout, history->rows, history->count,
                             candidate->item->status.epoch > job->epoch);
    const struct outcome end = {
        .target = job->target, .subject = "", .result = job_state_name(state), .message = ""};
    if (state != JOB_UNKNOWN)
        add_outcome(reconciling, job, &end);
    return true;
}

static bool reconcile_all(struct reconciling *reconciling, const struct histories *histories,
                          struct error *err)
{
    AUTO(name_index) struct name_index *index = name_index_new(histories->count);

    for (size_t i = 0; i < histories->count; i++)
        (void)name_index_add(index, histories->items[i].target->name, &histories->items[i]);
    for (size_t i = 0; i < reconciling->count; i++) {
        const struct candidate *candidate = &reconciling->candidates[i];
        const struct target_history *history =
            name_index_find(index, candidate->item->target->name);

        if (history->reached && history->error.code == ERROR_NONE &&
            !reconcile(reconciling, candidate, history, err))
            return false;
    }
    return store_collect(reconciling->store, reconciling->outcomes, reconciling->outcome_count,
                         err);
}

bool reconciliation_run(struct store *store, struct dispatcher *dispatcher,
                        const struct inventory *inventory, const struct survey *survey,
                        struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct reconciling reconciling = {.store = store, .arena = arena};
    const struct unsettled_job *jobs;
    size_t count;

    if (!store_read_unsettled(store, arena, &jobs, &count, err))
        return false;
    find_candidates(&reconciling, survey, jobs, count);
    if (reconciling.count == 0)
        return true;
    AUTO(histories)
    struct histories *histories = read_histories(&reconciling, dispatcher, inventory, err);
    bool ok = histories != NULL && reconcile_all(&reconciling, histories, err);
    plan_free(reconciling.plan);
    return ok;
}
