/*
 * journal - the agent's own durable record: what it accepted, what it is at work on, and what came
 * of it until the orchestrator knows.
 *
 * One file of frames in the state directory, which one process holds at a time. Room is reserved
 * when work is accepted, so that a full disk refuses work instead of losing its outcome. Threads
 * that need durability at the same time share one sync. After a write or sync that failed nobody
 * knows what is on the disk, so the journal refuses work until it is opened again.
 *
 * A target's own tables are the truth; what the journal loses, they still say. Safe for threads.
 */
#ifndef FLEET_AGENTS_JOURNAL_JOURNAL_H
#define FLEET_AGENTS_JOURNAL_JOURNAL_H

#include "agents/journal/entry.h"
#include "agents/journal/storage.h"
#include "common/clock.h"

struct journal;

struct journal_settings {
    const char *directory;         /* made (0700) if it is missing */
    const struct storage *storage; /* NULL: the system's */
    const struct clock *clock;
    size_t compact_from; /* bytes: a smaller file is never compacted; 0: 4 MiB */
};

/* What a person should hear about it when it was opened. */
struct journal_opening {
    size_t dropped;    /* bytes of a torn tail */
    size_t unfinished; /* jobs that the last process left, now with an unknown outcome */
};

/* Opens or makes the journal of a directory. ERROR_CONFIG when others may enter it, ERROR_LOCKED
   while another process has it, ERROR_VERIFY when it is damaged, ERROR_UNSUPPORTED when a newer
   release wrote it. opening may be NULL. */
struct journal *journal_open(const struct journal_settings *settings,
                             struct journal_opening *opening, struct error *err) MUST_USE;
void journal_free(struct journal *journal);
AUTO_DEFINE(journal)

/* Takes a slice in before anything is done for it, and reserves room for the outcomes of so many
   steps and jobs; durable on return. ERROR_VERIFY when the nonce or the rollout came with another
   content before; ERROR_IO when it cannot be kept. */
bool journal_accept(struct journal *journal, const struct acceptance *acceptance, size_t outcomes,
                    struct error *err) MUST_USE;

/* Whether a plan was accepted and is not past its time. */
bool journal_knows_plan(struct journal *journal, const struct digest *plan);

/* ERROR_FENCED when a newer rollout, or another of the same epoch, was accepted for the target. */
bool journal_may_begin(struct journal *journal, const char *target, const char *rollout,
                       int64_t epoch, struct error *err) MUST_USE;

/* The highest epoch that was accepted for the target; 0 if none was. */
int64_t journal_epoch(struct journal *journal, const char *target);

/* Writes what happened in a rollout: the beginning of a job or step, or its end, which then is kept
   for the orchestrator. It outlives this process at once, and the machine after journal_sync. */
void journal_note(struct journal *journal, const char *rollout, const struct run_event *event);
bool journal_sync(struct journal *journal, struct error *err) MUST_USE;

/* Hands over the outcomes that a store was not told, after dropping those that it has. */
typedef void (*outcome_sink)(void *context, const struct reply *outcome);
void journal_hand_over(struct journal *journal, const struct outcomes_request *request,
                       outcome_sink sink, void *context);

#endif
