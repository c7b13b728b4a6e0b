#include "agents/daemon/exchange.h"

#include <event2/buffer.h>
#include <event2/keyvalq_struct.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/log.h"
#include "common/wire.h"

int exchange_status_of(enum error_code code)
{
    static const int statuses[ERROR_CODE_COUNT] = {
        [ERROR_PROTOCOL] = HTTP_BADREQUEST,
        [ERROR_IDENTITY] = 403,
        [ERROR_VERIFY] = 403,
        [ERROR_UNSUPPORTED] = 422,
        [ERROR_STALE] = 409,
        [ERROR_CONFLICT] = 409,
        [ERROR_FENCED] = 409,
        [ERROR_LOCKED] = 409,
        [ERROR_CANCELLED] = 503,
        [ERROR_CONNECT] = 503,
        [ERROR_TIMEOUT] = 503,
    };

    return statuses[code] != 0 ? statuses[code] : HTTP_INTERNAL;
}

static const char *method_name(const struct evhttp_request *request)
{
    static const struct {
        enum evhttp_cmd_type method;
        const char *name;
    } names[] = {
        {EVHTTP_REQ_GET, "GET"},       {EVHTTP_REQ_POST, "POST"},
        {EVHTTP_REQ_HEAD, "HEAD"},     {EVHTTP_REQ_PUT, "PUT"},
        {EVHTTP_REQ_DELETE, "DELETE"}, {EVHTTP_REQ_OPTIONS, "OPTIONS"},
        {EVHTTP_REQ_TRACE, "TRACE"},   {EVHTTP_REQ_CONNECT, "CONNECT"},
        {EVHTTP_REQ_PATCH, "PATCH"},
    };

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (names[i].method == evhttp_request_get_command(request))
            return names[i].name;
    return "?";
}

void exchange_log(const struct server *server, const struct identity *peer, const char *method,
                  const char *path, int status, int64_t began_ms, const char *remark)
{
    const struct clock *clock = server->settings.clock;
    char uri[IDENTITY_URI_SIZE] = "";
    char code[16];
    char spent[32];

    if (peer != NULL && peer->name[0] != '\0')
        identity_format(peer, uri);
    snprintf(code, sizeof code, "%d", status);
    snprintf(spent, sizeof spent, "%" PRId64, clock->monotonic_ms(clock) - began_ms);
    log_event(LOG_LEVEL_INFO,
              (const struct log_field[]){{"peer", uri},
                                         {"method", method},
                                         {"path", path},
                                         {"status", code},
                                         {"ms", spent},
                                         {remark != NULL ? "remark" : NULL, remark},
                                         {NULL, NULL}},
              "request");
}

static void on_answered(struct evhttp_request *request, void *context)
{
    (void)request;
    connection_rest(context);
}

static void send_json(const struct exchange *exchange, int status, const json_t *body)
{
    struct evbuffer *output = evbuffer_new();
    AUTO_BUFFER struct buffer bytes = {0};
    struct evkeyvalq *headers = evhttp_request_get_output_headers(exchange->request);

    json_write_canonical(body, &bytes);
    buffer_append_char(&bytes, '\n');
    evbuffer_add(output, bytes.bytes, bytes.length);
    evhttp_add_header(headers, "Content-Type", "application/json");
    evhttp_add_header(headers, "Cache-Control", "no-store");
    evhttp_send_reply(exchange->request, status, NULL, output);
    evbuffer_free(output);
}

static void answer(const struct exchange *exchange, int status, const json_t *body,
                   const char *remark)
{
    exchange_log(exchange->server, &exchange->peer, method_name(exchange->request),
                 evhttp_request_get_uri(exchange->request), status, exchange->began_ms, remark);
    send_json(exchange, status, body);
}

void exchange_answer(const struct exchange *exchange, int status, json_t *body_take)
{
    AUTO(json) json_t *body = body_take;

    answer(exchange, status, body, NULL);
}

void exchange_refuse(const struct exchange *exchange, int status, const struct error *err)
{
    AUTO(json)
    json_t *body = reply_encode(&(struct reply){.kind = REPLY_ERROR, .error = *err});

    answer(exchange, status, body, err->message);
}

static void close_after(const struct exchange *exchange)
{
    evhttp_add_header(evhttp_request_get_output_headers(exchange->request), "Connection", "close");
}

/* Refuses and ends the connection: what follows on it cannot be trusted to be a request. */
static bool refuse_and_close(const struct exchange *exchange, int status, const char *reason)
{
    struct error err = {0};

    error_set(&err, ERROR_PROTOCOL, "%s", reason);
    close_after(exchange);
    exchange_refuse(exchange, status, &err);
    return false;
}

