/* fleet apply - brings targets to the newest version, or runs a saved plan. */
#include <assert.h>
#include <string.h>

#include "common/buffer.h"
#include "common/file.h"
#include "orchestrator/applying.h"
#include "orchestrator/commands/all.h"
#include "orchestrator/promoting.h"
#include "plans/staleness.h"

enum { PLAN_FILE_MAX = 512 * 1024 * 1024 };

/* A word that is no environment's name and looks like a file is one. */
static const char *plan_file(struct workspace *workspace, const struct arguments *arguments)
{
    const char *word = arguments_operand(arguments, 0);

    if (word == NULL || inventory_environment(workspace_inventory(workspace), word) != NULL)
        return NULL;
    return strpbrk(word, "./") != NULL ? word : NULL;
}

static struct plan *read_plan(const char *path, struct error *err)
{
    AUTO_BUFFER struct buffer document = {0};

    if (!file_read(path, PLAN_FILE_MAX, &document, err))
        return NULL;
    struct plan *plan = plan_read(document.bytes, document.length, err);
    if (plan == NULL)
        error_at_file(err, path, 0);
    return plan;
}

static bool check_plan(const struct plan *plan, const struct inventory *inventory,
                       const struct clock *clock, struct error *err)
{
    char expiry[TIMESTAMP_SIZE];

    if (strcmp(plan->header.fleet, inventory->fleet) != 0)
        return error_set(err, ERROR_VERIFY, "the plan is for the fleet %s, this is %s",
                         plan->header.fleet, inventory->fleet);
    if (clock->wall_ms(clock) > plan->header.expires_ms) {
        timestamp_format(plan->header.expires_ms, expiry);
        return error_set(err, ERROR_VERIFY, "the plan expired at %s: make a new one", expiry);
    }
    return true;
}

/* Names the targets that are no longer what the plan was made for. */
static bool check_fits(const struct plan *plan, struct survey *survey, struct error *err)
{
    AUTO_STALE_TARGETS struct stale_targets stale = {0};
    AUTO_BUFFER struct buffer names = {0};
    size_t count, moved = 0;
    const struct target_state *states = survey_states(survey, &count);

    stale_targets_find(plan, states, count, &stale);
    for (size_t i = 0; i < stale.count; i++)
        if (stale.items[i].reason != STALE_GONE)
            buffer_printf(&names, "%s%s %s", moved++ > 0 ? ", " : "", stale.items[i].target->name,
                          stale_reason_text(stale.items[i].reason));
    if (moved == 0)
        return true;
    return error_set(err, ERROR_STALE, "the plan is stale: %s; plan again", buffer_text(&names));
}

static int apply_file(struct workspace *workspace, const struct invocation *invocation,
                      const char *path, struct error *err)
{
    const struct inventory *inventory = workspace_inventory(workspace);
    AUTO_SELECTION struct selection selection = {0};
    AUTO(plan) struct plan *plan = read_plan(path, err);

    if (plan == NULL || !check_plan(plan, inventory, invocation->clock, err) ||
        !workspace_select_planned(workspace, plan, &selection, err))
        return STATUS_FAILED;
    assert(selection.count > 0);
    const struct environment *environment = selection.targets[0]->environment;
    if (!promoting_open(workspace, environment, &selection, err))
        return STATUS_FAILED;
    AUTO(survey) struct survey *survey = workspace_survey(workspace, &selection, NULL, err);
    int status;
    if (survey == NULL || !check_fits(plan, survey, err))
        return STATUS_FAILED;
    if (!promoting_check(workspace, invocation, environment, plan, &status, err))
        return status;
    const struct applying applying = {
        .plan = plan,
        .environment = environment,
        .survey = survey,
        .verb = "Apply",
        .may_take_back = true,
        .detach = arguments_has(invocation->arguments, "detach"),
    };
    return applying_run(workspace, invocation, &applying, err);
}

static bool is_any_going_back(const struct survey *survey)
{
    for (size_t i = 0; i < survey->count; i++)
        if (survey_is_going_back(&survey->items[i]))
            return true;
    return false;
}

/* again tells that some targets only came to the end of a way back, and may go up now. */
static int apply_once(struct workspace *workspace, const struct invocation *invocation, bool *again,
                      struct error *err)
{
    const struct draft_goal goal = {.goal = GOAL_UP,
                                    .to = arguments_value(invocation->arguments, "to")};
    __attribute__((cleanup(draft_free))) struct draft draft = {0};
    int status;

    *again = false;
    if (!draft_make(workspace, invocation, &goal, &draft, &status, err))
        return status;
    draft_report_unreached(&draft, invocation->terminal);
    const struct applying applying = {
        .plan = draft.plan,
        .environment = draft.environment,
        .survey = draft.survey,
        .verb = "Apply",
        .may_take_back = true,
        .detach = arguments_has(invocation->arguments, "detach"),
    };
    status = applying_run(workspace, invocation, &applying, err);
    *again = status == STATUS_DONE && is_any_going_back(draft.survey);
    return status;
}

/* In two rounds where a way back has to be finished first; data on standard output is of one. */
static int apply_selection(struct workspace *workspace, const struct invocation *invocation,
                           struct error *err)
{
    const char *form = arguments_value(invocation->arguments, "output");
    bool again;
    int status = apply_once(workspace, invocation, &again, err);

    if (again && form != NULL && strcmp(form, "table") != 0) {
        error_set(err, ERROR_STALE,
                  "some targets only finished a way back that was cut off; the same command again "
                  "goes on");
        return STATUS_FAILED;
    }
    while (again)
        status = apply_once(workspace, invocation, &again, err);
    return status;
}

static int run_apply(const struct invocation *invocation, struct error *err)
{
    int status;

    AUTO(workspace) struct workspace *workspace = workspace_open(invocation, &status, err);
    if (workspace == NULL)
        return status;
    const char *file = plan_file(workspace, invocation->arguments);
    if (file == NULL)
        return apply_selection(workspace, invocation, err);
    if (!arguments_expect(invocation->arguments, 1, 1, "FILE", err))
        return STATUS_USAGE;
    return apply_file(workspace, invocation, file, err);
}

static const struct option_spec options[] = {
    {"yes", 'y', NULL, false, "do not ask"},
    {"workers", 0, NULL, false, "fleet worker calls the agents"},
    {"to", 0, "VERSION", false, "up to this version; else to the newest"},
    {"detach", 0, NULL, false,
     "run on in a process of its own; this one returns once it has begun"},
    {"allow-out-of-order", 0, "VERSION", true, "let this migration come after newer ones"},
    {"allow-drift", 0, NULL, false, "also where somebody changed the schema by hand"},
};

const struct command command_apply = {
    .name = "apply",
    .operands = "[ENV | FILE]",
    .summary = "Bring targets to the newest version, or run a saved plan",
    .details =
        "Plans, shows the plan, asks and applies. A FILE is a plan that fleet plan -o wrote;\n"
        "it is refused when a target moved since. A target whose step fails is taken back\n"
        "to where it was; waves, max_failures and on_failure decide about the others.",
    .takes = TAKES_SELECTOR | TAKES_OUTPUT | TAKES_OUT_OF_ORDER | TAKES_WORKERS,
    .options = options,
    .option_count = COUNT_OF(options),
    .run = run_apply,
};
