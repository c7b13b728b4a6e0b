/* sent - a store that has sent something, for tests of what comes after. */
#ifndef FLEET_TESTS_SENT_H
#define FLEET_TESTS_SENT_H

#include "orchestrator/store/store.h"

#define NONCE "0123456789abcdef0123456789abcdef"

/* A store that has sent target a of a plan to agent db-1. */
struct sent {
    struct store *store;
    struct plan *plan;
    struct rollout_record rollout;
};

/* Where the store of this directory is: "state.db", or a database of its own on the PostgreSQL
   server that FLEET_TEST_STORE names. Valid until the next call. */
struct store_place store_here(void);
struct store *open_store(void);
void send_plan(struct sent *sent);
void end_sent(struct sent *sent);

#endif
