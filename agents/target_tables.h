/*
 * target_tables - fleet's own tables on a target: history and fence; target_intents has the third
 * (engine.h has their columns).
 *
 * Plain reads and writes; in which transaction and under which lock is the caller's business.
 */
#ifndef FLEET_AGENTS_TARGET_TABLES_H
#define FLEET_AGENTS_TARGET_TABLES_H

#include "agents/engine.h"
#include "common/history.h"

/* What is looked at before anything is done: one row, one query. */
struct target_head {
    int64_t seq;        /* of the last row; 0 for an empty history */
    struct digest head; /* none for an empty history */
    bool fenced;        /* whether the fence has a row */
    int64_t epoch;      /* 0 without one */
    char store[64];
    char rollout[64];
    int64_t intents; /* of a part that has not come to its row, whatever their status */
};

/* Runs a statement on our tables; each %s in it stands for their qualifier. */
bool target_tables_ask(struct session *session, const char *template, const char *const *parameters,
                       size_t count, row_function row, void *context, struct error *err) MUST_USE;

/* Harmless when they are there. */
bool target_tables_create(struct session *session, struct error *err) MUST_USE;

bool target_tables_head(struct session *session, struct target_head *head,
                        struct error *err) MUST_USE;

/* Rows with a greater seq than `after`, by seq; texts go to the arena. ERROR_CONFLICT for a row
   that does not have the form of ours. */
bool target_tables_rows(struct session *session, int64_t after, struct arena *arena,
                        const struct history_row **rows, size_t *count, struct error *err) MUST_USE;
bool target_tables_add_row(struct session *session, const struct history_row *row,
                           struct error *err) MUST_USE;

/* Whether the history has a row with that key. */
bool target_tables_has_key(struct session *session, const struct digest *attempt_key, bool *present,
                           struct error *err) MUST_USE;

/* Writes the fence; exists tells whether it has a row. */
bool target_tables_set_fence(struct session *session, bool exists, const char *store,
                             const char *rollout, int64_t epoch, struct error *err) MUST_USE;

#endif
