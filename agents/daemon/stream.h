/*
 * stream - one answer of many lines, from a worker's thread through the event loop to the client.
 *
 * The worker sends bytes and ends; the loop alone touches the request. While nothing is sent a
 * heartbeat is, so that a lost client shows. A client that does not read is waited for, up to a
 * limit: a reading request waits with it; a run, which holds locks, never waits, and past the
 * limit the client counts as lost. The request is finished once, whatever became of the client.
 */
#ifndef FLEET_AGENTS_DAEMON_STREAM_H
#define FLEET_AGENTS_DAEMON_STREAM_H

#include <event2/http.h>
#include <stdint.h>

#include "agents/daemon/connections.h"
#include "agents/daemon/mailbox.h"

struct stream_settings {
    struct event_base *base;
    struct mailbox *mailbox;
    int64_t heartbeat_ms;
    int64_t stall_ms;  /* a client that takes nothing for so long is lost */
    size_t most_bytes; /* that wait to be sent */
    bool patient;      /* the worker waits for room instead of losing the client */
};

struct stream_events {
    /* In the loop: the client is lost. */
    void (*lost)(void *context);
    /* In the loop, the last: the answer is out or its client lost; status is the HTTP one. */
    void (*finished)(void *context, int status, bool lost);
    void *context;
};

struct stream;

/* In the loop. The stream frees itself after finished(). */
struct stream *stream_new(struct evhttp_request *request, const struct stream_settings *settings,
                          const struct stream_events *events) MUST_USE;

/* The following are the worker's, from one thread at a time. */

/* The HTTP status, if nothing was sent so far; 200 otherwise. */
void stream_set_status(struct stream *stream, int status);
/* False when the client is lost: nothing more need be sent. */
bool stream_send(struct stream *stream, const char *bytes, size_t length);
/* The worker's last call. */
void stream_end(struct stream *stream);

#endif
