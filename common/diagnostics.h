/*
 * diagnostics - a list of errors, for readers that report all of a file's faults in one run.
 */
#ifndef FLEET_COMMON_DIAGNOSTICS_H
#define FLEET_COMMON_DIAGNOSTICS_H

#include <stddef.h>

#include "common/error.h"
#include "common/scope.h"

struct diagnostics;

struct diagnostics *diagnostics_new(void) MUST_USE;
void diagnostics_free(struct diagnostics *diagnostics);
AUTO_DEFINE(diagnostics)

/* Adds a fault at file:line; line 0 means the file as a whole, file NULL no file at all. */
void diagnostics_add(struct diagnostics *diagnostics, enum error_code code, const char *file,
                     int line, const char *format, ...) PRINTF_LIKE(5, 6);

/* Adds a copy of an error that a call returned. */
void diagnostics_add_error(struct diagnostics *diagnostics, const struct error *err);

size_t diagnostics_count(const struct diagnostics *diagnostics);
const struct error *diagnostics_at(const struct diagnostics *diagnostics, size_t index);

/* "file:line: message (SQLSTATE 42703)" of one error, as far as these are known. */
struct buffer;
void error_describe(const struct error *err, struct buffer *out);

/* Turns the list into one error that holds the first fault and says how many more there are.
   False when there is any, true when the list is empty. */
bool diagnostics_ok(const struct diagnostics *diagnostics, struct error *err) MUST_USE;

#endif
