/*
 * examination - how a part stands that stopped inside, as its agent found it without changing
 * anything: a message of wire.h.
 */
#ifndef FLEET_COMMON_EXAMINATION_H
#define FLEET_COMMON_EXAMINATION_H

#include "common/json.h"

enum statement_state {
    STATEMENT_UNTOUCHED, /* was never begun */
    STATEMENT_SESSION,   /* changes the session only, and runs again before the rest */
    STATEMENT_BEGUN,     /* has no recorded end */
    STATEMENT_DONE,      /* has run: its end is recorded */
    STATEMENT_UNDOING,   /* its way back has no recorded end */
    STATEMENT_UNDONE     /* has been taken back */
};
enum { STATEMENT_STATE_COUNT = STATEMENT_UNDONE + 1 };

/* What its object, or its probe, says about the statement in question. */
enum statement_trace {
    TRACE_NOT_RUN,
    TRACE_RUN,
    TRACE_UNCLEAR, /* cannot be told */
    TRACE_NOT_READ /* nothing is in question, or somebody is at work on the target */
};
enum { STATEMENT_TRACE_COUNT = TRACE_NOT_READ + 1 };

enum { EXAMINED_TEXT_MAX = 8 * 1024, EXAMINED_STATEMENTS_MAX = 100 * 1000 };

struct examined_part {
    struct digest intents; /* what an order to repair is bound to */
    const enum statement_state *states;
    size_t count;     /* of the script's statements */
    int statement;    /* in question, from 1; 0: all that was begun has an end */
    bool back;        /* it is the statement's way back that is in question */
    bool locked;      /* somebody has the target's lock, and may be at work on it */
    bool probed;      /* the trace is what the script's own probe says */
    int lost_session; /* what follows needs what this statement left in its session; 0: none */
    const char *class; /* of the statement: "probeable", "opaque", …; "" when none is in question */
    const char *session; /* that ran it, as the server calls it */
    const char *object;  /* that it changes, as it is written; "" if its words name none */
    const char *before;  /* what that was like when the statement began; "" if it was not there */
    const char *now;     /* and is like; at most EXAMINED_TEXT_MAX bytes each */
    int64_t started_ms;  /* when it began */
    enum statement_trace trace;
};

json_t *examination_encode(const struct examined_part *examination);
/* Strict; texts go to the reader's arena. Marks the reader as failed, with its error. */
void examination_read(struct json_reader *reader, const char *field,
                      struct examined_part *examination);

#endif
