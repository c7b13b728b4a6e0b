#include "orchestrator/store/database.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "orchestrator/store/database_driver.h"

static const struct database_driver *const drivers[] = {
    [DATABASE_SQLITE] = &database_sqlite, [DATABASE_POSTGRESQL] = &database_postgresql};

enum database_kind database_kind_of(const char *location)
{
    bool server =
        strncmp(location, "postgresql://", 13) == 0 || strncmp(location, "postgres://", 11) == 0;

    return server ? DATABASE_POSTGRESQL : DATABASE_SQLITE;
}

struct database *database_open(const struct store_place *place, struct error *err)
{
    const struct database_driver *driver = drivers[database_kind_of(place->location)];
    struct database *database = driver->open(place, err);

    if (database == NULL) {
        error_wrap(err, "store %s", place->location);
        return NULL;
    }
    database->driver = driver;
    database->name = xstrdup(place->location);
    return database;
}

void database_free(struct database *database)
{
    if (database == NULL)
        return;
    free(database->name);
    database->driver->close(database);
}

enum database_kind database_kind(const struct database *database)
{
    return database_kind_of(database->name);
}

const char *database_name(const struct database *database)
{
    return database->name;
}

/* All errors say which store it is. */
static bool checked(const struct database *database, bool ok, struct error *err)
{
    if (!ok)
        error_wrap(err, "store %s", database->name);
    return ok;
}

bool database_execute(struct database *database, const char *sql, struct error *err)
{
    return checked(database, database->driver->execute(database, sql, err), err);
}

static void take_parameters(struct database_statement *statement, const char *format, va_list *args)
{
    assert(strlen(format) <= PARAMETERS_MAX);
    for (; format[statement->count] != '\0'; statement->count++) {
        struct database_value *value = &statement->values[statement->count];

        value->type = format[statement->count];
        if (value->type == 'i') {
            value->integer = va_arg(*args, int64_t);
        } else if (value->type == 't') {
            value->text = va_arg(*args, const char *);
        } else {
            value->bytes = va_arg(*args, const void *);
            value->length = va_arg(*args, size_t);
        }
    }
}

bool database_run(struct database *database, struct error *err, const char *sql, const char *format,
                  ...)
{
    struct database_statement statement = {.sql = sql};
    va_list args;

    va_start(args, format);
    take_parameters(&statement, format, &args);
    va_end(args);
    return checked(database, database->driver->run(database, &statement, err), err);
}

bool database_query(struct database *database, struct error *err, database_row_function function,
                    void *context, const char *sql, const char *format, ...)
{
    struct database_statement statement = {.sql = sql, .function = function, .context = context};
    va_list args;

    va_start(args, format);
    take_parameters(&statement, format, &args);
    va_end(args);
    return checked(database, database->driver->run(database, &statement, err), err);
}

const char *row_text(const struct database_row *row, int column)
{
    const char *text = row->database->driver->text(row->cursor, column);

    return text != NULL ? text : "";
}

int64_t row_integer(const struct database_row *row, int column)
{
    return row->database->driver->integer(row->cursor, column);
}

const void *row_blob(const struct database_row *row, int column, size_t *length)
{
    return row->database->driver->blob(row->cursor, column, length);
}

bool database_begin(struct database *database, struct error *err)
{
    return checked(database, database->driver->begin(database, err), err);
}

bool database_commit(struct database *database, struct error *err)
{
    return checked(database, database->driver->commit(database, err), err);
}

void database_rollback(struct database *database)
{
    database->driver->rollback(database);
}

static bool take_flag(void *context, const struct database_row *row)
{
    *(bool *)context = row_integer(row, 0) > 0;
    return false;
}

bool database_has_table(struct database *database, const char *table, bool *has, struct error *err)
{
    *has = false;
    return database_query(database, err, take_flag, has, database->driver->has_table, "t", table);
}
