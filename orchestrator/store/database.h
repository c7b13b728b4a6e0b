/*
 * database - SQLite for the store: statements with typed parameters, errors as ours.
 *
 * Parameters are given as a format, a letter each: t text (NULL is SQL's), i int64_t, b const void
 * * and size_t.
 */
#ifndef FLEET_ORCHESTRATOR_DATABASE_H
#define FLEET_ORCHESTRATOR_DATABASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

struct database;

/* Opens or creates the file, in WAL mode with synchronous=FULL; a busy file is waited for. */
struct database *database_open(const char *path, struct error *err) MUST_USE;
void database_free(struct database *database);
AUTO_DEFINE(database)

const char *database_path(const struct database *database);

/* Runs SQL text that may hold several statements and has no parameters. */
bool database_execute(struct database *database, const char *sql, struct error *err) MUST_USE;

/* Runs one statement that yields no rows. */
bool database_run(struct database *database, struct error *err, const char *sql, const char *format,
                  ...) MUST_USE;

/* One row of a result; valid during the call. */
struct database_row;
const char *row_text(const struct database_row *row, int column);
int64_t row_integer(const struct database_row *row, int column);
const void *row_blob(const struct database_row *row, int column, size_t *length);

/* False stops; the query then succeeds all the same. */
typedef bool (*database_row_function)(void *context, const struct database_row *row);

bool database_query(struct database *database, struct error *err, database_row_function function,
                    void *context, const char *sql, const char *format, ...) MUST_USE;

/* Write transactions take SQLite's lock at once. */
bool database_begin(struct database *database, struct error *err) MUST_USE;
bool database_commit(struct database *database, struct error *err) MUST_USE;
void database_rollback(struct database *database);

#endif
