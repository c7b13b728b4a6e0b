/*
 * routes - what may be called, and by which roles; nothing else can be.
 */
#ifndef FLEET_AGENTS_DAEMON_ROUTES_H
#define FLEET_AGENTS_DAEMON_ROUTES_H

#include <event2/http.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/identity.h"

struct exchange;

struct route {
    enum evhttp_cmd_type method;
    const char *method_name;
    const char *path;
    unsigned roles; /* a mask of enum role */
    /* Of the body: none, a small one, or what the settings allow. */
    enum { BODY_NONE, BODY_SMALL, BODY_LARGE } body;
    void (*handle)(struct exchange *exchange);
};

enum { BODY_SMALL_BYTES = 4096 };

const struct route *routes_all(size_t *count);

/* The route, or NULL; *other is then one with the same path and another method, or NULL. */
const struct route *routes_find(enum evhttp_cmd_type method, const char *path,
                                const struct route **other);

/* The most body bytes that the route takes, and that a peer with this role may send anywhere. */
size_t route_body_limit(const struct route *route, size_t large);
size_t routes_body_limit(enum role role, size_t large);

#endif
