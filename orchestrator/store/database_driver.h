/* database_driver - what each kind of database does in its own way, for database.c. */
#ifndef FLEET_ORCHESTRATOR_STORE_DATABASE_DRIVER_H
#define FLEET_ORCHESTRATOR_STORE_DATABASE_DRIVER_H

#include "orchestrator/store/database.h"

enum { PARAMETERS_MAX = 16 };

struct database_value {
    char type; /* as in a format */
    const char *text;
    int64_t integer;
    const void *bytes;
    size_t length;
};

struct database_statement {
    const char *sql;
    struct database_value values[PARAMETERS_MAX];
    int count;
    database_row_function function; /* NULL: rows are not wanted */
    void *context;
};

struct database {
    const struct database_driver *driver;
    char *name;
};

struct database_row {
    const struct database *database;
    void *cursor; /* the driver's */
};

struct database_driver {
    /* NULL if it cannot be reached. The caller sets name and driver. */
    struct database *(*open)(const struct store_place *place, struct error *err);
    void (*close)(struct database *database); /* frees it, but not its name */
    bool (*execute)(struct database *database, const char *sql, struct error *err);
    bool (*run)(struct database *database, const struct database_statement *statement,
                struct error *err);
    bool (*begin)(struct database *database, struct error *err);
    bool (*commit)(struct database *database, struct error *err);
    void (*rollback)(struct database *database);
    const char *(*text)(void *cursor, int column); /* NULL for SQL's */
    int64_t (*integer)(void *cursor, int column);
    const void *(*blob)(void *cursor, int column, size_t *length);
    const char *has_table; /* a query for the count of the store's tables with that name */
};

extern const struct database_driver database_sqlite;
extern const struct database_driver database_postgresql;

#endif
