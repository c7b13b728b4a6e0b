#include "agents/daemon/calls.h"

#include <event2/buffer.h>
#include <stdlib.h>

#include "agents/daemon/exchange.h"
#include "agents/daemon/stream.h"
#include "common/log.h"
#include "common/memory.h"

/* What may wait for a client: reading pauses there; a run gives the client up. */
enum { READ_AHEAD_BYTES = 1024 * 1024, RUN_AHEAD_BYTES = 32 * 1024 * 1024 };

struct call;
typedef bool (*call_work)(struct call *call, const json_t *value, struct error *err);

struct call {
    struct server *server;
    struct identity peer;
    const struct route *route;
    int64_t began_ms;
    call_work work;
    struct stream *stream;
    struct evbuffer *body; /* the worker's */
    struct arena *arena;   /* the worker's, freed with the call */
    bool answered;         /* the worker's: something was sent */
    const char *rollout;   /* of a run; in the arena */
};

static void log_job(const struct call *call, const struct run_event *event)
{
    const struct error *err = event->error;

    log_event(event->job == JOB_APPLIED ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING,
              (const struct log_field[]){{"target", event->target},
                                         {"state", job_state_name(event->job)},
                                         {"rollout", call->rollout},
                                         {"operator", call->peer.name},
                                         {err != NULL ? "error" : NULL, err ? err->message : NULL},
                                         {NULL, NULL}},
              "job ended");
}

static void log_refusal(const struct call *call, const struct error *err)
{
    log_event(LOG_LEVEL_WARNING,
              (const struct log_field[]){{"path", call->route->path},
                                         {"operator", call->peer.name},
                                         {"error", err->message},
                                         {NULL, NULL}},
              "request refused");
}

static void abandon(struct call *call)
{
    service_abandon(call->server->settings.service, call);
}

/* The service's sink. */
static void send_reply(void *context, const struct reply *reply)
{
    struct call *call = context;
    AUTO_BUFFER struct buffer line = {0};
    AUTO(json) json_t *message = reply_encode(reply);

    if (reply->kind == REPLY_EVENT && reply->event.kind == RUN_JOB &&
        reply->event.job != JOB_STARTED)
        log_job(call, &reply->event);
    if (reply->kind == REPLY_ERROR)
        log_refusal(call, &reply->error);
    if (reply->kind == REPLY_ERROR && !call->answered)
        stream_set_status(call->stream, exchange_status_of(reply->error.code));
    call->answered = true;
    json_write_canonical(message, &line);
    buffer_append_char(&line, '\n');
    if (!stream_send(call->stream, line.bytes, line.length))
        abandon(call);
}

static json_t *parse_body(struct call *call, struct error *err)
{
    struct evbuffer *body = call->body;
    size_t length = evbuffer_get_length(body);
    json_t *value = json_parse((const char *)evbuffer_pullup(body, -1), length, err);

    evbuffer_free(body);
    call->body = NULL;
    return value;
}

/* On a thread of the pool. */
static void work(void *context)
{
    struct call *call = context;
    struct error err = {0};
    struct stream *stream = call->stream;
    AUTO(json) json_t *value = parse_body(call, &err);

    if (value == NULL || !call->work(call, value, &err))
        send_reply(call, &(struct reply){.kind = REPLY_ERROR, .error = err});
    stream_end(stream);
}

static void on_lost(void *context)
{
    abandon(context);
}

static void on_finished(void *context, int status, bool lost)
{
    struct call *call = context;
    struct server *server = call->server;

    exchange_log(server, &call->peer, call->route->method_name, call->route->path, status,
                 call->began_ms, lost ? "the client was lost" : NULL);
    arena_free(call->arena);
    free(call);
    server_stream_finished(server);
}

