/*
 * executor_parts - what the parts of the executor share: the run of one job, and its pieces of
 * work.
 *
 * executor.c walks over the steps; executor_work.c reads their scripts; executor_server.c asks
 * which server this is; executor_outlook.c what a part will ask of it; executor_gate.c decides
 * under the lock whether a part may run; executor_transaction.c and executor_statements.c run it;
 * executor_finish.c checks what it did and writes its history row. What runs statement by statement
 * has parts of its own: executor_statements.h.
 */
#ifndef FLEET_AGENTS_EXECUTOR_PARTS_H
#define FLEET_AGENTS_EXECUTOR_PARTS_H

#include "agents/executor.h"
#include "agents/statement_facts.h"
#include "agents/target_intents.h"
#include "agents/target_tables.h"
#include "plans/script.h"

/* One script of a step, forwards or back, ready to run. */
struct work {
    const struct plan_step *step;
    enum direction direction;
    const char *file;       /* NULL if there is no script, as for a baseline */
    struct digest rendered; /* of the script's bytes; none without one */
    struct digest key;      /* of the attempt */
    struct digest undo_key; /* of the attempt that takes it back */
    struct directives directives;
    const struct statement *statements;
    const struct statement_facts *facts; /* of each statement */
    size_t count;
    const struct statement *undo; /* of the way back, for pairs of statements; may be NULL */
    const struct statement_facts *undo_facts;
    size_t undo_count;
    const struct intent *left; /* that an earlier attempt left, under the lock; NULL for none */
    size_t left_count;
    bool back;    /* takes back another work of the job */
    bool repairs; /* settles what the step after it had left (executor_repair.c) */
    bool transactional;
    bool leaves_settings; /* a statement may change the session */
    bool last;            /* its row gets the fingerprint */
    bool done;            /* its row is in the history */
    bool by_another;      /* by another rollout of the plan, whose outcome that is */
    bool undone;          /* so is that of its way back */
};

struct run {
    struct session *session;
    struct session *fresh; /* ours, when the caller's was lost: then session is this one */
    const struct job *job;
    const struct executor_limits *limits;
    const struct random_source *random;
    run_observer observer;
    void *context;
    struct arena *arena;
    struct work *works;
    size_t count;
    struct digest head; /* that the history must have now */
    int64_t seq;        /* of that head, once read */
    bool moved;         /* head is no longer the plan's: rows of this job came after */
    bool taken_back;    /* the history says that this job was being rolled back */
    bool has_tables;
    bool fence_exists;
    bool fence_due; /* the fence is not ours yet */
    struct digest fingerprint;
};

/* How a part ended; err is set unless it is PART_DONE. */
enum part_end {
    PART_DONE,
    PART_FAILED,  /* the target is as it was before the part */
    PART_REFUSED, /* the same, and nothing was tried */
    PART_UNKNOWN, /* whether it was committed is not known */
    PART_STUCK    /* stopped inside; an intent or the error says where */
};

/* executor_server.c */

/* Whether a session of the run leads to the database that the plan was made for, and may write
   there: ERROR_STALE or ERROR_UNSUPPORTED. Asked of each session before it does anything, and again
   under the lock: a server may be made a replica meanwhile, and behind a pooler each transaction
   may meet another one. */
bool server_check(const struct run *run, struct session *session, struct error *err) MUST_USE;

/* executor_outlook.c */

/* Under the lock, before a part's first statement: whether the disk has room for what its
   statements may write (ERROR_UNSUPPORTED), and whether none of them has to wait for a transaction
   that has been open for long or is prepared (ERROR_LOCKED, naming each). A way back is not kept
   waiting. */
bool outlook_check(struct run *run, const struct work *work, struct error *err) MUST_USE;

/* executor_work.c */

/* Reads the scripts of all steps; ERROR_UNSUPPORTED for what the engine cannot do, and for
   transaction control, before anything runs. */
bool works_prepare(struct run *run, struct error *err) MUST_USE;
/* The way back of a work; ERROR_CONFLICT when it has none. */
bool work_prepare_undo(struct run *run, const struct work *done, struct work *undo,
                       struct error *err) MUST_USE;
/* The step there or its way back, whichever has the attempt key; *found tells. */
bool work_prepare_attempt(struct run *run, const struct plan_step *step, const struct digest *key,
                          struct work *work, bool *found, struct error *err) MUST_USE;
/* Puts statement and place into an error that statement index (from 0) gave. Always false. */
bool work_locate(const struct work *work, size_t index, struct error *err);

/* executor_gate.c */

/* For how long a part has waited for locks. */
struct patience {
    int64_t since_ms;
    int64_t pause_ms;
    bool told;
};
struct patience patience_start(const struct run *run);
/* For the next statement, which has the whole budget again. */
void patience_renew(struct patience *patience, const struct run *run);
/* After ERROR_LOCKED: pauses, tells the observer once who is in the way, and clears err. False,
   with the blocker in err, when the budget is spent or the run is cancelled. */
bool patience_wait(struct run *run, const struct work *work, struct patience *patience,
                   struct error *err) MUST_USE;

/* Sets timeouts for a work; without one for locks if patient. */
bool gate_limit(struct run *run, const struct work *work, bool patient, struct error *err) MUST_USE;
/* Sets timeouts and foreign keys for a work; outside any transaction. */
bool gate_configure(struct run *run, const struct work *work, struct error *err) MUST_USE;
/* Takes the lock or fails with ERROR_LOCKED. */
bool gate_lock(struct run *run, enum lock_span span, struct error *err) MUST_USE;
/* Under the lock: asks which server this is, makes our tables, compares the history's head and the
   fence with the job, and looks for open intents. Marks works that the history has; work->done
   tells. */
bool gate_enter(struct run *run, struct work *work, struct error *err) MUST_USE;
/* Marks the works that the history has, before a job is taken back; gate_enter looks again. */
bool gate_catch_up(struct run *run, struct error *err) MUST_USE;
/* Writes the fence if it is due. */
bool gate_raise(struct run *run, struct error *err) MUST_USE;
/* In a transaction of its own, for a part that failed without one. What is not transactional has
   the lock still. */
void gate_keep_fence(struct run *run, const struct work *work);
/* After a lost reply: reads on a new session, under the lock, whether the part's row is there. The
   new session then is the run's. PART_DONE, PART_FAILED, or PART_UNKNOWN. */
enum part_end gate_settle(struct run *run, struct work *work, const struct history_row *row,
                          struct error *err);
/* Gives the run a new session if its own is broken. */
bool gate_reconnect(struct run *run, struct error *err) MUST_USE;

/* executor_finish.c */

/* After the statements, in the part's transaction: checks, fingerprint, history row. */
bool part_finish(struct run *run, const struct work *work, int64_t started_ms,
                 struct history_row *row, struct error *err) MUST_USE;
/* The row is committed: the job goes on from there. */
void part_note_row(struct run *run, struct work *work, const struct history_row *row);

/* executor_transaction.c, executor_statements.c */
enum part_end part_run_transaction(struct run *run, struct work *work, struct error *err);
enum part_end part_run_statements(struct run *run, struct work *work, struct error *err);

#endif
