/*
 * store - the orchestrator's durable state: plans that were applied, rollouts, their jobs, the
 * epoch.
 *
 * Intentions are committed before anything is sent. The store is a cache and a diary; what is
 * applied where, the targets' own histories say.
 */
#ifndef FLEET_ORCHESTRATOR_STORE_STORE_H
#define FLEET_ORCHESTRATOR_STORE_STORE_H

#include "common/clock.h"
#include "common/random.h"
#include "common/wire.h"
#include "orchestrator/store/database.h"
#include "orchestrator/store/ledger.h"
#include "plans/plan.h"

enum { ID_SIZE = 33 }; /* 32 hex digits and a NUL */

struct store;

/* Opens or creates it, and brings what an older release made to this one's format. The place's
   texts must outlive the store. */
struct store *store_open(const struct store_place *place, const struct clock *clock,
                         const struct random_source *random, struct error *err) MUST_USE;
void store_free(struct store *store);
AUTO_DEFINE(store)

/* 32 hex digits that name this store for ever. */
const char *store_id(const struct store *store);
/* For the ledger's readers. */
struct database *store_database(struct store *store);

struct rollout_record {
    char id[ID_SIZE];
    int64_t epoch;
    const char *operator_name;
    const char *first;     /* id of the rollout that it goes on with or takes back; NULL for none */
    bool back;             /* it takes back */
    const char *terms;     /* of the first: how to run it, in words */
    const size_t *members; /* of the plan's targets, those that have a job; NULL: all */
    size_t member_count;
};

/*
 * Records that a plan is about to be sent: gives the rollout an id and an epoch above every one
 * that the store or a target has seen (EPOCH_LEAP_MAX), keeps the plan's bytes, and enters a job
 * per target. Until its end the rollout counts as alive while this process is, and no other one of
 * its environment begins: ERROR_LOCKED names who has it.
 */
bool store_begin_rollout(struct store *store, const struct plan *plan, int64_t epoch_seen,
                         struct rollout_record *rollout, struct error *err) MUST_USE;

/* Records that a wave is about to be sent, there or back. ERROR_STALE if the rollout was closed as
   interrupted meanwhile; the same at its end. */
struct wave_record {
    size_t number; /* from 1 */
    size_t of;
    size_t targets;
};
bool store_begin_wave(struct store *store, const struct rollout_record *rollout,
                      const struct plan *plan, const struct wave_record *wave,
                      struct error *err) MUST_USE;

/* Records that a health check failed after a wave, from 1, and what was wrong. */
bool store_note_health(struct store *store, const struct rollout_record *rollout,
                       const struct plan *plan, size_t wave, const char *what,
                       struct error *err) MUST_USE;

/* What happened since the last call, as one transaction. */
struct outcome {
    const char *target;
    bool is_step;         /* else the job's end */
    const char *subject;  /* of a step: "up 001_users" */
    const char *result;   /* state name */
    enum error_code code; /* ERROR_NONE if it went well */
    const char *message;  /* "" if it went well */
};
bool store_record(struct store *store, const struct rollout_record *rollout,
                  const struct plan *plan, const struct outcome *outcomes, size_t count,
                  struct error *err) MUST_USE;

/* result: "applied"; "failed"; "stopped" by its budget, or since a way back failed; "paused" by an
   operator or an agent; "aborted" by an operator, for good; "halted", for an outcome is unknown;
   "rolled_back" if that was its aim. The agents are those whose streams told all of it: they need
   not keep its outcomes. */
struct rollout_end {
    const char *result;
    const char *const *agents;
    size_t agent_count;
};
bool store_end_rollout(struct store *store, const struct rollout_record *rollout,
                       const struct plan *plan, const struct rollout_end *end,
                       struct error *err) MUST_USE;

/* A rollout whose process was ended before it could say how it ended. */
struct interrupted_rollout {
    const char *id;
    const char *environment;
    const char *plan; /* its digest */
    const char *operator_name;
    const char *started_at;
    int64_t epoch;
};

/* Closes each that has no living process as "interrupted", and its jobs that have no end as
   unknown: store_collect may still give them one. Those that it closed are in the arena. */
bool store_close_interrupted(struct store *store, struct arena *arena,
                             const struct interrupted_rollout **rollouts, size_t *count,
                             struct error *err) MUST_USE;

/*
 * The newest rollout of an environment, with all before it that it goes on with: the first began on
 * the terms, and each other one went on with it or took it back.
 */
