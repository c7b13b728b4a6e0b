#include "orchestrator/draft.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/name_index.h"
#include "orchestrator/promoting.h"

enum { NONCE_SIZE = 16 };

static const int64_t day_ms = 24 * 60 * 60 * 1000;

void draft_free(struct draft *draft)
{
    plan_free(draft->plan);
    survey_free(draft->survey);
    selection_free(&draft->selection);
    *draft = (struct draft){0};
}

/* A plan is for one environment: approvals and policy are an environment's. */
static bool find_environment(struct draft *draft, struct error *err)
{
    const struct selection *selection = &draft->selection;

    if (selection->count == 0)
        return error_set(err, ERROR_USAGE, "the selection has no target");
    draft->environment = selection->targets[0]->environment;
    for (size_t i = 1; i < selection->count; i++)
        if (selection->targets[i]->environment != draft->environment)
            return error_set(err, ERROR_USAGE,
                             "the selection spans the environments %s and %s; a plan is for one: "
                             "add --env",
                             draft->environment->name, selection->targets[i]->environment->name);
    return true;
}

struct plan_header draft_header(struct workspace *workspace, const struct invocation *invocation,
                                const struct environment *environment, int64_t expires_ms,
                                struct arena *arena)
{
    const struct inventory *inventory = workspace_inventory(workspace);
    int64_t now = invocation->clock->wall_ms(invocation->clock);
    int64_t wait_ms = expires_ms > 0 ? expires_ms : day_ms;
    char *nonce = arena_calloc(arena, 2 * NONCE_SIZE + 1, 1);

    random_hex(invocation->random, NONCE_SIZE, nonce);
    return (struct plan_header){
        .fleet = inventory->fleet,
        .environment = environment->name,
        .author = workspace_operator(workspace),
        .created_ms = now,
        .expires_ms = now + wait_ms,
        .finish_by_ms = now + wait_ms + day_ms,
        .rollback_until_ms = now + wait_ms + 14 * day_ms,
        .nonce = nonce,
        .inventory = inventory->digest,
        .policy = {.irreversible_allowed = environment->policy.irreversible_allowed,
                   .opaque_allowed = environment->policy.opaque_allowed},
    };
}

/* Plans of the past, read from the store as the planner asks for them. */
struct past_plans {
    struct store *store;
    struct plan **plans;
    size_t count;
    struct error error; /* of the first that could not be read */
};

static struct plan *past_plan(struct past_plans *past, const struct digest *digest)
{
    AUTO_BUFFER struct buffer document = {0};
    bool found;

    for (size_t i = 0; i < past->count; i++)
        if (digest_equal(&past->plans[i]->digest, digest))
            return past->plans[i];
    if (past->error.code != ERROR_NONE ||
        !store_read_plan(past->store, digest, &document, &found, &past->error) || !found)
        return NULL;
    struct plan *plan = plan_read(document.bytes, document.length, &past->error);
    if (plan == NULL)
        return NULL;
    past->plans = xreallocarray(past->plans, past->count + 1, sizeof(struct plan *));
    past->plans[past->count++] = plan;
    return plan;
}

/* Of a down step too: when a rollback fails and takes itself back, its plan is the one that brought
   the migration again. */
static bool step_is(const struct plan_step *step, const struct applied *applied)
{
    return strcmp(step->version, applied->version) == 0 && strcmp(step->name, applied->name) == 0 &&
           digest_equal(&step->source_sha256, &applied->source_sha256);
}

static const struct plan_step *find_step(void *context, const struct applied *applied,
                                         enum engine_kind engine)
{
    const struct plan *plan = past_plan(context, &applied->plan);

    for (size_t r = 0; plan != NULL && r < plan->recipe_count; r++) {
        const struct plan_recipe *recipe = &plan->recipes[r];

        for (size_t s = 0; recipe->engine == engine && s < recipe->step_count; s++)
            if (step_is(&recipe->steps[s], applied))
                return &recipe->steps[s];
    }
    return NULL;
}

static void free_past(struct past_plans *past)
{
    for (size_t i = 0; i < past->count; i++)
        plan_free(past->plans[i]);
    free(past->plans);
}

bool draft_sign(struct workspace *workspace, struct plan *plan, struct error *err)
{
    struct signing_key *loaded;

    if (!workspace_signing_key(workspace, &loaded, err))
        return false;
    AUTO(signing_key) struct signing_key *key = loaded;
    return key == NULL || plan_sign(plan, key, workspace_operator(workspace), err);
}

static const struct target_state *choose_states(const struct draft *draft,
                                                const struct draft_goal *goal, size_t *count)
{
    struct survey *survey = draft->survey;

    if (goal->each_to == NULL)
        return survey_states(survey, count);
    struct target_state *states = arena_calloc(survey->arena, survey->count, sizeof *states);
    *count = 0;
    for (size_t i = 0; i < survey->count; i++) {
        if (!survey->items[i].reached || goal->each_to[i] == NULL)
            continue;
        states[*count] = survey_state(&survey->items[i]);
        states[(*count)++].to = goal->each_to[i];
    }
    return states;
}

