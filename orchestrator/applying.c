#include "orchestrator/applying.h"

#include <inttypes.h>
#include <stdio.h>

#include "orchestrator/acceptance.h"
#include "orchestrator/conduct.h"
#include "orchestrator/detaching.h"
#include "orchestrator/plan_view.h"
#include "plans/plan_policy.h"

/* A safety setting that this release does not act on must not look as if it did. */
static bool check_policy(const struct environment *environment, struct error *err)
{
    const struct policy *policy = &environment->policy;

    if (policy->unbuilt_count == 0)
        return true;
    const struct unbuilt_policy *first = &policy->unbuilt[0];
    error_set(err, ERROR_UNSUPPORTED,
              "environment %s sets '%s', which this release does not act on yet: nothing is "
              "applied; take it out if you can do without it",
              environment->name, first->key);
    error_at_file(err, first->file, first->line);
    return false;
}

static bool check_budget(const struct applying *applying, struct error *err)
{
    const struct survey *survey = applying->survey;
    int64_t allowed =
        amount_of(&applying->environment->policy.max_failures.amount, (int64_t)survey->count);

    if ((int64_t)survey->unreached <= allowed)
        return true;
    return error_set(err, ERROR_BUDGET,
                     "%zu of %zu targets are out of reach, max_failures allows %" PRId64
                     ": nothing was started",
                     survey->unreached, survey->count, allowed);
}

/* Agents see to it as well; here nobody need be asked first. */
static bool check_window(const struct invocation *invocation, const struct applying *applying,
                         struct error *err)
{
    return plan_policy_may_begin(&applying->plan->header.policy, invocation->clock, err) ||
           error_wrap(err, "nothing was started");
}

static bool confirm(const struct invocation *invocation, const struct applying *applying,
                    struct error *err)
{
    char question[160];

    snprintf(question, sizeof question, "%s on %zu %s of %s?", applying->verb,
             applying->plan->target_count, applying->plan->target_count == 1 ? "target" : "targets",
             applying->environment->name);
    return command_ask(invocation, question, err);
}

/* The ledger has it before anything is marked. */
static bool record_reason(struct workspace *workspace, const struct invocation *invocation,
                          const struct applying *applying, struct error *err)
{
    return applying->reason == NULL ||
           acceptance_record(workspace, invocation, applying->plan, applying->reason, err);
}

/* In the store as long as the rollout is; in the arena. */
static bool agree_on_terms(struct workspace *workspace, const struct applying *applying,
                           struct arena *arena, struct rollout_terms *terms, struct error *err)
{
    if (!rollout_terms_of(&applying->environment->policy, applying->plan,
                          workspace_inventory(workspace), applying->survey->count, arena, terms,
                          err))
        return false;
    terms->failed_before = applying->survey->unreached;
    if (!applying->may_take_back && terms->on_failure != FAILURE_HALT)
        terms->on_failure = FAILURE_ROLLBACK_TARGET;
    if (!applying->may_take_back)
        terms->health = (struct health_checks){0};
    return true;
}

static int run(struct workspace *workspace, const struct invocation *invocation,
               const struct applying *applying, enum report_form form, struct error *err)
{
    __attribute__((cleanup(rollout_state_free))) struct rollout_state state = {0};
    AUTO(arena) struct arena *arena = arena_new();
    struct rollout_terms terms;
    const struct conduct conduct = {
        .subject = {.plan = applying->plan, .survey = applying->survey},
        .terms = &terms,
        .form = form,
    };

    if (!agree_on_terms(workspace, applying, arena, &terms, err) ||
        !rollout_prepare(applying->plan, workspace_inventory(workspace), &terms, &state, err))
        return STATUS_FAILED;
    return conduct_run(workspace, invocation, &conduct, &state, err);
}

int applying_run(struct workspace *workspace, const struct invocation *invocation,
                 const struct applying *applying, struct error *err)
{
    const struct terminal *terminal = invocation->terminal;
    const struct rollout_subject subject = {.plan = applying->plan, .survey = applying->survey};
    const struct plan_view view = {
        .up_to_date = applying->survey->count - applying->survey->unreached -
                      applying->plan->target_count - rollout_report_stopped(&subject),
        .idle = applying->idle,
    };
    enum report_form form;

    if (!report_form_from_name(arguments_value(invocation->arguments, "output"), &form, err))
        return STATUS_USAGE;
    if (!check_policy(applying->environment, err))
        return STATUS_FAILED;
    if (form == REPORT_TABLE)
        plan_view_print(applying->plan, &view, terminal);
    if (form == REPORT_TABLE)
        rollout_report_print_stopped(&subject, terminal);
    if (!check_budget(applying, err))
        return STATUS_FAILED;
    if (applying->plan->target_count == 0) {
        const struct rollout_state nothing = {.failed_before = applying->survey->unreached};

        if (form != REPORT_TABLE)
            rollout_report_print_data(&subject, &nothing, form, terminal);
        return rollout_report_status(&subject, &nothing, false);
    }
    if (!check_window(invocation, applying, err) || !confirm(invocation, applying, err) ||
        !record_reason(workspace, invocation, applying, err))
        return STATUS_FAILED;
    if (applying->detach)
        return detach_plan(workspace, invocation, applying->plan, err);
    return run(workspace, invocation, applying, form, err);
}
