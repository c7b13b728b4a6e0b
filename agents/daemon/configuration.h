/*
 * configuration - agent.ini: who this agent is, whom it trusts, and how it reaches its targets.
 *
 * Read and checked whole, as the inventory is: every fault of the file is reported in one run, with
 * its line. It is an immutable document; docs/agent-configuration.md lists each key. Paths in it
 * are relative to the file.
 */
#ifndef FLEET_AGENTS_DAEMON_CONFIGURATION_H
#define FLEET_AGENTS_DAEMON_CONFIGURATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agents/target.h"
#include "common/diagnostics.h"
#include "common/log.h"
#include "plans/slice.h"

struct agent_configuration {
    const char *file;
    const char *name;
    const char *fleet;       /* plans and certificates of another fleet are refused */
    const char *listen_host; /* a name or an address, IPv6 without brackets; "" for all */
    int listen_port;         /* 0: the system chooses one */

    const char *cert;
    const char *key;
    const char *ca;
    const char *crl; /* NULL: no revocation list */

    const struct trusted_key *keys; /* from the file that trusted_keys names */
    size_t key_count;

    const char *state;            /* the directory of what the agent must remember */
    int workers;                  /* 1 to 512 */
    int keep_sessions;            /* idle database sessions at most */
    int64_t keep_for_ms;          /* an idle session is closed after this */
    int64_t lock_timeout_ms;      /* of one try */
    int64_t lock_budget_ms;       /* for all tries of one step */
    int64_t max_blocking_ms;      /* that others wait behind a statement that waits */
    int64_t statement_timeout_ms; /* 0: none */
    int64_t long_transaction_ms;  /* that refuses a step which waits for it; 0: none does */
    bool any_space;               /* free space is not compared with what a step may take */

    int max_connections;
    size_t max_request_bytes;   /* a request's body */
    int64_t request_timeout_ms; /* from accepting a connection to a request's last byte */
    int64_t drain_timeout_ms;   /* of connections without a request, once told to stop */

    enum log_level log_level;
    bool log_json;

    const struct agent_target *targets;
    size_t target_count;
};

/* NULL when there is any fault; all of them are then in faults. */
const struct agent_configuration *agent_configuration_load(const char *path,
                                                           struct diagnostics *faults) MUST_USE;
void agent_configuration_free(const struct agent_configuration *configuration);
AUTO_DEFINE_FOR(agent_configuration, const struct agent_configuration)

#endif
