#include "orchestrator/acceptance.h"

#include "orchestrator/store/ledger.h"

bool acceptance_record(struct workspace *workspace, const struct invocation *invocation,
                       const struct plan *plan, const char *reason, struct error *err)
{
    struct store *store = workspace_store(workspace, err);
    char digest[DIGEST_HEX_SIZE];

    if (store == NULL)
        return false;
    digest_to_hex(&plan->digest, digest);
    /* An order to repair is about one target. */
    bool repairs = plan->target_count == 1 && plan->targets[0].repair != NULL;
    struct database *database = store_database(store);
    const struct ledger_entry entry = {
        .who = workspace_operator(workspace),
        .what = repairs ? "repair-ordered" : "baseline-accepted",
        .rollout = "",
        .plan = digest,
        .target = repairs ? plan->targets[0].name : "",
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
