#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "orchestrator/store/database_driver.h"

enum { BUSY_TIMEOUT_MS = 30 * 1000, KEPT_STATEMENTS = 16 };

/* A statement that stays prepared for the next time that the same text is run. */
struct prepared {
    const char *sql;
    sqlite3_stmt *statement;
};

struct sqlite_database {
    struct database base;
    sqlite3 *handle;
    struct prepared kept[KEPT_STATEMENTS]; /* the oldest is replaced first */
    size_t next_kept;
};

static struct sqlite_database *inside(struct database *database)
{
    return (struct sqlite_database *)(void *)database;
}

static bool failed(sqlite3 *handle, struct error *err)
{
    int code = sqlite3_errcode(handle);

    return error_set(err, code == SQLITE_BUSY ? ERROR_LOCKED : ERROR_IO, "%s",
                     sqlite3_errmsg(handle));
}

static bool execute(struct database *database, const char *sql, struct error *err)
{
    sqlite3 *handle = inside(database)->handle;

    return sqlite3_exec(handle, sql, NULL, NULL, NULL) == SQLITE_OK || failed(handle, err);
}

static void close_file(struct database *database)
{
    struct sqlite_database *file = inside(database);

    for (size_t i = 0; i < KEPT_STATEMENTS; i++)
        sqlite3_finalize(file->kept[i].statement);
    sqlite3_close(file->handle);
    free(file);
}

static struct database *open_file(const struct store_place *place, struct error *err)
{
    struct sqlite_database *file = xcalloc(1, sizeof *file);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    bool ok = sqlite3_open_v2(place->location, &file->handle, flags, NULL) == SQLITE_OK ||
              failed(file->handle, err);

    if (ok) {
        sqlite3_extended_result_codes(file->handle, 0);
        sqlite3_busy_timeout(file->handle, BUSY_TIMEOUT_MS);
        ok = execute(&file->base,
                     "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                     "PRAGMA foreign_keys = ON;",
                     err);
    }
    if (ok)
        return &file->base;
    close_file(&file->base);
    return NULL;
}

/* Ends a use of a statement, which stays prepared. */
static void statement_cleanup(sqlite3_stmt **statement)
{
    sqlite3_reset(*statement);
    sqlite3_clear_bindings(*statement);
}

static int bind_one(sqlite3_stmt *statement, int index, const struct database_value *value)
{
    if (value->type == 'i')
        return sqlite3_bind_int64(statement, index, value->integer);
    if (value->type == 't')
        return sqlite3_bind_text(statement, index, value->text, -1, SQLITE_STATIC);
    return sqlite3_bind_blob64(statement, index, value->bytes, value->length, SQLITE_STATIC);
}

/* The statement of that text, from an earlier use unless that one is still under way; NULL if it
   cannot be prepared. */
static sqlite3_stmt *find_statement(struct sqlite_database *file, const char *sql)
{
    for (size_t i = 0; i < KEPT_STATEMENTS; i++) {
        const struct prepared *kept = &file->kept[i];

        if (kept->statement != NULL && strcmp(kept->sql, sql) == 0 &&
            sqlite3_stmt_busy(kept->statement) == 0)
            return kept->statement;
    }
    struct prepared *place = &file->kept[file->next_kept];
    file->next_kept = (file->next_kept + 1) % KEPT_STATEMENTS;
    sqlite3_finalize(place->statement);
    place->statement = NULL;
    sqlite3_prepare_v3(file->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &place->statement, NULL);
    place->sql = place->statement != NULL ? sqlite3_sql(place->statement) : NULL;
    return place->statement;
}

static bool run(struct database *database, const struct database_statement *statement,
                struct error *err)
{
    struct sqlite_database *file = inside(database);
    __attribute__((cleanup(statement_cleanup))) sqlite3_stmt *prepared =
        find_statement(file, statement->sql);
    const struct database_row row = {database, prepared};
    int code;

    if (prepared == NULL)
        return failed(file->handle, err);
    for (int i = 0; i < statement->count; i++)
        if (bind_one(prepared, i + 1, &statement->values[i]) != SQLITE_OK)
            return failed(file->handle, err);
    while ((code = sqlite3_step(prepared)) == SQLITE_ROW)
        if (statement->function != NULL && !statement->function(statement->context, &row))
            return true;
    return code == SQLITE_DONE || failed(file->handle, err);
}

static bool begin(struct database *database, struct error *err)
{
    return execute(database, "BEGIN IMMEDIATE", err);
}

static bool commit(struct database *database, struct error *err)
{
    return execute(database, "COMMIT", err);
}

static void rollback(struct database *database)
{
    sqlite3 *handle = inside(database)->handle;

    if (!sqlite3_get_autocommit(handle))
        sqlite3_exec(handle, "ROLLBACK", NULL, NULL, NULL);
}

static const char *text(void *cursor, int column)
{
    return (const char *)sqlite3_column_text(cursor, column);
}

static int64_t integer(void *cursor, int column)
{
    return sqlite3_column_int64(cursor, column);
}

static const void *blob(void *cursor, int column, size_t *length)
{
    const void *bytes = sqlite3_column_blob(cursor, column);

    *length = (size_t)sqlite3_column_bytes(cursor, column);
    return bytes;
}

const struct database_driver database_sqlite = {
    .open = open_file,
    .close = close_file,
    .execute = execute,
    .run = run,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .text = text,
    .integer = integer,
    .blob = blob,
    .has_table = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?",
};
