/* What a wave's targets are asked, through their agents: whether they are well, by a signed query,
   and that they keep what was applied. */
#include "orchestrator/rollout_parts.h"
#include "orchestrator/target_questions.h"
#include "plans/plan_policy.h"

enum { TRIES = 3, BETWEEN_TRIES_MS = 1000 };

static bool ask(struct running *running, enum call_kind kind, const size_t *members, size_t count,
                struct error *err)
{
    const struct rollout_settings *settings = running->settings;
    const struct target_question question = {kind, settings->plan, members, count};

    return target_questions_ask(settings->dispatcher, settings->inventory, &question, err);
}

static size_t find_applied(const struct rollout_state *state, size_t *members)
{
    size_t count = 0;

    for (size_t i = 0; i < state->count; i++)
        if (state->jobs[i].wave == state->wave && state->jobs[i].state == JOB_APPLIED)
            members[count++] = i;
    return count;
}

bool rollout_check_targets(struct running *running, struct error *err)
{
    const struct rollout_control *control = &running->settings->control;
    AUTO(arena) struct arena *arena = arena_new();
    size_t *members = arena_calloc(arena, running->state->count, sizeof *members);
    size_t count = find_applied(running->state, members);

    if (count == 0 || !plan_policy_has_health(&running->settings->plan->header.policy))
        return true;
    for (int tried = 1; !ask(running, CALL_HEALTH, members, count, err); tried++) {
        if (err->code == ERROR_CHECK || tried == TRIES || control->stop_asked(control->context))
            return false;
        control->pause(control->context, BETWEEN_TRIES_MS);
        error_clear(err);
    }
    return true;
}

/* As long as they may still wait for it. */
bool rollout_confirm_targets(struct running *running, struct error *err)
{
    const struct rollout_control *control = &running->settings->control;
    int64_t within_ms = running->settings->plan->header.policy.confirm_within_ms;
    int64_t until_ms = rollout_now_ms(running) + within_ms;
    AUTO(arena) struct arena *arena = arena_new();
    size_t *members = arena_calloc(arena, running->state->count, sizeof *members);
    size_t count = find_applied(running->state, members);

    if (count == 0 || within_ms == 0)
        return true;
    while (!ask(running, CALL_CONFIRM, members, count, err)) {
        if (err->code == ERROR_STALE || rollout_now_ms(running) > until_ms ||
            control->stop_asked(control->context))
            return error_wrap(err, "not confirmed");
        control->pause(control->context, BETWEEN_TRIES_MS);
        error_clear(err);
    }
    running->state->unconfirmed = 0;
    return true;
}
