/* sent - a store that has sent something, for tests of what comes after. */
#ifndef FLEET_TESTS_SENT_H
#define FLEET_TESTS_SENT_H

#include "orchestrator/store/store.h"

#define NONCE "0123456789abcdef0123456789abcdef"

/* A store, "state.db" here, that has sent target a of a plan to agent db-1. */
struct sent {
    struct store *store;
    struct plan *plan;
    struct rollout_record rollout;
};

struct store *open_store(void);
void send_plan(struct sent *sent);
void end_sent(struct sent *sent);

#endif
