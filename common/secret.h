/*
 * secret - a password from where its owner keeps it: a file, an environment variable or a command.
 *
 * Never from an argument or a URL. One trailing newline is not part of it. A file that group or
 * others can write, or others can read, is refused.
 */
#ifndef FLEET_COMMON_SECRET_H
#define FLEET_COMMON_SECRET_H

#include "common/error.h"
#include "common/memory.h"

/* At most one is set; all NULL means that no password is needed. */
struct secret_source {
    const char *file;
    const char *variable;
    const char *command; /* run by /bin/sh -c; must end with status 0 within 10 s */
};

/* The secret, to be released with secret_free; NULL without an error when there is no source.
   Errors name the source, never what it held. */
bool secret_read(const struct secret_source *source, char **secret, struct error *err) MUST_USE;

#endif
