#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/fault.h"
#include "common/file.h"
#include "common/memory.h"
#include "embedded.h"
#include "orchestrator/store/store_private.h"

#define STORE_FORMAT "1"

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
        store->liveness = liveness_open(database_path(store->database), err);
    return store->liveness != NULL;
}

struct meta {
    char id[ID_SIZE];
    char format[16];
};

static bool read_meta(void *context, const struct database_row *row)
{
    struct meta *meta = context;

    if (strcmp(row_text(row, 0), "store") == 0)
        snprintf(meta->id, sizeof meta->id, "%s", row_text(row, 1));
    if (strcmp(row_text(row, 0), "format") == 0)
        snprintf(meta->format, sizeof meta->format, "%s", row_text(row, 1));
    return true;
}

static bool count_row(void *context, const struct database_row *row)
{
    *(int64_t *)context = row_integer(row, 0);
    return true;
}

static bool create_schema(struct store *store, struct error *err)
{
    char id[ID_SIZE];

    random_hex(store->random, 16, id);
    return database_execute(store->database, text_store_schema, err) &&
           !FAULT_ERROR(store_schema, err) &&
           database_run(store->database, err, "INSERT INTO meta VALUES ('format', ?), ('store', ?)",
                        "tt", STORE_FORMAT, id);
}

/* Two processes may find an empty file at once: the look and the making are one transaction. An
   older release's file lacks what came later. */
static bool prepare_schema(struct store *store, struct error *err)
{
    int64_t present = 0;
    struct database *database = store->database;
    const char *look =
        "SELECT count(*) FROM sqlite_schema WHERE name IN ('meta', 'job_unknown', 'course',"
        " 'notified')";

    if (!database_query(database, err, count_row, &present, look, ""))
        return false;
    if (present == 4)
        return true;
    if (!database_begin(database, err))
        return false;
    bool ok = database_query(database, err, count_row, &present, look, "") &&
              (present > 0 || create_schema(store, err)) &&
              database_execute(database, text_store_outcomes, err) &&
              database_execute(database, text_store_course, err) && database_commit(database, err);
    if (!ok)
        database_rollback(database);
    return ok;
}

static bool read_identity(struct store *store, struct error *err)
{
    struct meta meta = {0};

    if (!database_query(store->database, err, read_meta, &meta, "SELECT key, value FROM meta", ""))
        return false;
    if (strcmp(meta.format, STORE_FORMAT) != 0)
        return error_set(err, ERROR_UNSUPPORTED,
                         "store %s has format %s; this release reads format " STORE_FORMAT
                         ": use the release that wrote it, or a newer one",
                         database_path(store->database), meta.format);
    memcpy(store->id, meta.id, sizeof store->id);
    return true;
}

static bool make_directory_of(const char *path, struct error *err)
{
    const char *slash = strrchr(path, '/');

    if (slash == NULL || slash == path)
        return true;
    AUTO(text) char *directory = xstrndup(path, (size_t)(slash - path));
    return file_make_directory(directory, 0700, err);
}

struct store *store_open(const char *path, const struct clock *clock,
                         const struct random_source *random, struct error *err)
{
    AUTO(store) struct store *store = xcalloc(1, sizeof *store);

    store->clock = clock;
    store->random = random;
    if (!make_directory_of(path, err))
        return NULL;
    store->database = database_open(path, err);
    if (store->database == NULL || !prepare_schema(store, err) || !read_identity(store, err))
        return NULL;
    return TAKE(store);
}
