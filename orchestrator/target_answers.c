#include "orchestrator/target_answers.h"

#include "orchestrator/agent_calls.h"

struct taking {
    const struct selection *selection;
    const struct target_reading *reading;
    struct target_answer *answers;
    struct agent_shares shares;
};

static void fail_target(struct taking *taking, size_t place, const struct error *err)
{
    taking->answers[place].error = *err;
    error_at_target(&taking->answers[place].error, taking->selection->targets[place]->name);
}

/* Fails the targets of a share; those that said something only if that may not be all. */
static void fail_share(struct taking *taking, const struct agent_share *share, bool reached_too,
                       const struct error *err)
{
    for (size_t i = 0; i < share->count; i++) {
        const struct target_answer *answer = &taking->answers[share->members[i]];

        if (answer->error.code == ERROR_NONE && (!answer->reached || reached_too))
            fail_target(taking, share->members[i], err);
    }
}

static void take_reply(struct taking *taking, size_t place, const struct reply *reply)
{
    const struct target_reading *reading = taking->reading;
    struct target_answer *answer = &taking->answers[place];
    struct error err = {0};

    if (answer->error.code != ERROR_NONE)
        return;
    answer->reached = true;
    if (!reading->take(reading->context, place, reply, &err))
        fail_target(taking, place, &err);
}

static void on_reply(void *context, size_t call, const struct reply *reply)
{
    struct taking *taking = context;
    const struct agent_share *share = &taking->shares.items[call];
    struct error silent = {0};
    size_t place;

    if (reply->kind == taking->reading->reply) {
        if (agent_share_find(share, reply->target, &place))
            take_reply(taking, place, reply);
    } else if (reply->kind == REPLY_TARGET && reply->status.error != NULL) {
        if (agent_share_find(share, reply->status.target, &place))
            taking->answers[place].error = *reply->status.error;
    } else if (reply->kind == REPLY_ERROR) {
        fail_share(taking, share, true, &reply->error);
    } else if (reply->kind == REPLY_END) {
        error_set(&silent, ERROR_PROTOCOL, "agent %s said nothing about it", share->agent);
        fail_share(taking, share, false, &silent);
    }
}

static struct call *make_calls(const struct taking *taking, struct arena *arena)
{
    struct call *calls = arena_calloc(arena, taking->shares.count, sizeof *calls);

    for (size_t i = 0; i < taking->shares.count; i++) {
        const struct agent_share *share = &taking->shares.items[i];

        calls[i] = (struct call){
            .kind = taking->reading->call,
            .agent = share->agent,
            .address = share->address,
            .status = {.targets = share->names, .target_count = share->count},
        };
    }
    return calls;
}

bool target_answers_take(struct dispatcher *dispatcher, const struct inventory *inventory,
                         const struct selection *selection, const struct target_reading *reading,
                         struct target_answer *answers, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct taking taking = {.selection = selection, .reading = reading, .answers = answers};

    taking.shares = agent_shares_of(arena, inventory, selection->targets, selection->count);
    const struct call *calls = make_calls(&taking, arena);
    bool ok = dispatcher_run(dispatcher, calls, taking.shares.count, on_reply, &taking, err);
    agent_shares_free(&taking.shares);
    return ok;
}
