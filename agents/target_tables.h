/*
 * target_tables - fleet's own tables on a target: history, fence and intents (engine.h has their
 * columns).
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

/* How far the statement of an intent is. */
enum intent_status {
    INTENT_OPEN,    /* begun */
    INTENT_DONE,    /* has run */
    INTENT_UNDOING, /* its way back has begun */
    INTENT_UNDONE   /* has run, and so has its way back */
};

struct intent {
    struct digest attempt_key;
    int statement; /* of the script, from 1 */
    struct digest sha256;
    const char *class_name;
    enum intent_status status; /* of a new one: open */
    const char *before;        /* what its object was like before, as engine.describe says */
    const char *session;       /* what the server calls the session that runs it */
    const char *version;
    const char *name;
    enum direction direction;
    const char *summary; /* the statement's beginning */
    int64_t started_ms;
};

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

bool target_tables_add_intent(struct session *session, const struct intent *intent,
                              struct error *err) MUST_USE;
/* Gives an intent another status, and with it what the object is like now and who works on it. */
bool target_tables_set_intent(struct session *session, const struct intent *intent,
                              struct error *err) MUST_USE;
/* Marks a statement as done. */
bool target_tables_finish_intent(struct session *session, const struct digest *attempt_key,
                                 int statement, struct error *err) MUST_USE;
/* Removes all intents of an attempt. */
bool target_tables_forget_intents(struct session *session, const struct digest *attempt_key,
                                  struct error *err) MUST_USE;
/* Makes the intents of an attempt those of another one, but for one that is removed: 0 for none. */
bool target_tables_adopt_intents(struct session *session, const struct digest *from,
                                 const struct digest *to, int removed, struct error *err) MUST_USE;
/* All intents, by statement. ERROR_CONFLICT for one that does not have the form of ours. */
bool target_tables_intents(struct session *session, struct arena *arena,
                           const struct intent **intents, size_t *count,
                           struct error *err) MUST_USE;

#endif
