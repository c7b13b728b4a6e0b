/*
 * target_answers - something read of each of some targets, asked of their agents at once.
 *
 * A target answers in any number of replies, and its agent ends when all of its targets have.
 */
#ifndef FLEET_ORCHESTRATOR_TARGET_ANSWERS_H
#define FLEET_ORCHESTRATOR_TARGET_ANSWERS_H

#include "inventory/selector.h"
#include "orchestrator/dispatcher.h"

struct target_answer {
    bool reached;
    struct error error; /* if not reached, or if the answer may not be all */
};

/* Takes a reply of the kind that was asked for, of the target at that place of the selection. False
   and err: what is wrong with it; later ones of that target are dropped. */
typedef bool (*target_answer_function)(void *context, size_t place, const struct reply *reply,
                                       struct error *err);

struct target_reading {
    enum call_kind call;   /* that takes a status request */
    enum reply_kind reply; /* that the targets answer with */
    target_answer_function take;
    void *context;
};

/* answers has a zeroed one for each target of the selection. */
bool target_answers_take(struct dispatcher *dispatcher, const struct inventory *inventory,
                         const struct selection *selection, const struct target_reading *reading,
                         struct target_answer *answers, struct error *err) MUST_USE;

#endif
