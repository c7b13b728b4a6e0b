/*
 * dispatcher - one request to each of many agents, local or remote, and their replies in one place.
 *
 * Remote agents are reached through http_client, or through workers; the local one is
 * agents/service.h in a thread of its own. Replies are handed over one at a time, by whichever
 * thread has them.
 */
#ifndef FLEET_ORCHESTRATOR_DISPATCHER_H
#define FLEET_ORCHESTRATOR_DISPATCHER_H

#include "agents/service.h"
#include "common/tls.h"
#include "common/wire.h"
#include "orchestrator/workers/relay.h"

enum call_kind {
    CALL_STATUS,
    CALL_HISTORY,
    CALL_SCHEMA,
    CALL_EXAMINE,
    CALL_HEALTH,
    CALL_CONFIRM,
    CALL_RUN
};

struct call {
    enum call_kind kind;
    const char *agent;              /* "local" for the in-process one */
    const char *address;            /* NULL for the in-process one */
    struct status_request status;   /* of CALL_STATUS, CALL_HISTORY and CALL_SCHEMA */
    struct examine_request examine; /* of CALL_EXAMINE, CALL_HEALTH and CALL_CONFIRM */
    struct run_request run;         /* of CALL_RUN */
};

struct dispatcher_settings {
    const char *operator_name;           /* for the local agent's histories */
    const struct tls_identity *identity; /* NULL when there is no remote agent */
    struct service *local;               /* NULL when there is no local target */
    struct relay *relay;                 /* who makes the calls to run; NULL: the dispatcher does */
    size_t max_streams;                  /* to remote agents at once */
    const struct clock *clock;
};

struct dispatcher;

struct dispatcher *dispatcher_new(const struct dispatcher_settings *settings) MUST_USE;
void dispatcher_free(struct dispatcher *dispatcher);
AUTO_DEFINE(dispatcher)

/* call is the index; each call ends with exactly one REPLY_END or REPLY_ERROR. */
typedef void (*call_reply_function)(void *context, size_t call, const struct reply *reply);

/* Sends all calls and returns when each has ended. */
bool dispatcher_run(struct dispatcher *dispatcher, const struct call *calls, size_t count,
                    call_reply_function function, void *context, struct error *err) MUST_USE;

/* From within a reply function: asks every agent of the calls under way to begin no further job. */
void dispatcher_stop(struct dispatcher *dispatcher);

/* The same from another thread, at once for the in-process agent; if no call is under way, those of
   the next run begin nothing. */
void dispatcher_interrupt(struct dispatcher *dispatcher);

#endif
