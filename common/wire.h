/*
 * wire - the messages between orchestrator and agent, format 1.
 *
 * Requests are one JSON object; replies are a stream of JSON objects, one a line, that ends with
 * "end". A heartbeat comes at least every 2 s while nothing else does. Decoding is strict: an
 * unknown field, a wrong type or a value out of bounds is ERROR_PROTOCOL with its path. Text that
 * is absent is decoded as "". Each request says its format; the reply is in the request's. The same
 * structs go between the command line and the in-process agent, which skips the bytes.
 *
 *   POST /v1/status   struct status_request   → outcome …, history, foreign, target …, end
 *   POST /v1/history  struct status_request   → rows …, end
 *   POST /v1/schema   struct status_request   → schema …, end
 *   POST /v1/examine  struct examine_request  → examination or target …, end
 *   POST /v1/health   struct examine_request  → target …, end: those that are ill
 *   POST /v1/confirm  struct examine_request  → target …, end: those that go back, or went
 *   POST /v1/run      struct run_request      → accepted, job, step …, end
 *   POST /v1/stop     struct stop_request     → 200 {}
 */
#ifndef FLEET_COMMON_WIRE_H
#define FLEET_COMMON_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/engine_kind.h"
#include "common/error.h"
#include "common/examination.h"
#include "common/foreign.h"
#include "common/history.h"
#include "common/json.h"

enum { WIRE_FORMAT = 1, WIRE_HEARTBEAT_MS = 2000, WIRE_LINE_MAX = 16 * 1024 * 1024 };

/* A store has the outcomes of a rollout up to one, by seq; OUTCOMES_ALL: a stream told all. */
#define OUTCOMES_ALL INT64_MAX
struct acknowledgement {
    const char *rollout;
    int64_t through;
};

/* Asks for what came of a store's rollouts and did not reach it, and says what did. An agent has
   no outcomes for whoever may not run plans. */
struct outcomes_request {
    const char *store;
    const struct acknowledgement *had;
    size_t had_count;
};

struct status_request {
    const char *const *targets; /* names; none asks for all of the agent's */
    size_t target_count;
    bool fingerprint;                        /* also take each target's fingerprint now */
    const struct foreign_request *foreign;   /* also read another tool's history; NULL: do not.
                                                only /v1/status has a use for it */
    const struct outcomes_request *outcomes; /* NULL: do not hand over any; as above */
};

/* By how much one rollout's epoch may be above what a target or a store has seen. Whoever claims
   more would soon leave no number for the others. */
#define EPOCH_LEAP_MAX (INT64_C(1) << 32)

struct run_request {
    const char *store;         /* the orchestrator's store id, 32 hex digits */
    const char *rollout;       /* its rollout id, 32 hex digits */
    const char *operator_name; /* in-process only; over TLS the certificate says it */
    int64_t epoch;
    int max_parallel;    /* jobs at once on this agent */
    bool back;           /* take back what the plan did on its targets, instead of doing it */
    bool keep;           /* a failed step leaves the steps before it, each complete */
    const json_t *slice; /* plans/slice.h decodes and verifies it; its targets are the jobs */
};

struct stop_request {
    const char *rollout;
};

/* Asks how parts stand that stopped inside, by the plan that began them: its scripts and probes
   were signed. A target that cannot be examined is a "target" with an error. /v1/health asks for
   the query that the plan has as health_sql; /v1/confirm has what the plan applied stay, where it
   was under confirm_within. */
struct examine_request {
    const json_t *slice;
};

/* A statement that was begun on an engine without transactional DDL and has no end yet. */
struct open_intent {
    const char *version;
    const char *name;
    enum direction direction;
    int statement;         /* from 1 */
    const char *summary;   /* its beginning, at most 200 characters */
    struct digest attempt; /* that left it: the key says which plan began it; none from an agent
                              that does not say */
};

/* What one target looks like. */
struct target_status {
    const char *target;
    enum engine_kind engine;
    const char *server;   /* "PostgreSQL 15.7", "MariaDB 10.11.6", "SQLite 3.40.1" */
    const char *identity; /* of the database: system identifier, server uuid or file id */
    int64_t timeline;     /* of a PostgreSQL primary; 0 when there is none or it may not be read */
    bool read_only;       /* a replica, or not to be written to: its history is not to be trusted */
    int64_t seq;          /* of the last row; 0 for an empty history */
    struct digest head;   /* none for an empty history */
    int64_t epoch;        /* of the fence; 0 if there is none */
    const char *store;    /* of the fence; "" if there is none */
    const char *at_work;  /* rollout that has a job under way there; "" if none has */
    struct digest applied; /* id of a set that a "history" message gave earlier on this stream */
    struct digest fingerprint;          /* of the schema now; none if not asked for */
    struct digest recorded_fingerprint; /* of the last history row; none where a job ended early */
    const struct open_intent *intent;   /* NULL if there is none */
    const struct error *error; /* set when the target could not be read; the rest is then empty */
};

