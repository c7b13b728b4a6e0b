/*
 * intents - what the intents of a part that stopped inside say together. Pure.
 */
#ifndef FLEET_AGENTS_INTENTS_H
#define FLEET_AGENTS_INTENTS_H

#include "agents/target_intents.h"

/* The one whose statement has a beginning and no end: of the way back, if one was begun. NULL if
   all have an end. */
const struct intent *intents_in_question(const struct intent *intents, size_t count);
/* The one of the statement that ran last; there must be one. */
const struct intent *intents_last(const struct intent *intents, size_t count);
/* Whether the statements before the one that failed were being taken back. */
bool intents_taken_back(const struct intent *intents, size_t count);

/* Over attempt key, statement, SHA-256, class and status of each, in order: what an order to repair
   is bound to. None for no intents. */
struct digest intents_digest(const struct intent *intents, size_t count);

#endif
