/*
 * executor - runs one job on one session: steps up or down, each applied once or not at all.
 *
 * A transactional part is one transaction: lock, fence, history read again, script, checks,
 * history row. Elsewhere every statement is parsed by the server first; then, one by one, an intent
 * is committed, the statement run, its end marked. When a step fails the steps of this job that
 * were done are taken back, newest first, as far as the plan has a way; what could not be taken
 * back is reported as such. docs/execution.md tells it as a story.
 */
#ifndef FLEET_AGENTS_EXECUTOR_H
#define FLEET_AGENTS_EXECUTOR_H

#include "agents/engine.h"
#include "common/random.h"
#include "common/wire.h"
#include "plans/plan.h"

struct job {
    const struct plan *plan; /* of a verified slice */
    const struct plan_target *target;
    const char *store;
    const char *rollout;
    const char *operator_name;
    int64_t epoch;
    bool back; /* take back what the plan did here: the job ends as JOB_ROLLED_BACK, without an
                  error, when that worked */
    bool keep; /* steps that were done stay when a later one fails */
};

/* How patient a job is; defaults in executor_limits_default. */
struct executor_limits {
    int64_t lock_timeout_ms;      /* of one try, unless the script says otherwise: 3 s */
    int64_t lock_budget_ms;       /* for all tries of one step: 60 s */
    int64_t max_blocking_ms;      /* that others wait behind what waits, unless the script's lock
                                     timeout is longer: 3 s */
    int64_t statement_timeout_ms; /* 0: none */
    int64_t long_transaction_ms; /* that a step has to wait for and that is older refuses it: 5 min;
                                    0: none does */
    bool any_space;              /* do not compare free space with what a step may take */
};
struct executor_limits executor_limits_default(void);

typedef void (*run_observer)(void *context, const struct run_event *event);

/* Runs the job and tells the observer each step and, last, the job's end. The return value is that
   end; err says why when it is not JOB_APPLIED. The session is left outside any transaction and
   without our lock; reset it before somebody else uses it. A job that was delivered before goes on
   from where the target's history says it is. */
enum job_state executor_run(struct session *session, const struct job *job,
                            const struct executor_limits *limits,
                            const struct random_source *random, run_observer observer,
                            void *context, struct error *err) MUST_USE;

/* Fills a status from the target; set's items go to the arena. Never creates a table. */
bool executor_status(struct session *session, bool fingerprint, struct arena *arena,
                     struct target_status *status, struct applied_set *set,
                     struct error *err) MUST_USE;

/* All rows of the history. */
bool executor_history(struct session *session, struct arena *arena, const struct history_row **rows,
                      size_t *count, struct error *err) MUST_USE;

#endif
