#include "orchestrator/dispatcher.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "common/fault.h"
#include "common/memory.h"
#include "orchestrator/http_client.h"

struct dispatcher {
    struct dispatcher_settings settings;
    struct http_client *client; /* made when a remote agent is first needed */
    /* Of the run under way, changed under the lock: */
    const struct call *calls;
    size_t count;
    call_reply_function function;
    void *context;
    pthread_mutex_t lock; /* held while a reply is handed over, and for the fields below */
    pthread_cond_t ended;
    size_t local_running;
    bool stop; /* asked for and not yet passed on */
};

/* What a reply function of one call needs. */
struct pending {
    struct dispatcher *dispatcher;
    size_t index;
    bool in_thread;
    pthread_t thread;
};

struct dispatcher *dispatcher_new(const struct dispatcher_settings *settings)
{
    struct dispatcher *dispatcher = xcalloc(1, sizeof *dispatcher);

    dispatcher->settings = *settings;
    pthread_mutex_init(&dispatcher->lock, NULL);
    pthread_cond_init(&dispatcher->ended, NULL);
    return dispatcher;
}

void dispatcher_free(struct dispatcher *dispatcher)
{
    if (dispatcher == NULL)
        return;
    http_client_free(dispatcher->client);
    pthread_cond_destroy(&dispatcher->ended);
    pthread_mutex_destroy(&dispatcher->lock);
    free(dispatcher);
}

static void wake(struct dispatcher *dispatcher)
{
    if (dispatcher->client != NULL)
        http_client_wake(dispatcher->client);
    pthread_cond_signal(&dispatcher->ended);
}

static void hand_over(void *context, const struct reply *reply)
{
    const struct pending *pending = context;
    struct dispatcher *dispatcher = pending->dispatcher;

    pthread_mutex_lock(&dispatcher->lock);
    dispatcher->function(dispatcher->context, pending->index, reply);
    bool stop = dispatcher->stop;
    pthread_mutex_unlock(&dispatcher->lock);
    if (stop)
        wake(dispatcher);
}

static void *run_local(void *context)
{
    struct pending *pending = context;
    struct dispatcher *dispatcher = pending->dispatcher;
    const struct dispatcher_settings *settings = &dispatcher->settings;
    const struct call *call = &dispatcher->calls[pending->index];

    if (call->kind == CALL_STATUS)
        service_status(settings->local, &call->status, hand_over, pending);
    else if (call->kind == CALL_HISTORY)
        service_history(settings->local, &call->status, hand_over, pending);
    else if (call->kind == CALL_SCHEMA)
        service_schema(settings->local, &call->status, hand_over, pending);
    else if (call->kind == CALL_EXAMINE)
        service_examine(settings->local, &call->examine, hand_over, pending);
    else if (call->kind == CALL_HEALTH)
        service_health(settings->local, &call->examine, hand_over, pending);
    else if (call->kind == CALL_CONFIRM)
        service_confirm(settings->local, &call->examine, hand_over, pending);
    else
        service_run(settings->local, &call->run, settings->operator_name, hand_over, pending);
    pthread_mutex_lock(&dispatcher->lock);
    dispatcher->local_running--;
    pthread_mutex_unlock(&dispatcher->lock);
    wake(dispatcher);
    return NULL;
}

/* A call that could not even be started ends with that error. */
static void refuse(struct pending *pending, const struct error *err)
{
    const struct reply reply = {.kind = REPLY_ERROR, .error = *err};

    hand_over(pending, &reply);
}

static void start_local(struct pending *pending)
{
    struct dispatcher *dispatcher = pending->dispatcher;
    struct error err = {0};

    pthread_mutex_lock(&dispatcher->lock);
    dispatcher->local_running++;
    pthread_mutex_unlock(&dispatcher->lock);
    int code = pthread_create(&pending->thread, NULL, run_local, pending);
    pending->in_thread = code == 0;
    if (pending->in_thread)
        return;
    pthread_mutex_lock(&dispatcher->lock);
    dispatcher->local_running--;
    pthread_mutex_unlock(&dispatcher->lock);
    error_set_errno(&err, code, "cannot start a thread");
    refuse(pending, &err);
}

static const char *call_path(const struct call *call)
{
    static const char *const paths[] = {
        [CALL_STATUS] = "/v1/status", [CALL_HISTORY] = "/v1/history",
        [CALL_SCHEMA] = "/v1/schema", [CALL_EXAMINE] = "/v1/examine",
        [CALL_HEALTH] = "/v1/health", [CALL_CONFIRM] = "/v1/confirm",
        [CALL_RUN] = "/v1/run"};

    return paths[call->kind];
}

static json_t *encode_call(const struct call *call)
{
    if (call->kind == CALL_RUN)
        return run_request_encode(&call->run);
    if (call->kind == CALL_EXAMINE || call->kind == CALL_HEALTH || call->kind == CALL_CONFIRM)
        return examine_request_encode(&call->examine);
    return status_request_encode(&call->status);
}

static char *call_body(const struct call *call)
{
    AUTO(json) json_t *body = encode_call(call);

    return json_dumps(body, JSON_COMPACT);
}

static bool ready_for_remote(struct dispatcher *dispatcher, struct error *err)
{
    if (dispatcher->client != NULL)
        return true;
    if (dispatcher->settings.identity == NULL)
        return error_set(err, ERROR_CONFIG,
                         "no certificate to call it with: name cert, key and ca in [operator]");
    struct http_client *client =
        http_client_new(dispatcher->settings.identity, dispatcher->settings.clock,
                        dispatcher->settings.max_streams, err);
    pthread_mutex_lock(&dispatcher->lock);
    dispatcher->client = client;
    pthread_mutex_unlock(&dispatcher->lock);
    return client != NULL;
}

