/* The health of a wave's targets: a signed query on each, through its agent. */
#include "orchestrator/agent_calls.h"
#include "orchestrator/rollout_parts.h"
#include "plans/plan_policy.h"
#include "plans/slice.h"

enum { TRIES = 3, BETWEEN_TRIES_MS = 1000 };

/* What the agents tell. */
struct asking {
    struct arena *arena;
    const struct plan *plan;
    const size_t *members; /* jobs, which are the plan's targets, in the order of the shares */
    struct agent_shares shares;
    json_t **slices;
    struct error *wrong; /* of each member; no code: it is well */
};

static void fail_share(struct asking *asking, const struct agent_share *share,
                       const struct error *err)
{
    for (size_t i = 0; i < share->count; i++)
        if (asking->wrong[share->members[i]].code == ERROR_NONE)
            asking->wrong[share->members[i]] = *err;
}

static void on_reply(void *context, size_t call, const struct reply *reply)
{
    struct asking *asking = context;
    const struct agent_share *share = &asking->shares.items[call];
    size_t place;

    if (reply->kind == REPLY_ERROR)
        fail_share(asking, share, &reply->error);
    else if (reply->kind == REPLY_TARGET && reply->status.error != NULL &&
             agent_share_find(share, reply->status.target, &place))
        asking->wrong[place] = *reply->status.error;
}

static struct call *make_calls(struct asking *asking)
{
    struct call *calls = arena_calloc(asking->arena, asking->shares.count, sizeof *calls);

    asking->slices = arena_calloc(asking->arena, asking->shares.count, sizeof(json_t *));
    for (size_t i = 0; i < asking->shares.count; i++) {
        const struct agent_share *share = &asking->shares.items[i];
        size_t *targets = arena_calloc(asking->arena, share->count, sizeof *targets);

        for (size_t j = 0; j < share->count; j++)
            targets[j] = asking->members[share->members[j]];
        asking->slices[i] = slice_encode(asking->plan, targets, share->count);
        calls[i] = (struct call){.kind = CALL_HEALTH,
                                 .agent = share->agent,
                                 .address = share->address,
                                 .examine = {.slice = asking->slices[i]}};
    }
    return calls;
}

/* "health_sql: orders-003: …" of the first, and how many more. */
static bool judge(const struct asking *asking, size_t count, struct error *err)
{
    size_t wrong = 0, first = 0;

    for (size_t i = count; i > 0; i--) {
        if (asking->wrong[i - 1].code == ERROR_NONE)
            continue;
        wrong++;
        first = i - 1;
    }
    if (wrong == 0)
        return true;
    const struct error *why = &asking->wrong[first];
    const char *name = asking->plan->targets[asking->members[first]].name;
    error_set(err, why->code, "target %s: %s", name, why->message);
    if (wrong > 1)
        (void)error_wrap(err, "%zu of %zu targets are not well, the first", wrong, count);
    return false;
}

static bool ask(struct running *running, const size_t *members, size_t count, struct error *err)
{
    const struct rollout_settings *settings = running->settings;
    AUTO(arena) struct arena *arena = arena_new();
    const struct target **targets = arena_calloc(arena, count, sizeof *targets);
    struct asking asking = {.arena = arena,
                            .plan = settings->plan,
                            .members = members,
                            .wrong = arena_calloc(arena, count, sizeof *asking.wrong)};

    for (size_t i = 0; i < count; i++)
        targets[i] = running->state->jobs[members[i]].inventory_target;
    asking.shares = agent_shares_of(arena, settings->inventory, targets, count);
    const struct call *calls = make_calls(&asking);
    bool ok =
        dispatcher_run(settings->dispatcher, calls, asking.shares.count, on_reply, &asking, err);
    for (size_t i = 0; i < asking.shares.count; i++)
        json_decref(asking.slices[i]);
    agent_shares_free(&asking.shares);
    return ok && judge(&asking, count, err);
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
    for (int tried = 1; !ask(running, members, count, err); tried++) {
        if (err->code == ERROR_CHECK || tried == TRIES || control->stop_asked(control->context))
            return false;
        control->pause(control->context, BETWEEN_TRIES_MS);
        error_clear(err);
    }
    return true;
}