/* What the last job left has changed, and no job of ours is under way that did it. */
static bool has_drifted(const struct surveyed *item)
{
    const struct target_status *status = &item->status;

    return item->reached && !digest_is_none(&status->fingerprint) &&
           !digest_is_none(&status->recorded_fingerprint) && status->intent == NULL &&
           !survey_is_going_back(item) &&
           !digest_equal(&status->fingerprint, &status->recorded_fingerprint);
}

static void add_planned(const struct plan *plan, struct name_index *planned)
{
    for (size_t i = 0; i < plan->target_count; i++)
        (void)name_index_add(planned, plan->targets[i].name, &plan->targets[i]);
}

/* Names the targets of the plan that somebody changed by hand, unless that is allowed. */
static bool refuse_drifted(const struct invocation *invocation, const struct draft *draft,
                           struct diagnostics *problems)
{
    bool asks = (invocation->command->takes & TAKES_OUT_OF_ORDER) != 0;

    if (draft->environment->policy.drift_allowed ||
        (asks && arguments_has(invocation->arguments, "allow-drift")))
        return true;
    AUTO(name_index) struct name_index *planned = name_index_new(draft->plan->target_count);
    add_planned(draft->plan, planned);
    for (size_t i = 0; i < draft->survey->count; i++) {
        const struct surveyed *item = &draft->survey->items[i];
        struct error err = {0};

        if (!has_drifted(item) || name_index_find(planned, item->target->name) == NULL)
            continue;
        error_set(&err, ERROR_CONFLICT,
                  "target %s: its schema is not what its last job left: fleet drift tells what "
                  "changed; --allow-drift goes on all the same",
                  item->target->name);
        diagnostics_add_error(problems, &err);
    }
    return diagnostics_count(problems) == 0;
}

bool draft_plan(struct workspace *workspace, const struct invocation *invocation,
                const struct draft_goal *goal, struct draft *draft, int *status, struct error *err)
{
    AUTO(diagnostics) struct diagnostics *problems = diagnostics_new();
    struct past_plans past = {.store = workspace_store(workspace, err)};
    struct plan_request request = {.goal = goal->goal, .to = goal->to, .steps = goal->steps};

    *status = STATUS_FAILED;
    const struct migrations *migrations = workspace_migrations(workspace, status);
    if (past.store == NULL || migrations == NULL)
        return false;
    request.header = draft_header(workspace, invocation, draft->environment, goal->expires_ms,
                                  draft->survey->arena);
    if (goal->goal == GOAL_UP) {
        request.header.policy.window = draft->environment->policy.window;
        request.header.policy.health_sql = draft->environment->policy.health_sql;
        request.header.policy.confirm_within_ms = draft->environment->policy.confirm_within_ms;
    }
    request.migrations = migrations;
    request.states = choose_states(draft, goal, &request.state_count);
    if (invocation->command->takes & TAKES_OUT_OF_ORDER)
        request.out_of_order = arguments_values(invocation->arguments, "allow-out-of-order",
                                                &request.out_of_order_count);
    request.source = (struct step_source){.find = find_step, .context = &past};
    draft->plan = planner_plan(&request, problems);
    free_past(&past);
    if (past.error.code != ERROR_NONE) {
        *err = past.error;
        return false;
    }
    if (draft->plan == NULL ||
        (goal->goal == GOAL_UP && !refuse_drifted(invocation, draft, problems))) {
        *status = report_faults(invocation->terminal, problems);
        return false;
    }
    return (goal->goal != GOAL_UP ||
            promoting_check(workspace, invocation, draft->environment, draft->plan, status, err)) &&
           draft_sign(workspace, draft->plan, err);
}

bool draft_survey(struct workspace *workspace, const struct draft_goal *goal, struct draft *draft,
                  struct error *err)
{
    if (!workspace_select(workspace, goal->operands, &draft->selection, err) ||
        !find_environment(draft, err) ||
        (goal->goal == GOAL_UP &&
         !promoting_open(workspace, draft->environment, &draft->selection, err)))
        return false;
    struct survey_question question = goal->question;
    if (goal->goal == GOAL_UP && !draft->environment->policy.drift_allowed)
        question.fingerprint = true;
    draft->survey = workspace_survey(workspace, &draft->selection, &question, err);
    return draft->survey != NULL;
}

bool draft_make(struct workspace *workspace, const struct invocation *invocation,
                const struct draft_goal *goal, struct draft *draft, int *status, struct error *err)
{
    *status = STATUS_FAILED;
    return draft_survey(workspace, goal, draft, err) &&
           draft_plan(workspace, invocation, goal, draft, status, err);
}

void draft_report_unreached(const struct draft *draft, const struct terminal *terminal)
{
    for (size_t i = 0; i < draft->survey->count; i++) {
        const struct surveyed *item = &draft->survey->items[i];

        if (item->reached)
            continue;
        fprintf(terminal->messages,
                "%sunreachable:%s %s: ", terminal_style(terminal->color_messages, STYLE_WARN),
                terminal_style(terminal->color_messages, STYLE_PLAIN), item->target->name);
        terminal_put_untrusted(terminal->messages, item->error.message, false);
        fputc('\n', terminal->messages);
    }
}
