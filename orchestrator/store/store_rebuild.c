/* The store's part about what is left of a lost one; store.h documents it. */
#include <inttypes.h>
#include <stdio.h>

#include "orchestrator/store/store_private.h"

static bool take_over_one(struct store *store, const struct ledger_entry *entry, size_t *added,
                          struct error *err)
{
    bool recorded;

    if (!store_is_recorded(store, entry, &recorded, err))
        return false;
    if (recorded)
        return true;
    ++*added;
    return ledger_append(store->database, store->clock, entry, err);
}

static bool raise_epoch(struct store *store, int64_t epoch, struct error *err)
{
    char text[24];

    snprintf(text, sizeof text, "%" PRId64, epoch);
    return database_run(store->database, err,
                        "INSERT INTO meta VALUES ('epoch', ?) ON CONFLICT (key) DO UPDATE"
                        " SET value = excluded.value"
                        " WHERE CAST(meta.value AS BIGINT) < CAST(excluded.value AS BIGINT)",
                        "t", text);
}

bool store_take_over(struct store *store, const struct ledger_entry *entries, size_t count,
                     int64_t epoch, size_t *added, struct error *err)
{
    *added = 0;
    if (!database_begin(store->database, err))
        return false;
    bool ok = raise_epoch(store, epoch, err);
    for (size_t i = 0; ok && i < count; i++)
        ok = take_over_one(store, &entries[i], added, err);
    return store_commit_or_undo(store, ok, err);
}
