/*
 * repair - what an operator orders about a part that stopped inside: a field of a plan's target,
 * signed with the rest.
 *
 * It names the very intents that the operator saw, so that it cannot be carried out on any other
 * state, and says from which statement the part goes on, or that it is given up. The target's
 * recipe then has one step: the one that the part belongs to.
 */
#ifndef FLEET_PLANS_REPAIR_H
#define FLEET_PLANS_REPAIR_H

#include "common/buffer.h"
#include "common/digest.h"
#include "common/json.h"

enum repair_verdict {
    REPAIR_DONE,      /* the statement in question has run: go on after it */
    REPAIR_UNDONE,    /* it has not: go on with it */
    REPAIR_CONTINUE,  /* all before this statement has run, also by hand: go on with it */
    REPAIR_TAKEN_BACK /* nothing of the part stands any more: give it up */
};
enum { REPAIR_VERDICT_COUNT = REPAIR_TAKEN_BACK + 1 };

/* "done", "undone", "continue", "taken_back". */
const char *repair_verdict_name(enum repair_verdict verdict);

struct repair {
    enum repair_verdict verdict;
    int statement;         /* of the script, from 1; for REPAIR_CONTINUE one past the last says that
                              nothing is left to do; 0 for REPAIR_TAKEN_BACK */
    struct digest intents; /* that the operator saw: intents_digest of agents/intents.h */
};

void repair_encode(const struct repair *repair, struct buffer *out);
/* Reads the object in an optional field; NULL if there is none. In the reader's arena. */
const struct repair *repair_read(struct json_reader *reader, const char *field);

#endif
