/*
 * error - why an operation failed, in words for a person and a code for a program.
 *
 * The caller declares it ({0}), passes its address last, and looks at it only
 * when the call says it failed. It owns no memory, so reporting cannot fail.
 * Each layer that knows more wraps: "target eu-3: step 4: lock timeout". Beside
 * the message stand the fields that reports and callers need; a layer fills
 * those it knows and leaves the rest.
 */
#ifndef FLEET_COMMON_ERROR_H
#define FLEET_COMMON_ERROR_H

#include <stdbool.h>

#include "common/scope.h"

/* The order is that of the table in error.c, which gives each its wire name and exit status. */
enum error_code {
    ERROR_NONE,
    ERROR_USAGE,          /* the command line is wrong */
    ERROR_CONFIG,         /* an inventory, agent.ini or migrations folder is wrong */
    ERROR_IO,             /* a file, pipe or socket of ours failed */
    ERROR_CONNECT,        /* a database or an agent cannot be reached */
    ERROR_IDENTITY,       /* a certificate, key or role was refused */
    ERROR_PROTOCOL,       /* a message does not have the agreed form */
    ERROR_UNSUPPORTED,    /* understood, but not possible here */
    ERROR_VERIFY,         /* a digest, signature, scope or expiry does not hold */
    ERROR_STALE,          /* the target moved since the plan was made */
    ERROR_CONFLICT,       /* history and files disagree: edited, missing, out of order */
    ERROR_FENCED,         /* a newer rollout holds the target */
    ERROR_LOCKED,         /* somebody else holds a lock that we need */
    ERROR_TIMEOUT,        /* a deadline passed */
    ERROR_CANCELLED,      /* stopped on request */
    ERROR_SYNTAX,         /* the server cannot parse a statement */
    ERROR_SQL,            /* the server refused or failed a statement */
    ERROR_CHECK,          /* a check after a step found rows */
    ERROR_UNKNOWN,        /* the outcome is not known: the reply to COMMIT was lost */
    ERROR_NEEDS_OPERATOR, /* stopped half-way; a person must decide */
    ERROR_BUDGET,         /* more failures than max_failures */
    ERROR_INTERNAL,       /* a bug of ours that was caught in time */
    ERROR_CODE_COUNT
};

struct error {
    enum error_code code;
    int line;         /* of file, from 1; 0 if none */
    int statement;    /* of the script, from 1; 0 if none */
    int position;     /* in the statement, in characters from 1; 0 if none */
    char sqlstate[6]; /* five characters as the server gave them, or empty */
    char target[64];  /* the target concerned, or empty */
    char file[256];   /* the file concerned, or empty */
    char message[1536];
};

/* Records a failure; err must be clear. Always false, for "return error_set(...)". */
bool error_set(struct error *err, enum error_code code, const char *format, ...) PRINTF_LIKE(3, 4);

/* The same for errno: "FORMAT: No such file or directory", with code ERROR_IO. */
bool error_set_errno(struct error *err, int number, const char *format, ...) PRINTF_LIKE(3, 4);

/* Puts "context: " before the message; the code stays. The context is cut before the cause is.
   Always false. */
bool error_wrap(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);

/* Records where in a file; keeps a place that is already known. */
void error_at_file(struct error *err, const char *file, int line);

/* Records which target; keeps one that is already known. */
void error_at_target(struct error *err, const char *target);

/* Clears err for another attempt. */
void error_clear(struct error *err);

/* The code's name as it stands in messages of the wire and in JSON output: "needs_operator". */
const char *error_code_name(enum error_code code);

/* The code with that name; ERROR_INTERNAL for a name that is not known. */
enum error_code error_code_from_name(const char *name);

/* The exit status of a process that ends with this error: 1 failed, 2 usage, 4 needs an operator.
 */
int error_exit_status(enum error_code code);

/* Whether the same operation may succeed when it is tried again later. */
bool error_is_transient(enum error_code code);

#endif
