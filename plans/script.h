/*
 * script - the SQL of one direction of a migration: its directives and its statements.
 *
 * The splitter knows each engine's lexical rules (quotes, dollar quotes, nested and executable
 * comments, DELIMITER, bodies of routines and triggers) and nothing of SQL's grammar: the server
 * stays the authority. A BOM and CRLF are accepted; the bytes of a statement are passed on as they
 * stand. Pure: bytes in, values out.
 */
#ifndef FLEET_PLANS_SCRIPT_H
#define FLEET_PLANS_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/diagnostics.h"
#include "common/engine_kind.h"

/* What the executor must know of a statement before it runs it. */
enum statement_role {
    STATEMENT_PLAIN,
    STATEMENT_BEGIN,     /* BEGIN, START TRANSACTION */
    STATEMENT_COMMIT,    /* COMMIT, END */
    STATEMENT_ROLLBACK,  /* ROLLBACK, ABORT */
    STATEMENT_SAVEPOINT, /* SAVEPOINT, RELEASE, ROLLBACK TO: allowed inside ours */
};

struct statement {
    const char *sql; /* from its first to its last byte, without the terminator; not NUL-ended */
    size_t length;
    int line; /* of the file where it begins, from 1 */
    enum statement_role role;
    int undoes; /* "-- fleet: undoes N" before it: the statement of the up script; 0 if none */
    const char *probe; /* "-- fleet: probe …" before it: a query that returns a row once the
                          statement has run; NULL if none */
};

struct waiver {
    const char *rule;
    const char *reason;
};

struct check {
    const char *sql; /* a query that must return no row */
    int line;
};

struct directives {
    bool no_transaction;
    int64_t lock_timeout_ms;      /* 0 if not given */
    int64_t statement_timeout_ms; /* 0 if not given */
    const char *irreversible;     /* the reason, or NULL */
    bool nothing_to_undo;
    bool foreign_keys_off;
    const struct waiver *waivers;
    size_t waiver_count;
    const struct check *checks;
    size_t check_count;
    const char *const *environments; /* "-- fleet: env=dev,test"; none means all */
    size_t environment_count;
};

struct script {
    struct directives directives;
    const struct statement *statements; /* without empty ones and comments alone */
    size_t count;
};

/*
 * Reads a script; file is its name in messages. Faults (an unknown directive, an open quote,
 * a psql command, COPY … FROM STDIN) are added with their line. False if there was any. The
 * result's texts live in the arena or in bytes, which must outlive it.
 *
 * One outermost BEGIN … COMMIT pair that wraps the whole script is taken off here; any other
 * transaction control keeps its role, for the executor to refuse.
 */
bool script_parse(struct arena *arena, enum engine_kind engine, const char *file, const char *bytes,
                  size_t length, struct script *script, struct diagnostics *faults) MUST_USE;

/*
 * Whether an engine's server refuses one of the statements inside a transaction: those that the
 * first words tell (CREATE INDEX CONCURRENTLY, VACUUM). False also when the script has faults.
 */
bool script_needs_autocommit(enum engine_kind engine, const char *bytes, size_t length);

#endif
