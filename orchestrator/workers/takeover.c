#include "orchestrator/workers/takeover.h"

#include <string.h>
#include <time.h>

#include "common/arena.h"

enum { ASK_EVERY_MS = 500, QUIET_ANSWERS = 2 };

struct settling {
    const struct call *call; /* to run */
    const struct slice *slice;
    bool *ended;  /* of each target of the slice */
    int64_t seen; /* the last outcome that was taken */
    call_reply_function function;
    void *context;
    bool at_work;
    struct error error;
};

static bool *find_target(const struct settling *settling, const char *name)
{
    const struct plan_target *target = plan_find_target(&settling->slice->plan, name);

    return target != NULL ? &settling->ended[target - settling->slice->plan.targets] : NULL;
}

/* A job that the agent never began, for it was draining, is not at its end. */
static bool is_end(const struct run_event *event)
{
    return event->kind == RUN_JOB && event->job != JOB_STARTED && event->job != JOB_SKIPPED;
}

static void take_outcome(struct settling *settling, const struct reply *reply)
{
    const struct reply event = {.kind = REPLY_EVENT, .event = reply->event};
    bool *ended = find_target(settling, reply->event.target);

    if (strcmp(reply->rollout, settling->call->run.rollout) != 0 || ended == NULL || *ended ||
        reply->seq <= settling->seen)
        return;
    settling->seen = reply->seq;
    *ended = is_end(&reply->event);
    settling->function(settling->context, 0, &event);
}

static void on_reply(void *context, size_t call, const struct reply *reply)
{
    struct settling *settling = context;

    (void)call;
    if (reply->kind == REPLY_OUTCOME)
        take_outcome(settling, reply);
    else if (reply->kind == REPLY_TARGET &&
             strcmp(reply->status.at_work, settling->call->run.rollout) == 0)
        settling->at_work = true;
    else if (reply->kind == REPLY_ERROR)
        settling->error = reply->error;
}

static bool ask(struct settling *settling, struct dispatcher *dispatcher, const char **names,
                struct error *err)
{
    const struct outcomes_request outcomes = {.store = settling->call->run.store};
    const struct call call = {
        .kind = CALL_STATUS,
        .agent = settling->call->agent,
        .address = settling->call->address,
        .status = {.targets = names,
                   .target_count = settling->slice->plan.target_count,
                   .outcomes = &outcomes},
    };

    settling->at_work = false;
    if (!dispatcher_run(dispatcher, &call, 1, on_reply, settling, err))
        return false;
    if (settling->error.code != ERROR_NONE)
        *err = settling->error;
    return settling->error.code == ERROR_NONE;
}

/* Between two jobs an agent may look idle once. */
static bool ask_until_quiet(struct settling *settling, struct dispatcher *dispatcher,
                            const char **names, struct error *err)
{
    for (int quiet = 0; quiet < QUIET_ANSWERS;) {
        if (!ask(settling, dispatcher, names, err))
            return false;
        quiet = settling->at_work ? 0 : quiet + 1;
        nanosleep(&(struct timespec){.tv_nsec = ASK_EVERY_MS * 1000000L}, NULL);
    }
    return true;
}

bool takeover_settle(struct dispatcher *dispatcher, const struct call *call,
                     const struct slice *slice, call_reply_function function, void *context,
                     size_t *left, size_t *left_count, struct error *err)
{
    size_t count = slice->plan.target_count;
    AUTO(arena) struct arena *arena = arena_new();
    const char **names = arena_calloc(arena, count, sizeof *names);
    struct settling settling = {.call = call,
                                .slice = slice,
                                .ended = arena_calloc(arena, count, sizeof(bool)),
                                .function = function,
                                .context = context};

    for (size_t i = 0; i < count; i++)
        names[i] = slice->plan.targets[i].name;
    *left_count = 0;
    if (!ask_until_quiet(&settling, dispatcher, names, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!settling.ended[i])
            left[(*left_count)++] = i;
    return true;
}
