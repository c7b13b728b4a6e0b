/*
 * executor_statements - what the parts share that run a script statement by statement, outside one
 * transaction.
 *
 * executor_statements.c walks over the statements; executor_marks.c keeps the intents that say how
 * far it is; executor_probe.c tells what a statement has done; executor_resume.c goes on where an
 * earlier attempt was cut off; executor_repair.c settles that as an operator ordered;
 * executor_compensate.c takes back what ran before a failure.
 */
#ifndef FLEET_AGENTS_EXECUTOR_STATEMENTS_H
#define FLEET_AGENTS_EXECUTOR_STATEMENTS_H

#include "agents/executor_parts.h"
#include "agents/object_state.h"

/* How far a part is. */
struct progress {
    struct run *run;
    struct work *work;
    struct patience patience;
    size_t start;    /* statements before this one are over, in this attempt or an earlier one */
    bool marked;     /* an intent of this attempt may be there */
    size_t done;     /* statements before this one have run for good */
    bool ran;        /* and so has this one, its end unmarked, before what failed … */
    bool open;       /* … when a transaction was still open */
    bool suspect;    /* the one at `done` may have left something */
    bool looks_only; /* nothing may be changed: a probe drops no invalid index */
    bool lost;       /* the session or its lock: whoever takes the lock next can tell more */
    const char *rows_table; /* the last one that was asked about, and the answer: */
    bool rows_stay;
    struct buffer before; /* what the object of the statement at hand was like */
};

void progress_roll_back(struct run *run);
/* In the transaction that is open, or a new one. */
bool progress_begin(struct run *run, struct error *err) MUST_USE;
/* Runs a statement under the limits of the part. CONCURRENTLY waits for old transactions, and cut
   short by a lock timeout it leaves an invalid index behind: the statement's own limit ends it, and
   whoever waits behind it. */
bool progress_run(struct progress *progress, const struct statement *statement,
                  const struct statement_facts *facts, struct error *err) MUST_USE;
/* What stays is for a person: the intent says where, the error why. */
enum part_end progress_stuck(const struct progress *progress, const char *reason,
                             struct error *err);

/* executor_marks.c */

/* The first statement from index on that changes more than the session; count if there is none. */
size_t marks_next(const struct work *work, size_t index);
/* One commit: the fence if it is due, the end of the statement before, the intent of the next. */
bool marks_move(struct progress *progress, size_t next, struct error *err) MUST_USE;
/* The same in the transaction that is open, which whatever comes next may end. */
bool marks_move_inside(struct progress *progress, size_t next, struct error *err) MUST_USE;
/* Removes the intents of this attempt, on a new session if ours is lost. */
bool marks_forget(struct progress *progress, struct error *err) MUST_USE;
/* Takes over the intents of an earlier attempt, whose open one is over or to be run again; position
   is the statement to run next. One commit, with the fence. */
bool marks_adopt(struct progress *progress, const struct intent *open, bool over, size_t position,
                 struct error *err) MUST_USE;
/* Adds the intent of a statement that has run, as somebody says. */
bool marks_claim(struct progress *progress, const struct digest *key, size_t index,
                 struct error *err) MUST_USE;
/* Marks a statement that has run as being taken back, or taken back. */
bool marks_undo(struct progress *progress, size_t index, enum intent_status status,
                const char *before, struct error *err) MUST_USE;

/* executor_probe.c */

/* What the object of a statement is like now; nothing for one that changes no object. */
bool probe_describe(struct run *run, const struct statement_facts *facts, struct buffer *out,
                    struct error *err) MUST_USE;
/* The class of a statement, once it is known whether its table has transactions. */
bool probe_class(struct progress *progress, size_t index, enum statement_class *statement_class,
                 struct error *err) MUST_USE;
/* Whether a statement has run, when its session is gone. An index that it left invalid is dropped.
   Never OBJECT_HALF. */
bool probe_judge(struct progress *progress, const struct statement *statement,
                 const struct statement_facts *facts, const char *before,
                 enum object_verdict *verdict, struct error *err) MUST_USE;

/* executor_resume.c */

/* Settles what an earlier attempt left, so that the part can go on from progress->start. */
enum part_end resume_part(struct progress *progress, struct error *err);
/* Ends the session that an intent names, and waits for that: it may have given the lock away and
   work on. */
bool resume_await_end(struct progress *progress, const struct intent *intent,
                      struct error *err) MUST_USE;

/* executor_repair.c */

/* Settles the intents as the target's order says: PART_DONE, PART_REFUSED or PART_UNKNOWN. */
enum part_end repair_part(struct progress *progress, int64_t started_ms, struct error *err);

/* executor_compensate.c */

/* Brings the target back to where the part began, if that can be known. */
enum part_end compensate(struct progress *progress, struct error *err);
/* Finishes that for an earlier attempt. */
enum part_end compensate_left(struct progress *progress, struct error *err);

#endif
