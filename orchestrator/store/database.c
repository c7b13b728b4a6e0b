#include "orchestrator/store/database.h"

#include <sqlite3.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

enum { BUSY_TIMEOUT_MS = 30 * 1000, KEPT_STATEMENTS = 16 };

/* A statement that stays prepared for the next time that the same text is run. */
struct prepared {
    const char *sql;
    sqlite3_stmt *statement;
};

struct database {
    sqlite3 *handle;
    char *path;
    struct prepared kept[KEPT_STATEMENTS]; /* the oldest is replaced first */
    size_t next_kept;
};

/* Ends a use of a statement, which stays prepared. */
static void statement_cleanup(sqlite3_stmt **statement)
{
    sqlite3_reset(*statement);
    sqlite3_clear_bindings(*statement);
}

static bool failed(struct database *database, struct error *err)
{
    int code = sqlite3_errcode(database->handle);

    return error_set(err, code == SQLITE_BUSY ? ERROR_LOCKED : ERROR_IO, "store %s: %s",
                     database->path, sqlite3_errmsg(database->handle));
}

struct database *database_open(const char *path, struct error *err)
{
    AUTO(database) struct database *database = xcalloc(1, sizeof *database);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;

    database->path = xstrdup(path);
    if (sqlite3_open_v2(path, &database->handle, flags, NULL) != SQLITE_OK) {
        failed(database, err);
        return NULL;
    }
    sqlite3_extended_result_codes(database->handle, 0);
    sqlite3_busy_timeout(database->handle, BUSY_TIMEOUT_MS);
    if (!database_execute(database,
                          "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                          "PRAGMA foreign_keys = ON;",
                          err))
        return NULL;
    return TAKE(database);
}

void database_free(struct database *database)
{
    if (database == NULL)
        return;
    for (size_t i = 0; i < KEPT_STATEMENTS; i++)
        sqlite3_finalize(database->kept[i].statement);
    sqlite3_close(database->handle);
    free(database->path);
    free(database);
}

const char *database_path(const struct database *database)
{
    return database->path;
}

bool database_execute(struct database *database, const char *sql, struct error *err)
{
    if (sqlite3_exec(database->handle, sql, NULL, NULL, NULL) != SQLITE_OK)
        return failed(database, err);
    return true;
}

static int bind_one(sqlite3_stmt *statement, int index, char type, va_list *args)
{
    if (type == 'i')
        return sqlite3_bind_int64(statement, index, va_arg(*args, int64_t));
    if (type == 't')
        return sqlite3_bind_text(statement, index, va_arg(*args, const char *), -1, SQLITE_STATIC);
    const void *bytes = va_arg(*args, const void *);
    size_t length = va_arg(*args, size_t);
    return sqlite3_bind_blob64(statement, index, bytes, length, SQLITE_STATIC);
}

/* The statement of that text, from an earlier use unless that one is still under way; NULL if it
   cannot be prepared. */
static sqlite3_stmt *find_statement(struct database *database, const char *sql)
{
    for (size_t i = 0; i < KEPT_STATEMENTS; i++) {
        const struct prepared *kept = &database->kept[i];

        if (kept->statement != NULL && strcmp(kept->sql, sql) == 0 &&
            sqlite3_stmt_busy(kept->statement) == 0)
            return kept->statement;
    }
    struct prepared *place = &database->kept[database->next_kept];
    database->next_kept = (database->next_kept + 1) % KEPT_STATEMENTS;
    sqlite3_finalize(place->statement);
    place->statement = NULL;
    sqlite3_prepare_v3(database->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &place->statement,
                       NULL);
    place->sql = place->statement != NULL ? sqlite3_sql(place->statement) : NULL;
    return place->statement;
}

static bool prepare(struct database *database, const char *sql, const char *format, va_list *args,
                    sqlite3_stmt **statement, struct error *err)
{
    *statement = find_statement(database, sql);
    if (*statement == NULL)
        return failed(database, err);
    for (int i = 0; format[i] != '\0'; i++)
        if (bind_one(*statement, i + 1, format[i], args) != SQLITE_OK)
            return failed(database, err);
    return true;
}

struct database_row {
    sqlite3_stmt *statement;
};

static bool step_all(struct database *database, sqlite3_stmt *statement,
                     database_row_function function, void *context, struct error *err)
{
    struct database_row row = {statement};
    int code;

    while ((code = sqlite3_step(statement)) == SQLITE_ROW)
        if (function != NULL && !function(context, &row))
            return true;
    return code == SQLITE_DONE || failed(database, err);
}

bool database_run(struct database *database, struct error *err, const char *sql, const char *format,
                  ...)
{
    __attribute__((cleanup(statement_cleanup))) sqlite3_stmt *statement = NULL;
    va_list args;

    va_start(args, format);
    bool prepared = prepare(database, sql, format, &args, &statement, err);
    va_end(args);
    return prepared && step_all(database, statement, NULL, NULL, err);
}

bool database_query(struct database *database, struct error *err, database_row_function function,
                    void *context, const char *sql, const char *format, ...)
{
    __attribute__((cleanup(statement_cleanup))) sqlite3_stmt *statement = NULL;
    va_list args;

    va_start(args, format);
    bool prepared = prepare(database, sql, format, &args, &statement, err);
    va_end(args);
    return prepared && step_all(database, statement, function, context, err);
}

const char *row_text(const struct database_row *row, int column)
{
    const unsigned char *text = sqlite3_column_text(row->statement, column);

    return text != NULL ? (const char *)text : "";
}

int64_t row_integer(const struct database_row *row, int column)
{
    return sqlite3_column_int64(row->statement, column);
}

const void *row_blob(const struct database_row *row, int column, size_t *length)
{
    const void *bytes = sqlite3_column_blob(row->statement, column);

    *length = (size_t)sqlite3_column_bytes(row->statement, column);
    return bytes;
}

bool database_begin(struct database *database, struct error *err)
{
    return database_execute(database, "BEGIN IMMEDIATE", err);
}

bool database_commit(struct database *database, struct error *err)
{
    return database_execute(database, "COMMIT", err);
}

void database_rollback(struct database *database)
{
    if (!sqlite3_get_autocommit(database->handle))
        sqlite3_exec(database->handle, "ROLLBACK", NULL, NULL, NULL);
}
