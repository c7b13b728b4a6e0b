/*
 * target_intents - which statements of a part that is not in one transaction have begun, ended and
 * been taken back, as the target itself keeps it.
 *
 * Plain reads and writes, as in target_tables.
 */
#ifndef FLEET_AGENTS_TARGET_INTENTS_H
#define FLEET_AGENTS_TARGET_INTENTS_H

#include "agents/engine.h"
#include "common/history.h"

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

bool target_intents_add(struct session *session, const struct intent *intent,
                        struct error *err) MUST_USE;
/* Gives an intent another status, and with it what the object is like now and who works on it. */
bool target_intents_set(struct session *session, const struct intent *intent,
                        struct error *err) MUST_USE;
/* Marks a statement as done. */
bool target_intents_finish(struct session *session, const struct digest *attempt_key, int statement,
                           struct error *err) MUST_USE;
/* Removes all intents of an attempt. */
bool target_intents_forget(struct session *session, const struct digest *attempt_key,
                           struct error *err) MUST_USE;
/* Makes the intents of an attempt those of another one, but for one that is removed: 0 for none. */
bool target_intents_adopt(struct session *session, const struct digest *from,
                          const struct digest *to, int removed, struct error *err) MUST_USE;
/* All intents, by statement. ERROR_CONFLICT for one that does not have the form of ours. */
bool target_intents_read(struct session *session, struct arena *arena,
                         const struct intent **intents, size_t *count, struct error *err) MUST_USE;

#endif
