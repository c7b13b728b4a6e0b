/*
 * service - what an agent does for its targets, without a socket.
 *
 * fleet-agent puts it behind mutual TLS; the command line calls it in-process for targets with
 * agent = local. Work fans out over a bounded pool of threads, a session each; sessions that
 * status opened are kept for a while, so that an apply that follows need not log in again.
 *
 * Replies go to a sink: it is called by one thread at a time, but by any thread, and must not
 * block for long nor call back into the service; only the stops may be called from anywhere.
 */
#ifndef FLEET_AGENTS_SERVICE_H
#define FLEET_AGENTS_SERVICE_H

#include "agents/target.h"
#include "common/clock.h"
#include "common/random.h"
#include "common/wire.h"
#include "plans/slice.h"

struct journal;
struct unconfirmed;

struct service_settings {
    const char *fleet; /* plans for another fleet are refused; NULL: not checked */
    const char *agent; /* the name that plans give this agent: "local" in-process */
    const struct agent_target *targets; /* all of them; must outlive the service */
    size_t target_count;
    const struct trusted_key *keys; /* copied */
    size_t key_count;
    int workers;                  /* threads at most; 1 to 512 */
    int kept_sessions;            /* idle sessions at most */
    int64_t keep_ms;              /* an idle session is closed after this */
    int64_t lock_timeout_ms;      /* of one try to get a lock; 0: 3 s */
    int64_t lock_budget_ms;       /* for all tries of one step; 0: 60 s */
    int64_t max_blocking_ms;      /* that others wait behind a statement that waits; 0: 3 s */
    int64_t statement_timeout_ms; /* 0: none */
    int64_t long_transaction_ms;  /* an older one that a step waits for refuses it; 0: 5 min */
    bool any_transaction;         /* none refuses a step, however old */
    bool any_space;               /* nor does a disk without room for it */
    struct journal *journal;      /* borrowed; NULL in-process: the targets' own tables suffice */
    struct unconfirmed
        *unconfirmed; /* borrowed; NULL in-process: confirm_within is refused there */
    const struct clock *clock;
    const struct random_source *random;
};

struct service;

struct service *service_new(const struct service_settings *settings, struct error *err) MUST_USE;
/* Waits for what runs. */
void service_free(struct service *service);
AUTO_DEFINE(service)

typedef void (*reply_sink)(void *context, const struct reply *reply);

/* Each ends with REPLY_END or REPLY_ERROR to the sink, and blocks until then. An unreachable target
   is a status with an error, never a failure of the whole. */
void service_status(struct service *service, const struct status_request *request, reply_sink sink,
                    void *context);
void service_history(struct service *service, const struct status_request *request, reply_sink sink,
                     void *context);
void service_schema(struct service *service, const struct status_request *request, reply_sink sink,
                    void *context);
void service_examine(struct service *service, const struct examine_request *request,
                     reply_sink sink, void *context);
/* Runs the query that the plan signs as health_sql on each target of the slice. Those that are well
   are not told of; a target that is ill, or could not be asked, has an error. */
void service_health(struct service *service, const struct examine_request *request, reply_sink sink,
                    void *context);
/* Of a plan under confirm_within: what it applied to the targets of the slice stays. A target that
   is on its way back by then, or was, has an error. */
void service_confirm(struct service *service, const struct examine_request *request,
                     reply_sink sink, void *context);
/* operator_name is who asks, as the certificate or the system says. */
void service_run(struct service *service, const struct run_request *request,
                 const char *operator_name, reply_sink sink, void *context);

/* Replaces the keys that may sign plans; copies them. For a reload. */
void service_trust(struct service *service, const struct trusted_key *keys, size_t count);

/* No further job of the rollout begins; what runs goes on to its end. */
void service_stop(struct service *service, const char *rollout);

/* Whoever was told with that context is gone: no further job of that run begins. The rollout may
   ask for them again. */
void service_abandon(struct service *service, const void *context);

/* Stops all rollouts, those to come as well; for draining. */
void service_stop_all(struct service *service);

/* Closes idle sessions that are past their time; call it now and then. */
void service_tidy(struct service *service);

#endif
