/*
 * target_questions - one question about a plan to each of some of its targets, through their
 * agents.
 */
#ifndef FLEET_ORCHESTRATOR_TARGET_QUESTIONS_H
#define FLEET_ORCHESTRATOR_TARGET_QUESTIONS_H

#include "inventory/inventory.h"
#include "orchestrator/dispatcher.h"

struct target_question {
    enum call_kind kind; /* CALL_HEALTH or CALL_CONFIRM */
    const struct plan *plan;
    const size_t *members; /* of the plan's targets; each is in the inventory */
    size_t count;
};

/* False when any target, or agent, has an answer that is an error: the first, with its code, and
   how many more there are. */
bool target_questions_ask(struct dispatcher *dispatcher, const struct inventory *inventory,
                          const struct target_question *question, struct error *err) MUST_USE;

#endif
