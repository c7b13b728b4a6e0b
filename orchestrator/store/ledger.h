/*
 * ledger - the append-only log of intentions and outcomes in the store.
 *
 * Entry n holds the hash of entry n-1; its own hash is SHA-256 over the canonical JSON of all its
 * fields but the hash (format 1). The triggers of the store refuse changes; the chain shows them
 * if they were made all the same.
 */
#ifndef FLEET_ORCHESTRATOR_STORE_LEDGER_H
#define FLEET_ORCHESTRATOR_STORE_LEDGER_H

#include <stdint.h>

#include "common/clock.h"
#include "common/digest.h"
#include "common/error.h"
#include "orchestrator/store/database.h"

struct ledger_entry {
    int64_t seq;         /* from 1; given by append */
    const char *at;      /* RFC 3339; given by append */
    const char *who;     /* the operator */
    const char *what;    /* "rollout", "wave", "job", "step", "rollout-end" */
    const char *rollout; /* each "" where it does not apply */
    const char *plan;
    const char *target;
    const char *subject; /* such as a step: "up 20250101_users" */
    const char *result;  /* a state's name, or "intended" */
    const char *detail;  /* why */
    struct digest previous;
    struct digest hash;
};

/* Appends within the caller's transaction. */
bool ledger_append(struct database *database, const struct clock *clock,
                   const struct ledger_entry *entry, struct error *err) MUST_USE;

/* Every entry in order. False from the function stops. */
typedef bool (*ledger_function)(void *context, const struct ledger_entry *entry);
bool ledger_read(struct database *database, ledger_function function, void *context,
                 struct error *err) MUST_USE;

/* Checks the chain; ERROR_VERIFY names the first entry that does not fit. */
bool ledger_verify(struct database *database, int64_t *entries, struct error *err) MUST_USE;

#endif