enum job_state {
    JOB_STARTED,
    JOB_APPLIED,        /* all steps of the plan are in the history */
    JOB_FAILED_CLEAN,   /* failed before anything changed, or the transaction undid all of it */
    JOB_ROLLED_BACK,    /* steps were undone; the target is where it was */
    JOB_HALTED,         /* failed; earlier steps stay, each complete: no way back was given */
    JOB_UNKNOWN,        /* the outcome of a commit is not known */
    JOB_NEEDS_OPERATOR, /* stopped inside a step; the error names the statement */
    JOB_REFUSED,        /* not begun: not ours, stale, fenced, not signed, not reachable */
    JOB_SKIPPED,        /* not begun: the rollout was stopped */
    JOB_STATE_COUNT
};

const char *job_state_name(enum job_state state);
bool job_state_from_name(const char *name, enum job_state *state);

enum step_state { STEP_STARTED, STEP_DONE, STEP_FAILED, STEP_WAITING, STEP_STATE_COUNT };

const char *step_state_name(enum step_state state);

enum run_event_kind { RUN_ACCEPTED, RUN_JOB, RUN_STEP, RUN_EVENT_KIND_COUNT };

/* One thing that happened in a run; fields that do not apply are zero. */
struct run_event {
    enum run_event_kind kind;
    const char *target;   /* of RUN_JOB and RUN_STEP */
    enum job_state job;   /* of RUN_JOB */
    enum step_state step; /* of RUN_STEP; waiting means for a lock, error says whose */
    const char *version;
    const char *name;
    enum direction direction;
    int64_t duration_ms;
    int64_t seq;               /* after it */
    struct digest head;        /* after it; of RUN_JOB and RUN_STEP that changed it */
    struct digest fingerprint; /* of a finished RUN_JOB */
    const struct error *error; /* why a step or job failed */
};

json_t *acknowledgement_encode(const struct acknowledgement *acknowledgement);
/* Reads the fields of the object that the reader is at. */
void acknowledgement_read(struct json_reader *reader, struct acknowledgement *acknowledgement);

json_t *status_request_encode(const struct status_request *request);
bool status_request_decode(const json_t *value, struct arena *arena, struct status_request *request,
                           struct error *err) MUST_USE;
json_t *run_request_encode(const struct run_request *request);
/* request->slice is borrowed from value. */
bool run_request_decode(const json_t *value, struct arena *arena, struct run_request *request,
                        struct error *err) MUST_USE;
json_t *stop_request_encode(const struct stop_request *request);
bool stop_request_decode(const json_t *value, struct arena *arena, struct stop_request *request,
                         struct error *err) MUST_USE;

json_t *examine_request_encode(const struct examine_request *request);
/* request->slice is borrowed from value. */
bool examine_request_decode(const json_t *value, struct arena *arena,
                            struct examine_request *request, struct error *err) MUST_USE;

/* One message of a reply's stream. */
enum reply_kind {
    REPLY_HEARTBEAT,
    REPLY_HISTORY, /* set */
    REPLY_TARGET,  /* status */
    REPLY_ROWS,    /* target, rows */
    REPLY_SCHEMA,  /* target, lines: some of them, whole; in several messages if they are many */
    REPLY_FOREIGN, /* target, foreign; before the target's status */
    REPLY_EVENT,   /* event */
    REPLY_ERROR,   /* error: the request as a whole was refused; the last one */
    REPLY_OUTCOME, /* rollout, seq, event: what came of a step or job, not told before */
    REPLY_EXAMINATION, /* target, examination */
    REPLY_END,
    REPLY_KIND_COUNT
};

struct reply {
    enum reply_kind kind;
    struct applied_set set;
    struct target_status status;
    const char *target;
    const struct history_row *rows;
    size_t row_count;
    const char *lines; /* of the schema: agents/engine.h introspect; each ends with a newline */
    struct foreign_history foreign;
    struct examined_part examination;
    struct run_event event;
    const char *rollout;
    int64_t seq; /* rises within a rollout on one agent */
    struct error error;
};

/* The message as a JSON object (without the newline). */
json_t *reply_encode(const struct reply *reply);
bool reply_decode(const json_t *value, struct arena *arena, struct reply *reply,
                  struct error *err) MUST_USE;

#endif