static int count_headers(const struct evkeyvalq *headers, const char *name)
{
    int count = 0;

    for (const struct evkeyval *header = headers->tqh_first; header != NULL;
         header = header->next.tqe_next)
        count += strcasecmp(header->key, name) == 0;
    return count;
}

/*
 * Whether all agree on where the request ends (RFC 9112, section 6.3): evhttp takes the first of
 * several lengths, ignores an encoding that it does not know, and reads no body after a GET.
 */
static bool has_sound_length(const struct exchange *exchange)
{
    const struct evkeyvalq *headers = evhttp_request_get_input_headers(exchange->request);
    const char *encoding = evhttp_find_header(headers, "Transfer-Encoding");
    int lengths = count_headers(headers, "Content-Length");
    int encodings = count_headers(headers, "Transfer-Encoding");
    bool may_have_body = evhttp_request_get_command(exchange->request) &
                         (EVHTTP_REQ_POST | EVHTTP_REQ_PUT | EVHTTP_REQ_PATCH);

    if (lengths + encodings > 1)
        return refuse_and_close(exchange, HTTP_BADREQUEST, "the request gives its length twice");
    if (encoding != NULL && strcasecmp(encoding, "chunked") != 0)
        return refuse_and_close(exchange, HTTP_NOTIMPLEMENTED,
                                "the only transfer encoding here is chunked");
    if (lengths + encodings > 0 && !may_have_body)
        return refuse_and_close(exchange, HTTP_BADREQUEST, "this method has no body");
    return true;
}

static bool identify(struct exchange *exchange)
{
    struct error err = {0};

    if (tls_peer_identity(exchange->server->identity, connection_ssl(exchange->connection),
                          &exchange->peer, &err))
        return true;
    close_after(exchange);
    exchange_refuse(exchange, 403, &err);
    return false;
}

static bool find_route(struct exchange *exchange)
{
    const struct route *other;
    const char *uri = evhttp_request_get_uri(exchange->request);
    struct error err = {0};

    exchange->route = routes_find(evhttp_request_get_command(exchange->request), uri, &other);
    if (exchange->route != NULL)
        return true;
    if (other == NULL) {
        error_set(&err, ERROR_PROTOCOL, "there is no %s here", uri);
        exchange_refuse(exchange, HTTP_NOTFOUND, &err);
        return false;
    }
    error_set(&err, ERROR_PROTOCOL, "%s takes %s only", uri, other->method_name);
    evhttp_add_header(evhttp_request_get_output_headers(exchange->request), "Allow",
                      other->method_name);
    exchange_refuse(exchange, HTTP_BADMETHOD, &err);
    return false;
}

static bool may_call(const struct exchange *exchange)
{
    const struct identity *peer = &exchange->peer;
    struct error err = {0};

    if ((exchange->route->roles & (unsigned)peer->role) != 0)
        return true;
    error_set(&err, ERROR_IDENTITY, "%s has the role %s, which may not call %s", peer->name,
              role_name(peer->role), exchange->route->path);
    exchange_refuse(exchange, 403, &err);
    return false;
}

static bool fits(const struct exchange *exchange)
{
    size_t length = evbuffer_get_length(evhttp_request_get_input_buffer(exchange->request));
    size_t limit = route_body_limit(exchange->route, exchange->server->settings.max_request_bytes);
    struct error err = {0};

    if (length <= limit)
        return true;
    error_set(&err, ERROR_PROTOCOL, "the body has %zu bytes, %s takes %zu", length,
              exchange->route->path, limit);
    exchange_refuse(exchange, HTTP_ENTITYTOOLARGE, &err);
    return false;
}

/* A draining agent still tells its health. */
static bool is_open(const struct exchange *exchange)
{
    struct error err = {0};

    if (!exchange->server->draining)
        return true;
    close_after(exchange);
    if (exchange->route->body == BODY_NONE)
        return true;
    error_set(&err, ERROR_CONNECT, "agent %s is shutting down; try again when it is back",
              exchange->server->settings.agent);
    exchange_refuse(exchange, HTTP_SERVUNAVAIL, &err);
    return false;
}

void exchange_begin(struct evhttp_request *request, void *context)
{
    struct server *server = context;
    const struct clock *clock = server->settings.clock;
    struct exchange exchange = {
        .server = server,
        .request = request,
        .connection = connection_of(request),
        .began_ms = clock->monotonic_ms(clock),
    };

    connection_serve(exchange.connection);
    evhttp_request_set_on_complete_cb(request, on_answered, exchange.connection);
    if (has_sound_length(&exchange) && identify(&exchange) && find_route(&exchange) &&
        may_call(&exchange) && fits(&exchange) && is_open(&exchange))
        exchange.route->handle(&exchange);
}
