#include "orchestrator/target_questions.h"

#include "orchestrator/agent_calls.h"
#include "plans/slice.h"

/* What the agents tell. */
struct asking {
    struct arena *arena;
    const struct target_question *question;
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
            targets[j] = asking->question->members[share->members[j]];
        asking->slices[i] = slice_encode(asking->question->plan, targets, share->count);
        calls[i] = (struct call){.kind = asking->question->kind,
                                 .agent = share->agent,
                                 .address = share->address,
                                 .examine = {.slice = asking->slices[i]}};
    }
    return calls;
}

static bool judge(const struct asking *asking, struct error *err)
{
    const struct target_question *question = asking->question;
    size_t wrong = 0, first = 0;

    for (size_t i = question->count; i > 0; i--) {
        if (asking->wrong[i - 1].code == ERROR_NONE)
            continue;
        wrong++;
        first = i - 1;
    }
    if (wrong == 0)
        return true;
    const struct error *why = &asking->wrong[first];
    const char *name = question->plan->targets[question->members[first]].name;
    error_set(err, why->code, "target %s: %s", name, why->message);
    if (wrong > 1)
        (void)error_wrap(err, "%zu of %zu targets are not well, the first", wrong, question->count);
    return false;
}

bool target_questions_ask(struct dispatcher *dispatcher, const struct inventory *inventory,
                          const struct target_question *question, struct error *err)
{
    size_t count = question->count;
    AUTO(arena) struct arena *arena = arena_new();
    const struct target **targets = arena_calloc(arena, count, sizeof *targets);
    struct asking asking = {.arena = arena,
                            .question = question,
                            .wrong = arena_calloc(arena, count, sizeof *asking.wrong)};

    for (size_t i = 0; i < count; i++)
        targets[i] =
            inventory_target(inventory, question->plan->targets[question->members[i]].name);
    asking.shares = agent_shares_of(arena, inventory, targets, count);
    const struct call *calls = make_calls(&asking);
    bool ok = dispatcher_run(dispatcher, calls, asking.shares.count, on_reply, &asking, err);
    for (size_t i = 0; i < asking.shares.count; i++)
        json_decref(asking.slices[i]);
    agent_shares_free(&asking.shares);
    return ok && judge(&asking, err);
}
