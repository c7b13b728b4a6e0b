/* fleet baseline - marks migrations as applied on a target that was built another way. */

#include "orchestrator/applying.h"
#include "orchestrator/commands/all.h"
#include "plans/applied.h"
#include "plans/version.h"

/* The newest applied version is the one, so its recorded fingerprint is that of the version. */
static bool is_at(const struct surveyed *item, const char *version)
{
    const struct applied *newest = item->reached ? applied_newest(item->applied) : NULL;

    return newest != NULL && version_compare(newest->version, version) == 0;
}

static const struct surveyed *find_sibling(const struct survey *all, const struct surveyed *item,
                                           const char *version)
{
    for (size_t i = 0; i < all->count; i++) {
        const struct surveyed *other = &all->items[i];

        if (other->target != item->target && other->target->engine == item->target->engine &&
            is_at(other, version) && !digest_is_none(&other->status.recorded_fingerprint))
            return other;
    }
    return NULL;
}

static bool check_target(const struct survey *all, const struct surveyed *item, const char *version,
                         struct error *err)
{
    const struct surveyed *sibling = find_sibling(all, item, version);

    if (sibling == NULL)
        return error_set(err, ERROR_CONFLICT,
                         "target %s: no other %s target is at version %s to compare its schema "
                         "with; --accept REASON takes your word for it",
                         item->target->name, engine_kind_name(item->target->engine), version);
    if (!digest_equal(&sibling->status.recorded_fingerprint, &item->status.fingerprint))
        return error_set(err, ERROR_CONFLICT,
                         "target %s: its schema is not that of %s at version %s; --accept REASON "
                         "takes your word for it",
                         item->target->name, sibling->target->name, version);
    return true;
}

static bool check_fingerprints(const struct survey *all, const struct survey *chosen,
                               const char *version, struct error *err)
{
    for (size_t i = 0; i < chosen->count; i++)
        if (chosen->items[i].reached && !check_target(all, &chosen->items[i], version, err))
            return false;
    return true;
}

static int run_baseline(const struct invocation *invocation, struct error *err)
{
    const struct arguments *arguments = invocation->arguments;
    const char *reason = arguments_value(arguments, "accept");
    const struct draft_goal goal = {
        .goal = GOAL_BASELINE,
        .to = arguments_value(arguments, "at"),
        .operands = OPERANDS_ARE_TARGETS,
        .question.fingerprint = true,
    };
    __attribute__((cleanup(draft_free))) struct draft draft = {0};
    int status;

    if (goal.to == NULL) {
        error_set(err, ERROR_USAGE, "--at VERSION is missing: which version does the target have?");
        return STATUS_USAGE;
    }
    AUTO(workspace) struct workspace *workspace = workspace_open(invocation, &status, err);
    if (workspace == NULL)
        return status;
    AUTO(survey) struct survey *all = workspace_survey_all(workspace, err);
    if (all == NULL)
        return STATUS_FAILED;
    if (!draft_make(workspace, invocation, &goal, &draft, &status, err))
        return status;
    draft_report_unreached(&draft, invocation->terminal);
    if (reason == NULL && draft.plan->target_count > 0 &&
        !check_fingerprints(all, draft.survey, goal.to, err))
        return STATUS_FAILED;
    const struct applying applying = {
        .plan = draft.plan,
        .environment = draft.environment,
        .survey = draft.survey,
        .verb = "Mark as applied",
        .reason = reason,
    };
    return applying_run(workspace, invocation, &applying, err);
}

static const struct option_spec options[] = {
    {"at", 0, "VERSION", false, "the version that the target has"},
    {"accept", 0, "REASON", false, "without comparing the schema; the reason is recorded"},
    {"yes", 'y', NULL, false, "do not ask"},
};

const struct command command_baseline = {
    .name = "baseline",
    .operands = "TARGET… --at VERSION",
    .summary = "Mark migrations as applied on a target that was built another way",
    .details = "The target's schema must equal that of another target at this version.",
    .takes = TAKES_SELECTOR | TAKES_OUTPUT,
    .options = options,
    .option_count = COUNT_OF(options),
    .run = run_baseline,
};