struct course_rollout {
    const char *id;
    const char *state; /* "running", "interrupted", or a result */
    const char *operator_name;
    const char *started_at;
    const char *ended_at; /* NULL while it runs */
    int64_t epoch;
    bool back;
};
struct course {
    const char *terms; /* NULL: of an older release, which kept none */
    struct digest plan;
    size_t waves_sent;                     /* at least 1 */
    const struct course_rollout *rollouts; /* in the order of their epochs */
    size_t count;                          /* 0: the environment has no rollout */
};
bool store_read_course(struct store *store, const char *environment, struct arena *arena,
                       struct course *course, struct error *err) MUST_USE;

/* What operators ask of a rollout that runs, from elsewhere. */
enum rollout_request { REQUEST_NONE, REQUEST_PAUSE, REQUEST_ABORT };

/* Asks it of the environment's rollout that runs; the ledger has who. False with ERROR_STALE if
   none runs. */
bool store_ask(struct store *store, const char *environment, enum rollout_request request,
               const char *operator_name, struct error *err) MUST_USE;
bool store_read_request(struct store *store, const char *rollout, enum rollout_request *request,
                        struct error *err) MUST_USE;

/* What others are told of an environment's rollouts: entries of the ledger, in its order. */
struct notice {
    int64_t seq;
    const char *at;
    const char *operator_name;
    const char *what; /* "rollout", "health", "rollout-end" */
    const char *rollout;
    const char *environment;
    const char *result;
    const char *detail;
};
/* What was told is remembered; from the first call on, what came before needs not be told. */
bool store_begin_notices(struct store *store, const char *environment, struct error *err) MUST_USE;
/* The first that was not told yet; *found tells. In the arena. */
bool store_next_notice(struct store *store, const char *environment, struct arena *arena,
                       struct notice *notice, bool *found, struct error *err) MUST_USE;
bool store_note_told(struct store *store, const struct notice *notice, struct error *err) MUST_USE;

/* Closes what came to a halt for good: nobody goes on with it. */
bool store_abort(struct store *store, const struct course *course, const char *environment,
                 const char *operator_name, struct error *err) MUST_USE;

/* The newest rollouts, the newest first. */
struct listed_rollout {
    struct course_rollout rollout;
    const char *environment;
    const char *first; /* id of the one that it goes on with or takes back; its own if it is none */
    size_t jobs;
    size_t done; /* of them: applied, or taken back */
    size_t unknown;
};
bool store_list_rollouts(struct store *store, size_t limit, struct arena *arena,
                         const struct listed_rollout **rollouts, size_t *count,
                         struct error *err) MUST_USE;

/* A job of one of a course's rollouts. */
struct course_job {
    const char *target;
    const char *state; /* job_state_name, or "dispatched" */
    enum error_code code;
    const char *message;
    bool back;
};
/* In the order of the rollouts' epochs, and in that in which they ended. */
bool store_read_course_jobs(struct store *store, const char *first, struct arena *arena,
                            const struct course_job **jobs, size_t *count,
                            struct error *err) MUST_USE;

/* A job of an ended rollout of which nobody told how it ended. */
struct unsettled_job {
    const char *rollout;
    const char *target;
    struct digest plan;
    int64_t epoch;
};

/* Those of one rollout follow each other; in the arena. */
bool store_read_unsettled(struct store *store, struct arena *arena,
                          const struct unsettled_job **jobs, size_t *count,
                          struct error *err) MUST_USE;

/* What the store has of an agent's outcomes; in the arena. */
bool store_read_had(struct store *store, const char *agent, struct arena *arena,
                    struct outcomes_request *request, struct error *err) MUST_USE;

/* An outcome that an agent kept, for it had not been told; or that its target's history tells. */
struct kept_outcome {
    const char *agent; /* NULL: none need be told that the store has it */
    const char *rollout;
    int64_t seq;
    struct outcome outcome;
    bool is_news; /* set by store_collect: it was recorded now */
};

/* Records each that the store does not have yet, and that it has them, in one transaction. Those of
   rollouts and targets that the store never sent to anybody are left out. */
bool store_collect(struct store *store, struct kept_outcome *outcomes, size_t count,
                   struct error *err) MUST_USE;

/* What came of a target's jobs, newest first, a hundred at most; in the arena. */
struct past_job {
    struct digest plan;
    const char *rollout;
    const char *operator_name;
    const char *state; /* job_state_name, or "sent" when nothing was heard of it */
    const char *message;
};
bool store_read_jobs(struct store *store, const char *target, struct arena *arena,
                     struct past_job **jobs, size_t *count, struct error *err) MUST_USE;

/* Of a lost store: adds those entries that the ledger does not have, and gives no epoch any more up
   to that one. */
bool store_take_over(struct store *store, const struct ledger_entry *entries, size_t count,
                     int64_t epoch, size_t *added, struct error *err) MUST_USE;

/* The document of a plan that was applied; *found tells. */
bool store_read_plan(struct store *store, const struct digest *digest, struct buffer *document,
                     bool *found, struct error *err) MUST_USE;

#endif