/* Whether workers make the call, not we. */
static bool is_relayed(const struct dispatcher *dispatcher, const struct call *call)
{
    return dispatcher->settings.relay != NULL && call->kind == CALL_RUN && call->address != NULL;
}

static void start_remote(struct pending *pending)
{
    struct dispatcher *dispatcher = pending->dispatcher;
    const struct call *call = &dispatcher->calls[pending->index];
    struct error err = {0};

    if (is_relayed(dispatcher, call)) {
        relay_add(dispatcher->settings.relay, call->agent, &call->run, hand_over, pending);
        return;
    }
    if (!ready_for_remote(dispatcher, &err)) {
        error_wrap(&err, "agent %s", call->agent);
        refuse(pending, &err);
        return;
    }
    http_client_add(dispatcher->client, &(struct http_request){
                                            .agent = call->agent,
                                            .address = call->address,
                                            .path = call_path(call),
                                            .body = call_body(call),
                                            .function = hand_over,
                                            .context = pending,
                                            .once = call->kind == CALL_RUN,
                                        });
}

void dispatcher_stop(struct dispatcher *dispatcher)
{
    dispatcher->stop = true;
}

void dispatcher_interrupt(struct dispatcher *dispatcher)
{
    pthread_mutex_lock(&dispatcher->lock);
    for (size_t i = 0; i < dispatcher->count; i++)
        if (dispatcher->calls[i].kind == CALL_RUN && dispatcher->calls[i].address == NULL)
            service_stop(dispatcher->settings.local, dispatcher->calls[i].run.rollout);
    dispatcher->stop = true;
    wake(dispatcher);
    pthread_mutex_unlock(&dispatcher->lock);
}

/* The stream of the run tells what came of it; a lost answer to the request is no news. */
static void ignore_reply(void *context, const struct reply *reply)
{
    (void)context, (void)reply;
}

static void send_stop(struct dispatcher *dispatcher, const struct call *call)
{
    const struct stop_request request = {.rollout = call->run.rollout};

    if (call->kind != CALL_RUN)
        return;
    if (call->address == NULL) {
        service_stop(dispatcher->settings.local, request.rollout);
        return;
    }
    if (is_relayed(dispatcher, call)) {
        relay_stop(dispatcher->settings.relay);
        return;
    }
    AUTO(json) json_t *body = stop_request_encode(&request);
    http_client_add(dispatcher->client, &(struct http_request){
                                            .agent = call->agent,
                                            .address = call->address,
                                            .path = "/v1/stop",
                                            .body = json_dumps(body, JSON_COMPACT),
                                            .function = ignore_reply,
                                            .urgent = true,
                                        });
}

static void pass_on_stop(void *context)
{
    struct dispatcher *dispatcher = context;

    pthread_mutex_lock(&dispatcher->lock);
    bool stop = dispatcher->stop;
    dispatcher->stop = false;
    pthread_mutex_unlock(&dispatcher->lock);
    for (size_t i = 0; stop && i < dispatcher->count; i++)
        send_stop(dispatcher, &dispatcher->calls[i]);
}

static bool local_done(void *context)
{
    struct dispatcher *dispatcher = context;

    pthread_mutex_lock(&dispatcher->lock);
    bool done = dispatcher->local_running == 0;
    pthread_mutex_unlock(&dispatcher->lock);
    return done;
}

/* With the local agent alone there is no loop of libcurl's to sit in. */
static void wait_for_local(struct dispatcher *dispatcher)
{
    pthread_mutex_lock(&dispatcher->lock);
    while (dispatcher->local_running > 0) {
        if (dispatcher->stop) {
            pthread_mutex_unlock(&dispatcher->lock);
            pass_on_stop(dispatcher);
            pthread_mutex_lock(&dispatcher->lock);
            continue;
        }
        pthread_cond_wait(&dispatcher->ended, &dispatcher->lock);
    }
    pthread_mutex_unlock(&dispatcher->lock);
}

static bool wait_for_all(struct dispatcher *dispatcher, struct error *err)
{
    const struct http_loop loop = {
        .woken = pass_on_stop, .done = local_done, .context = dispatcher};

    for (size_t i = 0; i < dispatcher->count; i++)
        if (is_relayed(dispatcher, &dispatcher->calls[i]))
            return relay_run(dispatcher->settings.relay, &loop, err);
    if (dispatcher->client != NULL)
        return http_client_run(dispatcher->client, &loop, err);
    wait_for_local(dispatcher);
    return true;
}

bool dispatcher_run(struct dispatcher *dispatcher, const struct call *calls, size_t count,
                    call_reply_function function, void *context, struct error *err)
{
    struct pending *pending = xcalloc(count, sizeof *pending);

    pthread_mutex_lock(&dispatcher->lock);
    dispatcher->calls = calls;
    dispatcher->count = count;
    dispatcher->function = function;
    dispatcher->context = context;
    pthread_mutex_unlock(&dispatcher->lock);
    for (size_t i = 0; i < count; i++) {
        pending[i] = (struct pending){.dispatcher = dispatcher, .index = i};
        if (calls[i].address != NULL)
            start_remote(&pending[i]);
    }
    for (size_t i = 0; i < count; i++)
        if (calls[i].address == NULL)
            start_local(&pending[i]);
    FAULT_POINT(dispatched);
    pass_on_stop(dispatcher);
    bool ok = wait_for_all(dispatcher, err);
    for (size_t i = 0; i < count; i++)
        if (pending[i].in_thread)
            pthread_join(pending[i].thread, NULL);
    pthread_mutex_lock(&dispatcher->lock);
    dispatcher->count = 0;
    dispatcher->stop = false; /* that came too late is not the next run's */
    pthread_mutex_unlock(&dispatcher->lock);
    free(pending);
    return ok;
}
