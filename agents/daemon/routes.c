#include "agents/daemon/routes.h"

#include <string.h>

#include "agents/daemon/calls.h"
#include "agents/daemon/orders.h"
#include "common/scope.h"

enum {
    READERS = ROLE_VIEWER | ROLE_DEPLOYER | ROLE_ADMIN,
    WRITERS = ROLE_DEPLOYER | ROLE_ADMIN,
    ANYONE = ROLE_AGENT | READERS
};

static const struct route routes[] = {
    {EVHTTP_REQ_GET, "GET", "/healthz", ANYONE, BODY_NONE, handle_health},
    {EVHTTP_REQ_POST, "POST", "/v1/status", READERS, BODY_LARGE, handle_status},
    {EVHTTP_REQ_POST, "POST", "/v1/history", READERS, BODY_LARGE, handle_history},
    {EVHTTP_REQ_POST, "POST", "/v1/schema", READERS, BODY_LARGE, handle_schema},
    {EVHTTP_REQ_POST, "POST", "/v1/examine", READERS, BODY_LARGE, handle_examine},
    {EVHTTP_REQ_POST, "POST", "/v1/health", WRITERS, BODY_LARGE, handle_plan_health},
    {EVHTTP_REQ_POST, "POST", "/v1/confirm", WRITERS, BODY_LARGE, handle_confirm},
    {EVHTTP_REQ_POST, "POST", "/v1/run", WRITERS, BODY_LARGE, handle_run},
    {EVHTTP_REQ_POST, "POST", "/v1/stop", WRITERS, BODY_SMALL, handle_stop},
};

const struct route *routes_all(size_t *count)
{
    *count = COUNT_OF(routes);
    return routes;
}

const struct route *routes_find(enum evhttp_cmd_type method, const char *path,
                                const struct route **other)
{
    *other = NULL;
    for (size_t i = 0; i < COUNT_OF(routes); i++) {
        if (strcmp(routes[i].path, path) != 0)
            continue;
        if (routes[i].method == method)
            return &routes[i];
        *other = &routes[i];
    }
    return NULL;
}

size_t route_body_limit(const struct route *route, size_t large)
{
    const size_t limits[] = {
        [BODY_NONE] = 0, [BODY_SMALL] = BODY_SMALL_BYTES, [BODY_LARGE] = large};

    return limits[route->body];
}

size_t routes_body_limit(enum role role, size_t large)
{
    size_t most = 0;

    for (size_t i = 0; i < COUNT_OF(routes); i++) {
        size_t limit = route_body_limit(&routes[i], large);

        if ((routes[i].roles & (unsigned)role) != 0 && limit > most)
            most = limit;
    }
    return most;
}
