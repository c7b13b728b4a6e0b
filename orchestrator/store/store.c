#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/fault.h"
#include "common/file.h"
#include "common/memory.h"
#include "embedded.h"
#include "orchestrator/store/store_private.h"

enum { STORE_FORMAT = 2, UPGRADE_TEXTS = 3 };

/* What makes each format of the one before it, by kind of database; the first makes it of nothing.
   Format 1 grew by what is in format 2 before it had a number: there it changes nothing. */
static const char *const upgrades[STORE_FORMAT][DATABASE_KIND_COUNT][UPGRADE_TEXTS] = {
    {[DATABASE_SQLITE] = {text_store_schema, text_store_ledger_sqlite},
     [DATABASE_POSTGRESQL] = {text_store_schema, text_store_ledger_postgresql,
                              text_store_sharing_postgresql}},
    {[DATABASE_SQLITE] = {text_store_outcomes, text_store_course},
     [DATABASE_POSTGRESQL] = {text_store_outcomes, text_store_course}},
};

void store_free(struct store *store)
{
    if (store == NULL)
        return;
    liveness_free(store->liveness);
    database_free(store->database);
    free(store);
}

const char *store_id(const struct store *store)
{
    return store->id;
}

struct database *store_database(struct store *store)
{
    return store->database;
}

bool store_open_liveness(struct store *store, struct error *err)
{
    if (store->liveness == NULL)
        store->liveness = liveness_open(&store->place, err);
    return store->liveness != NULL;
}

static bool take_format(void *context, const struct database_row *row)
{
    *(int64_t *)context = strtoll(row_text(row, 0), NULL, 10);
    return false;
}

/* 0: nothing is there yet. */
static bool read_format(struct store *store, int64_t *format, struct error *err)
{
    bool made;

    *format = 0;
    if (!database_has_table(store->database, "meta", &made, err) || !made)
        return err->code == ERROR_NONE;
    if (!database_query(store->database, err, take_format, format,
                        "SELECT value FROM meta WHERE key = 'format'", ""))
        return false;
    if (*format < 1 || *format > STORE_FORMAT)
        return error_set(err, ERROR_UNSUPPORTED,
                         "store %s has format %" PRId64 "; this release reads formats 1 to %d: use "
                         "the release that wrote it, or a newer one",
                         store->place.location, *format, STORE_FORMAT);
    return true;
}

static bool name_store(struct store *store, struct error *err)
{
    char id[ID_SIZE];

    random_hex(store->random, 16, id);
    return !FAULT_ERROR(store_schema, err) &&
           database_run(store->database, err,
                        "INSERT INTO meta VALUES ('format', '0'), ('store', ?)", "t", id);
}

static bool upgrade(struct store *store, int64_t format, struct error *err)
{
    const char *const *texts = upgrades[format][database_kind(store->database)];
    char next[24];

    snprintf(next, sizeof next, "%" PRId64, format + 1);
    for (size_t i = 0; i < UPGRADE_TEXTS && texts[i] != NULL; i++)
        if (!database_execute(store->database, texts[i], err))
            return false;
    return (format > 0 || name_store(store, err)) &&
           database_run(store->database, err, "UPDATE meta SET value = ? WHERE key = 'format'", "t",
                        next);
}

static bool upgrade_all(struct store *store, struct error *err)
{
    int64_t format;
    bool ok = read_format(store, &format, err);

    while (ok && format < STORE_FORMAT)
        ok = upgrade(store, format++, err);
    return ok;
}

/* Two processes may find nothing, or an older release's store, at once: the look and the making are
   one transaction. */
static bool prepare_schema(struct store *store, struct error *err)
{
    int64_t format;

    if (!read_format(store, &format, err))
        return false;
    if (format == STORE_FORMAT)
        return true;
    return database_begin(store->database, err) &&
           store_commit_or_undo(store, upgrade_all(store, err), err);
}

static bool take_id(void *context, const struct database_row *row)
{
    snprintf(context, ID_SIZE, "%s", row_text(row, 0));
    return false;
}

static bool read_id(struct store *store, struct error *err)
{
    return database_query(store->database, err, take_id, store->id,
                          "SELECT value FROM meta WHERE key = 'store'", "");
}

static bool make_directory_of(const char *path, struct error *err)
{
    const char *slash = strrchr(path, '/');

    if (slash == NULL || slash == path)
        return true;
    AUTO(text) char *directory = xstrndup(path, (size_t)(slash - path));
    return file_make_directory(directory, 0700, err);
}

struct store *store_open(const struct store_place *place, const struct clock *clock,
                         const struct random_source *random, struct error *err)
{
    AUTO(store) struct store *store = xcalloc(1, sizeof *store);

    store->clock = clock;
    store->random = random;
    store->place = *place;
    if (database_kind_of(place->location) == DATABASE_SQLITE &&
        !make_directory_of(place->location, err))
        return NULL;
    store->database = database_open(place, err);
    if (store->database == NULL || !prepare_schema(store, err) || !read_id(store, err))
        return NULL;
    return TAKE(store);
}
