#include "orchestrator/workers/relay.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/list.h"
#include "common/memory.h"
#include "orchestrator/store/store_tasks.h"

enum { NAP_MS = 10, BEAT_MS = 100, COUNT_EVERY_MS = 1000 };

struct handed {
    const char *agent;
    const struct run_request *request;
    http_reply_function function;
    void *context;
    bool ended;
};

struct relay {
    struct store *store;
    const struct clock *clock;
    struct arena *arena;   /* of this run */
    struct handed *handed; /* the number of a task is its place here, and the offset */
    size_t count;
    size_t open;
    int64_t offset; /* numbers of earlier waves are not given again */
    bool stop;
    int64_t beat_ms;
    int64_t counted_ms;
    int64_t worker_ms; /* when one was last seen alive */
};

struct relay *relay_new(struct store *store, const struct clock *clock)
{
    struct relay *relay = xcalloc(1, sizeof *relay);

    relay->store = store;
    relay->clock = clock;
    relay->arena = arena_new();
    return relay;
}

void relay_free(struct relay *relay)
{
    if (relay == NULL)
        return;
    arena_free(relay->arena);
    free(relay);
}

void relay_add(struct relay *relay, const char *agent, const struct run_request *request,
               http_reply_function function, void *context)
{
    relay->handed = list_room(relay->arena, relay->handed, relay->count, sizeof *relay->handed);
    relay->handed[relay->count++] = (struct handed){agent, request, function, context, false};
    relay->open++;
}

void relay_stop(struct relay *relay)
{
    relay->stop = true;
}

static void hand_over(struct relay *relay, struct handed *handed, const struct reply *reply)
{
    if (handed->ended)
        return;
    if (reply->kind == REPLY_END || reply->kind == REPLY_ERROR) {
        handed->ended = true;
        relay->open--;
    }
    handed->function(handed->context, reply);
}

static void end_with(struct relay *relay, struct handed *handed, enum error_code code,
                     const char *why)
{
    struct reply reply = {.kind = REPLY_ERROR};

    error_set(&reply.error, code, "agent %s: %s", handed->agent, why);
    hand_over(relay, handed, &reply);
}

static struct handed *find_handed(struct relay *relay, int64_t number)
{
    int64_t place = number - relay->offset;

    return place >= 0 && (size_t)place < relay->count ? &relay->handed[place] : NULL;
}

static void take_reply(void *context, int64_t number, const char *message)
{
    struct relay *relay = context;
    struct handed *handed = find_handed(relay, number);
    struct error err = {0};
    struct reply reply;

    if (handed == NULL)
        return;
    AUTO(arena) struct arena *arena = arena_new();
    AUTO(json) json_t *value = json_parse(message, strlen(message), &err);
    if (value != NULL && reply_decode(value, arena, &reply, &err))
        hand_over(relay, handed, &reply);
    else
        end_with(relay, handed, ERROR_UNKNOWN, err.message);
}

static void withdraw(void *context, int64_t number, const char *message)
{
    struct relay *relay = context;
    struct handed *handed = find_handed(relay, number);

    (void)message;
    if (handed != NULL)
        end_with(relay, handed, ERROR_CANCELLED, "the rollout was stopped before a worker began");
}

static bool check_workers(struct relay *relay, int64_t now_ms, struct error *err)
{
    int64_t alive;

    if (now_ms - relay->counted_ms < COUNT_EVERY_MS)
        return true;
    relay->counted_ms = now_ms;
    if (!store_count_workers(relay->store, &alive, err))
        return false;
    if (alive > 0)
        relay->worker_ms = now_ms;
    for (size_t i = 0; i < relay->count && now_ms - relay->worker_ms > WORKERLESS_MS; i++)
        end_with(relay, &relay->handed[i], ERROR_UNKNOWN,
                 "no worker has been alive for a minute, and nobody knows what came of it");
    return true;
}

/* Whoever is called looks for a request to stop. */
static void beat(struct relay *relay, int64_t now_ms)
{
    static const struct reply heartbeat = {.kind = REPLY_HEARTBEAT};

    if (now_ms - relay->beat_ms < BEAT_MS)
        return;
    relay->beat_ms = now_ms;
    for (size_t i = 0; i < relay->count; i++)
        if (!relay->handed[i].ended) {
            relay->handed[i].function(relay->handed[i].context, &heartbeat);
            return;
        }
}

static bool offer(struct relay *relay, struct error *err)
{
    struct task *tasks = arena_calloc(relay->arena, relay->count, sizeof *tasks);
    int64_t alive;

    if (!store_count_workers(relay->store, &alive, err))
        return false;
    if (alive == 0)
        return error_set(err, ERROR_CONNECT, RELAY_NO_WORKER);
    for (size_t i = 0; i < relay->count; i++) {
        const struct handed *handed = &relay->handed[i];
        AUTO(json) json_t *request = run_request_encode(handed->request);
        AUTO(text) char *text = json_dumps(request, JSON_COMPACT);

        tasks[i] = (struct task){.rollout = handed->request->rollout,
                                 .number = relay->offset + (int64_t)i,
                                 .agent = handed->agent,
                                 .request = arena_strdup(relay->arena, text)};
    }
    return store_offer_tasks(relay->store, tasks, relay->count, err);
}

static bool pass_stop_on(struct relay *relay, const char *rollout, struct error *err)
{
    if (!relay->stop)
        return true;
    relay->stop = false;
    return store_stop_tasks(relay->store, rollout, withdraw, relay, err);
}

static bool work(struct relay *relay, const struct http_loop *loop, const char *rollout,
                 struct error *err)
{
    relay->worker_ms = relay->counted_ms = relay->clock->monotonic_ms(relay->clock);
    while (relay->open > 0 || !loop->done(loop->context)) {
        int64_t now_ms = relay->clock->monotonic_ms(relay->clock);

        loop->woken(loop->context);
        if (!pass_stop_on(relay, rollout, err) ||
            !store_take_replies(relay->store, rollout, take_reply, relay, err) ||
            !check_workers(relay, now_ms, err))
            return false;
        beat(relay, now_ms);
        nanosleep(&(struct timespec){.tv_nsec = NAP_MS * 1000000L}, NULL);
    }
    return store_remove_tasks(relay->store, rollout, err);
}

bool relay_run(struct relay *relay, const struct http_loop *loop, struct error *err)
{
    const char *rollout = relay->handed[0].request->rollout;
    bool ok = offer(relay, err);

    ok = ok && work(relay, loop, rollout, err);
    relay->offset += (int64_t)relay->count;
    relay->count = relay->open = 0;
    relay->handed = NULL;
    relay->stop = false;
    arena_free(relay->arena);
    relay->arena = arena_new();
    return ok;
}
