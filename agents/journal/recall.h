/*
 * recall - what the journal's records add up to: plans and epochs seen, jobs under way, and the
 * outcomes that the orchestrator may not have.
 *
 * Pure: a fold over entries, and questions about it. Not for two threads at once.
 */
#ifndef FLEET_AGENTS_JOURNAL_RECALL_H
#define FLEET_AGENTS_JOURNAL_RECALL_H

#include "agents/journal/entry.h"

struct recall;

struct recall *recall_new(void) MUST_USE;
void recall_free(struct recall *recall);
AUTO_DEFINE(recall)

/* An entry as it stands in the file. */
struct record_bytes {
    enum entry_type type;
    const char *payload;
    size_t length;
};

/* Takes in an entry, which was read from these bytes or written as them; both are copied. */
void recall_take(struct recall *recall, const struct journal_entry *entry,
                 const struct record_bytes *bytes);

bool recall_knows_plan(const struct recall *recall, const struct digest *plan);

/* Whether it may be accepted: no other plan has its nonce or its rollout. ERROR_VERIFY. */
bool recall_may_accept(const struct recall *recall, const struct acceptance *acceptance,
                       struct error *err) MUST_USE;

/* Whether no newer rollout was accepted for the target, and none of an equal epoch. ERROR_FENCED.
 */
bool recall_may_begin(const struct recall *recall, const char *target, const char *rollout,
                      int64_t epoch, struct error *err) MUST_USE;

/* The highest epoch that was accepted for the target; 0 if none was. One that leaps above the last
   by more than EPOCH_LEAP_MAX is not believed: the target's own fence has to judge it. */
int64_t recall_epoch(const struct recall *recall, const char *target);

/* Jobs that were begun and have no end. */
typedef void (*beginning_function)(void *context, const struct beginning *beginning);
void recall_unfinished(const struct recall *recall, beginning_function function, void *context);

/* Outcomes of a store's rollouts that were not acknowledged, in order; store NULL: of all. */
typedef void (*outcome_function)(void *context, const struct reply *outcome);
void recall_outcomes(const struct recall *recall, const char *store, outcome_function function,
                     void *context);

/* Whether the rollout is of that store. */
bool recall_is_of_store(const struct recall *recall, const char *rollout, const char *store);

/* Drops plans past their time, and outcomes that nobody fetched for RECALL_KEEP_MS after it. */
#define RECALL_KEEP_MS (INT64_C(90) * 24 * 60 * 60 * 1000)
void recall_forget(struct recall *recall, int64_t now_ms);

/* Records that add up to the same. */
typedef void (*record_function)(void *context, const struct record_bytes *record);
void recall_write(const struct recall *recall, record_function function, void *context);

#endif