/* Whether the server has a thread for one more. */
static bool has_room(const struct exchange *exchange)
{
    const struct server *server = exchange->server;
    struct error err = {0};

    if (server->streams < server->settings.max_streams)
        return true;
    error_set(&err, ERROR_CONNECT, "agent %s is at work on %d requests; try again soon",
              server->settings.agent, server->streams);
    evhttp_add_header(evhttp_request_get_output_headers(exchange->request), "Retry-After", "1");
    exchange_refuse(exchange, HTTP_SERVUNAVAIL, &err);
    return false;
}

static void start(struct exchange *exchange, call_work function, bool patient)
{
    struct server *server = exchange->server;

    if (!has_room(exchange))
        return;
    struct call *call = xcalloc(1, sizeof *call);
    const struct stream_settings settings = {
        .base = server->base,
        .mailbox = server->mailbox,
        .heartbeat_ms = server->settings.heartbeat_ms,
        .stall_ms = server->settings.stall_timeout_ms,
        .most_bytes = patient ? READ_AHEAD_BYTES : RUN_AHEAD_BYTES,
        .patient = patient,
    };
    const struct stream_events events = {on_lost, on_finished, call};

    call->server = server;
    call->peer = exchange->peer;
    call->route = exchange->route;
    call->began_ms = exchange->began_ms;
    call->work = function;
    call->arena = arena_new();
    call->body = evbuffer_new();
    evbuffer_add_buffer(call->body, evhttp_request_get_input_buffer(exchange->request));
    call->stream = stream_new(exchange->request, &settings, &events);
    server->streams++;
    worker_pool_submit(server->pool, work, call);
}

static bool work_status(struct call *call, const json_t *value, struct error *err)
{
    struct status_request request;

    if (!status_request_decode(value, call->arena, &request, err))
        return false;
    if (call->peer.role == ROLE_VIEWER)
        request.outcomes = NULL; /* who may not run plans may not have their outcomes dropped */
    service_status(call->server->settings.service, &request, send_reply, call);
    return true;
}

static bool work_history(struct call *call, const json_t *value, struct error *err)
{
    struct status_request request;

    if (!status_request_decode(value, call->arena, &request, err))
        return false;
    service_history(call->server->settings.service, &request, send_reply, call);
    return true;
}

static bool work_schema(struct call *call, const json_t *value, struct error *err)
{
    struct status_request request;

    if (!status_request_decode(value, call->arena, &request, err))
        return false;
    service_schema(call->server->settings.service, &request, send_reply, call);
    return true;
}

static bool work_examine(struct call *call, const json_t *value, struct error *err)
{
    struct examine_request request;

    if (!examine_request_decode(value, call->arena, &request, err))
        return false;
    service_examine(call->server->settings.service, &request, send_reply, call);
    return true;
}

static bool work_health(struct call *call, const json_t *value, struct error *err)
{
    struct examine_request request;

    if (!examine_request_decode(value, call->arena, &request, err))
        return false;
    service_health(call->server->settings.service, &request, send_reply, call);
    return true;
}

static bool work_confirm(struct call *call, const json_t *value, struct error *err)
{
    struct examine_request request;

    if (!examine_request_decode(value, call->arena, &request, err))
        return false;
    service_confirm(call->server->settings.service, &request, send_reply, call);
    return true;
}

static bool work_run(struct call *call, const json_t *value, struct error *err)
{
    struct run_request request;

    if (!run_request_decode(value, call->arena, &request, err))
        return false;
    call->rollout = request.rollout;
    service_run(call->server->settings.service, &request, call->peer.name, send_reply, call);
    return true;
}

void handle_status(struct exchange *exchange)
{
    start(exchange, work_status, true);
}

void handle_history(struct exchange *exchange)
{
    start(exchange, work_history, true);
}

void handle_schema(struct exchange *exchange)
{
    start(exchange, work_schema, true);
}

void handle_examine(struct exchange *exchange)
{
    start(exchange, work_examine, true);
}

void handle_confirm(struct exchange *exchange)
{
    start(exchange, work_confirm, true);
}

void handle_plan_health(struct exchange *exchange)
{
    start(exchange, work_health, true);
}

void handle_run(struct exchange *exchange)
{
    start(exchange, work_run, false);
}
