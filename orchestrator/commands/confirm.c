/* fleet confirm - has what waits for its confirmation stay. */
#include <string.h>

#include "common/buffer.h"
#include "orchestrator/commands/all.h"
#include "orchestrator/target_questions.h"
#include "orchestrator/workspace.h"

/* The plan that the newest rollout of an environment is of. */
static struct plan *read_plan(struct store *store, const char *environment,
                              const struct course *course, struct error *err)
{
    AUTO_BUFFER struct buffer document = {0};
    bool found = false;

    if (course->count == 0) {
        error_set(err, ERROR_STALE, "%s has no rollout", environment);
        return NULL;
    }
    if (!store_read_plan(store, &course->plan, &document, &found, err))
        return NULL;
    return found ? plan_read(document.bytes, document.length, err) : NULL;
}

/* The targets to which the course applied its plan and from which it did not take it back. */
static bool find_applied(struct store *store, const struct course *course, const struct plan *plan,
                         struct arena *arena, struct target_question *question, struct error *err)
{
    bool *stands = arena_calloc(arena, plan->target_count, sizeof *stands);
    size_t *members = arena_calloc(arena, plan->target_count, sizeof *members);
    const struct course_job *jobs;
    size_t count;

    if (!store_read_course_jobs(store, course->rollouts[0].id, arena, &jobs, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct plan_target *target = plan_find_target(plan, jobs[i].target);

        if (target != NULL)
            stands[target - plan->targets] =
                !jobs[i].back && strcmp(jobs[i].state, job_state_name(JOB_APPLIED)) == 0;
    }
    for (size_t i = 0; i < plan->target_count; i++)
        if (stands[i])
            members[question->count++] = i;
    question->members = members;
    return true;
}

/* What the command that died did not hear the agents tell now. */
static bool collect(struct workspace *workspace, const struct plan *plan, struct error *err)
{
    AUTO_SELECTION struct selection selection = {0};

    if (!workspace_select_planned(workspace, plan, &selection, err))
        return false;
    AUTO(survey) struct survey *survey = workspace_survey(workspace, &selection, NULL, err);
    return survey != NULL;
}

static int confirm(struct workspace *workspace, const struct plan *plan,
                   const struct target_question *question, const struct terminal *terminal,
                   struct error *err)
{
    if (question->count == 0) {
        error_set(err, ERROR_STALE,
                  "nothing that the newest rollout of %s applied is known to stand",
                  plan->header.environment);
        return STATUS_FAILED;
    }
    struct dispatcher *dispatcher = workspace_dispatcher(workspace, NULL, err);
    if (dispatcher == NULL ||
        !target_questions_ask(dispatcher, workspace_inventory(workspace), question, err))
        return STATUS_FAILED;
    fprintf(terminal->out, "%zu of %zu targets of %s keep what was applied\n", question->count,
            plan->target_count, plan->header.environment);
    return STATUS_DONE;
}

static int run_confirm(const struct invocation *invocation, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct target_question question = {.kind = CALL_CONFIRM};
    struct course course;
    const char *environment;
    int status;

    AUTO(workspace) struct workspace *workspace = workspace_open(invocation, &status, err);
    if (workspace == NULL)
        return status;
    if (!workspace_environment(workspace, &environment, err))
        return STATUS_USAGE;
    struct store *store = workspace_store(workspace, err);
    if (store == NULL || !store_read_course(store, environment, arena, &course, err))
        return STATUS_FAILED;
    AUTO(plan) struct plan *plan = read_plan(store, environment, &course, err);
    if (plan == NULL)
        return STATUS_FAILED;
    if (plan->header.policy.confirm_within_ms == 0) {
        error_set(err, ERROR_STALE, "nothing waits: the newest plan of %s has no confirm_within",
                  environment);
        return STATUS_FAILED;
    }
    question.plan = plan;
    if (!collect(workspace, plan, err) ||
        !find_applied(store, &course, plan, arena, &question, err))
        return STATUS_FAILED;
    return confirm(workspace, plan, &question, invocation->terminal, err);
}

const struct command command_confirm = {
    .name = "confirm",
    .operands = "[ENV]",
    .summary = "Have what waits for its confirmation stay",
    .details = "Under confirm_within a target goes back by itself unless its wave is confirmed in\n"
               "time, which fleet apply does once the wave is well. This does it for what the\n"
               "newest rollout of the environment has applied, such as after fleet apply died.",
    .takes = TAKES_INVENTORY,
    .run = run_confirm,
};
