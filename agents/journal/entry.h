/*
 * entry - what the journal's records say: each a type, a format and canonical JSON.
 *
 * Decoding is strict. A type or format that this release does not know is ERROR_UNSUPPORTED: it may
 * be what keeps a statement from running twice, so it is never skipped.
 */
#ifndef FLEET_AGENTS_JOURNAL_ENTRY_H
#define FLEET_AGENTS_JOURNAL_ENTRY_H

#include "agents/journal/frame.h"
#include "common/wire.h"

enum entry_type {
    ENTRY_ACCEPTED = 1, /* a rollout's slice of a plan, before anything is done for it */
    ENTRY_SEEN,         /* the highest epoch of one target; written by compaction only */
    ENTRY_BEGUN,        /* a job, or a step of it */
    ENTRY_OUTCOME,      /* of a step or a job: the wire's REPLY_OUTCOME */
    ENTRY_ACKNOWLEDGED, /* the orchestrator has a rollout's outcomes up to one */
};

/* The targets of one request, and what they are asked to do. */
struct acceptance {
    struct digest plan;
    const char *nonce; /* of the plan */
    const char *environment;
    const char *store;
    const char *rollout;
    int64_t epoch;
    int64_t until_ms; /* UTC: of no use to anybody after this */
    const char *const *targets;
    size_t target_count;
};

struct seen_epoch {
    const char *target;
    const char *rollout;
    int64_t epoch;
};

struct beginning {
    const char *target;
    const char *rollout;
    const char *step; /* "up 003_three"; "" for the job as such */
};

struct journal_entry {
    enum entry_type type;
    union {
        struct acceptance accepted;
        struct seen_epoch seen;
        struct beginning begun;
        struct reply outcome;
        struct acknowledgement acknowledged;
    };
};

/* Appends the payload's bytes. */
void entry_write(const struct journal_entry *entry, struct buffer *out);

/* Texts go to the arena. */
bool entry_read(const struct frame *frame, struct arena *arena, struct journal_entry *entry,
                struct error *err) MUST_USE;

#endif
