/*
 * database - where the store is: a file of SQLite's, or a PostgreSQL database that several machines
 * share.
 *
 * Statements are written once, in what both understand, with "?" for parameters. These are given as
 * a format, a letter each: t text (NULL is SQL's), i int64_t, b const void * and size_t. The errors
 * of both are ours: ERROR_LOCKED after 30 s behind others, ERROR_CONNECT when the server is away,
 * ERROR_IO else.
 */
#ifndef FLEET_ORCHESTRATOR_STORE_DATABASE_H
#define FLEET_ORCHESTRATOR_STORE_DATABASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/secret.h"

enum database_kind { DATABASE_SQLITE, DATABASE_POSTGRESQL, DATABASE_KIND_COUNT };

struct store_place {
    const char *location;          /* a path, or postgresql://… without a password */
    struct secret_source password; /* of the latter */
};

/* What the location says. */
enum database_kind database_kind_of(const char *location);

struct database;

/* A file is made if it is not there, and is in WAL mode with synchronous=FULL. In PostgreSQL the
   store has the schema "fleet", which is made if it is not there; commits wait for the disk. A
   session that the server ended is begun anew where no transaction was under way. */
struct database *database_open(const struct store_place *place, struct error *err) MUST_USE;
void database_free(struct database *database);
AUTO_DEFINE(database)

enum database_kind database_kind(const struct database *database);
/* Its location. */
const char *database_name(const struct database *database);

/* Runs SQL text that may hold several statements and has no parameters. */
bool database_execute(struct database *database, const char *sql, struct error *err) MUST_USE;

/* Runs one statement that yields no rows. */
bool database_run(struct database *database, struct error *err, const char *sql, const char *format,
                  ...) MUST_USE;

/* One row of a result; valid during the call. */
struct database_row;
const char *row_text(const struct database_row *row, int column); /* "" for NULL */
int64_t row_integer(const struct database_row *row, int column);  /* 0 for NULL */
const void *row_blob(const struct database_row *row, int column, size_t *length);

/* False stops; the query then succeeds all the same. */
typedef bool (*database_row_function)(void *context, const struct database_row *row);

bool database_query(struct database *database, struct error *err, database_row_function function,
                    void *context, const char *sql, const char *format, ...) MUST_USE;

/* Transactions that write come one after the other: each waits here for those before it. */
bool database_begin(struct database *database, struct error *err) MUST_USE;
bool database_commit(struct database *database, struct error *err) MUST_USE;
void database_rollback(struct database *database);

/* Whether the store's tables include that one. */
bool database_has_table(struct database *database, const char *table, bool *has,
                        struct error *err) MUST_USE;

#endif
