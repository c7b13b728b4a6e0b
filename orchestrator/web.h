/*
 * web - one request to a service that is no agent: a health check, a notification.
 *
 * http and https, no redirections, no body larger than a mebibyte; what the body says is dropped.
 */
#ifndef FLEET_ORCHESTRATOR_WEB_H
#define FLEET_ORCHESTRATOR_WEB_H

#include <stddef.h>

#include "common/error.h"

struct web_request {
    const char *url;
    const char *body; /* of a POST; NULL: GET */
    size_t length;
    const char *const *headers; /* "Name: value", NULL at the end; NULL: none */
    long timeout_ms;
};

/* Any status is an answer. Errors never name the URL, which may hold a secret. */
bool web_ask(const struct web_request *request, long *status, struct error *err) MUST_USE;

#endif
