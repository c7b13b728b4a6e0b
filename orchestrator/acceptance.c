#include "orchestrator/acceptance.h"

#include "orchestrator/ledger.h"

bool acceptance_record(struct workspace *workspace, const struct invocation *invocation,
                       const struct plan *plan, const char *reason, struct error *err)
{
    struct store *store = workspace_store(workspace, err);
    char digest[DIGEST_HEX_SIZE];

    if (store == NULL)
        return false;
    digest_to_hex(&plan->digest, digest);
    struct database *database = store_database(store);
    const struct ledger_entry entry = {
        .who = workspace_operator(workspace),
        .what = "baseline-accepted",
        .rollout = "",
        .plan = digest,
        .target = "",
        .subject = plan->header.environment,
        .result = "accepted",
        .detail = reason,
    };
    if (!database_begin(database, err))
        return false;
    bool ok =
        ledger_append(database, invocation->clock, &entry, err) && database_commit(database, err);
    if (!ok)
        database_rollback(database);
    return ok;
}
