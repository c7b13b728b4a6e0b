/* service_parts - what the files of the service share; see service.h. */
#ifndef FLEET_AGENTS_SERVICE_PARTS_H
#define FLEET_AGENTS_SERVICE_PARTS_H

#include <pthread.h>

#include "agents/journal/journal.h"
#include "agents/reply_channel.h"
#include "agents/runs.h"
#include "agents/service.h"
#include "agents/session_cache.h"
#include "agents/unconfirmed/unconfirmed.h"
#include "agents/worker_pool.h"

struct service {
    struct service_settings settings; /* without keys: those are below */
    const struct agent_target **by_name;
    struct worker_pool *pool;
    struct session_cache *cache;
    struct runs *runs;
    pthread_rwlock_t trust_lock;
    struct arena *trust; /* holds the keys */
    const struct trusted_key *keys;
    size_t key_count;
    pthread_t ways_back; /* takes back what is not confirmed */
    bool has_ways_back;
};

/* Some of a slice's targets, on the agent's own account: why they are taken back. */
struct run_selection {
    const char *const *targets;
    size_t count;
    const struct error *reason;
};

/* service_run; selection may be NULL: all. */
void service_run_selected(struct service *service, const struct run_request *request,
                          const char *operator_name, const struct run_selection *selection,
                          reply_sink sink, void *context);

/* The thread that takes back what is not confirmed in time; none without settings.unconfirmed. */
bool service_begin_ways_back(struct service *service, struct error *err) MUST_USE;
void service_end_ways_back(struct service *service);

/* One request that reads, as the workers see it. */
struct reading {
    struct service *service;
    const struct status_request *request;
    struct reply_channel *channel;
    const struct slice *slice; /* where a plan says what to look at; NULL otherwise */
    enum session_use use;      /* what is left of a session */
};

typedef bool (*reader)(const struct reading *reading, struct session *session, struct arena *arena,
                       struct error *err);

/* The index-th target of the request, read; what went wrong is told as its status. */
void reading_item(const struct reading *reading, size_t index, reader read);

enum slice_use {
    SLICE_TO_RUN,
    SLICE_TO_TAKE_BACK,
    SLICE_TO_LOOK /* at what it did: it may be over */
};

/* Whether the plan means this target of ours, as we know it. */
bool service_check_scope(const struct service *service, const struct plan_header *header,
                         const struct plan_target *planned, const struct agent_target *target,
                         struct error *err) MUST_USE;

/* Whether those who may have signed it for these targets of ours, and it may be used now. */
bool service_verify(struct service *service, const struct slice *slice, enum slice_use use,
                    struct error *err) MUST_USE;

/* Reads each target of a signed slice by a function for worker_pool_for_each, whose context is the
   struct reading. */
struct slice_reading {
    enum slice_use use;
    void (*read_item)(void *context, size_t index);
    enum session_use session;
};
void service_read_slice(struct service *service, const struct examine_request *request,
                        const struct slice_reading *how, reply_sink sink, void *context);

/* NULL if this agent does not own such a target. */
const struct agent_target *service_target(const struct service *service, const char *name);

/* Says that the target is not ours, and how that may have come about. Always false. */
bool service_refuse_foreign(const struct service *service, const char *name, struct error *err);

#endif
