#include "orchestrator/resumption.h"

#include <string.h>

#include "common/name_index.h"

/* What the store's rows say of one job, the newest last. */
struct told {
    const struct course_job *end; /* there; NULL: it has none */
    bool unheard;                 /* it may have begun */
    bool is_stuck;                /* inside a step */
    bool taken_back;
};

static void take_row(struct told *told, const struct course_job *row)
{
    enum job_state state = JOB_UNKNOWN;
    bool known = job_state_from_name(row->state, &state) && state != JOB_UNKNOWN;

    if (row->back) {
        told->taken_back = known && state == JOB_ROLLED_BACK;
        return;
    }
    told->is_stuck = known && state == JOB_NEEDS_OPERATOR;
    if (!known || told->is_stuck)
        told->unheard = true;
    else if (state != JOB_SKIPPED)
        told->end = row;
}

static void adopt_end(struct rollout_state *state, size_t index, const struct course_job *end)
{
    enum job_state ended;

    if (!job_state_from_name(end->state, &ended))
        return;
    rollout_adopt(state, index, ended);
    if (end->code != ERROR_NONE)
        error_set(&state->jobs[index].error, end->code, "%s", end->message);
}

/* A job without an end. */
static void adopt_open(struct rollout_state *state, size_t index, const struct told *told,
                       size_t waves_sent)
{
    struct rollout_job *job = &state->jobs[index];

    job->unheard = told->unheard && job->wave < waves_sent;
    if (!rollout_may_only_go_back(state))
        return;
    if (told->is_stuck)
        rollout_adopt(state, index, JOB_NEEDS_OPERATOR);
    else if (job->unheard && state->back_begun)
        rollout_adopt(state, index, JOB_APPLIED);
}

static bool has_way_back(const struct course *course)
{
    for (size_t i = 0; i < course->count; i++)
        if (course->rollouts[i].back)
            return true;
    return false;
}

/* An end that leaves nothing to watch. */
static bool is_over(const struct course *course)
{
    const char *state = course->count > 0 ? course->rollouts[course->count - 1].state : "";

    return strcmp(state, "applied") == 0 || strcmp(state, "failed") == 0;
}

bool resumption_adopt(const struct course *course, const struct course_job *jobs, size_t count,
                      struct rollout_state *state, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    AUTO(name_index) struct name_index *places = name_index_new(state->count);
    struct told *told = arena_calloc(arena, state->count, sizeof *told);

    for (size_t i = 0; i < state->count; i++)
        (void)name_index_add(places, state->jobs[i].target->name, &told[i]);
    for (size_t i = 0; i < count; i++) {
        const struct told *one = name_index_find(places, jobs[i].target);

        if (one == NULL)
            return error_set(err, ERROR_VERIFY,
                             "store: target %s of the rollout is not in its plan", jobs[i].target);
        take_row(&told[one - told], &jobs[i]);
    }
    state->back_begun = state->back_begun || has_way_back(course);
    state->was_over = is_over(course);
    for (size_t i = 0; i < count; i++) {
        const struct told *one = name_index_find(places, jobs[i].target);

        if (one->end == &jobs[i])
            adopt_end(state, (size_t)(one - told), &jobs[i]);
    }
    for (size_t i = 0; i < state->count; i++)
        if (told[i].end == NULL)
            adopt_open(state, i, &told[i], course->waves_sent);
    for (size_t i = 0; i < state->count; i++)
        if (told[i].taken_back && state->jobs[i].state == JOB_APPLIED)
            rollout_adopt_way_back(state, i);
    return true;
}
