/*
 * process - runs a program for its output, within bounds of time and size.
 *
 * For what a configuration names: a password command, an inventory that is a program. Standard
 * input is empty, the environment is ours with what is added. At the deadline the whole process
 * group is killed.
 */
#ifndef FLEET_COMMON_PROCESS_H
#define FLEET_COMMON_PROCESS_H

#include <stddef.h>

#include "common/buffer.h"
#include "common/error.h"

struct process_limits {
    int timeout_ms;
    size_t output;                /* bytes on standard output; more is an error */
    const char *const *variables; /* "NAME=value", before ours, up to NULL; NULL: none */
};

/*
 * Runs argv[0], a path, with the arguments up to NULL, without a shell, and appends what it
 * writes. Standard error is for the message when it fails: its first 4 kB go to diagnostics.
 * Anything but exit status 0 is ERROR_IO, the deadline ERROR_TIMEOUT.
 */
bool process_run(const char *const *argv, const struct process_limits *limits,
                 struct buffer *output, struct buffer *diagnostics, struct error *err) MUST_USE;

#endif
