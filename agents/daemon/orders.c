#include "agents/daemon/orders.h"

#include <event2/buffer.h>

#include "agents/daemon/exchange.h"
#include "common/log.h"
#include "common/wire.h"
#include "plans/plan.h"

void handle_health(struct exchange *exchange)
{
    const struct server *server = exchange->server;
    json_t *body =
        json_pack("{s:s, s:s, s:{s:i, s:i}, s:I, s:b}", "name", server->settings.agent, "version",
                  FLEET_VERSION, "formats", "wire", WIRE_FORMAT, "plan", PLAN_FORMAT, "targets",
                  (json_int_t)server->settings.target_count, "draining", server->draining);

    exchange_answer(exchange, HTTP_OK, body);
}

void handle_stop(struct exchange *exchange)
{
    struct evbuffer *body = evhttp_request_get_input_buffer(exchange->request);
    size_t length = evbuffer_get_length(body);
    AUTO(arena) struct arena *arena = arena_new();
    struct stop_request request;
    struct error err = {0};
    AUTO(json)
    json_t *value = json_parse((const char *)evbuffer_pullup(body, -1), length, &err);

    if (value == NULL || !stop_request_decode(value, arena, &request, &err)) {
        exchange_refuse(exchange, exchange_status_of(err.code), &err);
        return;
    }
    service_stop(exchange->server->settings.service, request.rollout);
    log_event(LOG_LEVEL_INFO,
              (const struct log_field[]){
                  {"rollout", request.rollout}, {"operator", exchange->peer.name}, {NULL, NULL}},
              "rollout stopped");
    exchange_answer(exchange, HTTP_OK, json_object());
}
