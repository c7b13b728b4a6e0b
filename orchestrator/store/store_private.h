/* store_private - the store's inside, for the files that make it up. */
#ifndef FLEET_ORCHESTRATOR_STORE_STORE_PRIVATE_H
#define FLEET_ORCHESTRATOR_STORE_STORE_PRIVATE_H

#include "orchestrator/store/liveness.h"
#include "orchestrator/store/store.h"

struct store {
    struct store_place place; /* texts are the caller's */
    struct database *database;
    const struct clock *clock;
    const struct random_source *random;
    struct liveness *liveness; /* once a rollout was begun or looked for */
    char id[ID_SIZE];
};

/* Within a transaction: the ledger's entry, and the job's row; once, however often it is told. */
bool store_record_outcome(struct store *store, const struct rollout_record *rollout,
                          const char *plan, const struct outcome *outcome, bool *added,
                          struct error *err) MUST_USE;

/* Whether the ledger has the outcome: a rollout does a step, and ends a job, in one way once. */
bool store_is_recorded(struct store *store, const struct ledger_entry *entry, bool *recorded,
                       struct error *err) MUST_USE;

/* Opens the file of living rollouts, once. */
bool store_open_liveness(struct store *store, struct error *err) MUST_USE;

/* Within the transaction that begins a rollout: to what course it belongs. */
bool store_enter_course(struct store *store, const struct rollout_record *rollout,
                        struct error *err) MUST_USE;

/* Within a transaction: its course has got to this wave, from 1. */
bool store_note_wave(struct store *store, const struct rollout_record *rollout, size_t number,
                     struct error *err) MUST_USE;

/* Ends a transaction: all or nothing. */
bool store_commit_or_undo(struct store *store, bool ok, struct error *err) MUST_USE;

/* Within a transaction: these agents need not keep anything of the rollout. */
bool store_put_had_all(struct store *store, const char *rollout, const struct rollout_end *end,
                       struct error *err) MUST_USE;

#endif
