/*
 * collection - outcomes that agents kept because they did not reach this store: asked for with a
 * survey, recorded once, and told to the operator.
 *
 * What agents say is not trusted: only outcomes of targets that the inventory gives to that agent
 * count, of jobs that the store sent.
 */
#ifndef FLEET_ORCHESTRATOR_COLLECTION_H
#define FLEET_ORCHESTRATOR_COLLECTION_H

#include "inventory/inventory.h"
#include "orchestrator/store/store.h"
#include "orchestrator/terminal.h"

struct collection;

/* Both are borrowed. */
struct collection *collection_new(struct store *store, const struct inventory *inventory) MUST_USE;
void collection_free(struct collection *collection);
AUTO_DEFINE(collection)

/* Asks for what agents keep for another store, which is gone. It is not recorded, as this store
   never sent it: collection_items has it. */
void collection_ask_for(struct collection *collection, const char *store);
const struct kept_outcome *collection_items(const struct collection *collection, size_t *count);

/* What to ask an agent; the collection's. */
const struct outcomes_request *collection_request(struct collection *collection, const char *agent,
                                                  struct error *err) MUST_USE;

/* Takes an outcome that an agent handed over. */
void collection_take(struct collection *collection, const char *agent, const struct reply *outcome);

/* Records what was taken; the agents hear of it when they are asked next. */
bool collection_record(struct collection *collection, struct error *err) MUST_USE;

/* A line for each job whose end was news. */
void collection_report(const struct collection *collection, const struct terminal *terminal);

#endif
