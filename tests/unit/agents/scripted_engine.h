/*
 * scripted_engine - SQLite behind an engine whose faults are written down beforehand.
 *
 * All functions are SQLite's but those that a fault touches. Without transactions it commits before
 * and after each CREATE, ALTER and DROP, as MySQL does.
 */
#ifndef TESTS_UNIT_AGENTS_SCRIPTED_ENGINE_H
#define TESTS_UNIT_AGENTS_SCRIPTED_ENGINE_H

#include "agents/engine.h"

enum commit_reply {
    REPLY_ARRIVES,
    REPLY_LOST_AFTER_COMMIT,
    REPLY_LOST_BEFORE_COMMIT, /* the server never saw the request */
};

struct scripted_engine {
    struct engine engine;
    struct agent_target target; /* sessions of the engine are on this one */

    /* What shall happen; a count goes down to 0 as it does. */
    int lock_refusals;
    int lost_at_commit; /* the how-manieth commit from now, from 1; 0 for none */
    enum commit_reply reply;
    const char *locked_once;     /* a statement with this text fails once with ERROR_LOCKED */
    const char *lost_at;         /* a statement with this text runs and loses its connection */
    const char *lock_lost_after; /* one with this text loses the session's lock */
    bool refuse_open;
    int moves_at; /* the how-manieth question from now finds another database; 0 for none */
    bool read_only;
    int64_t table_bytes;   /* of each table; in the file's directory */
    const char *lingering; /* whoever has been in a transaction for long */
    int dies_at; /* the how-manieth message to the server from now is the client's last; 0: none */
    enum commit_reply last_words; /* whether the server still acts upon it */

    /* What happened. */
    int commits;
    int opened;
    int parsed;
    int foreseen;
    bool lock_lost;
};

/* On the file of a target; transactional or not. */
void scripted_engine_init(struct scripted_engine *scripted, const struct agent_target *target,
                          bool transactional);

#endif
