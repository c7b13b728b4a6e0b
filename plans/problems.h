/*
 * problems - what keeps a plan from being made, each once, with the targets that it concerns.
 *
 * Hundreds of targets have the same problem; a person wants to read it once.
 */
#ifndef FLEET_PLANS_PROBLEMS_H
#define FLEET_PLANS_PROBLEMS_H

#include "common/diagnostics.h"

/* The targets of one applied set; none for a problem of the request itself. */
struct concern {
    size_t targets;
    const char *first; /* a name that outlives the problems; NULL if there are no targets */
};

struct problems;

struct problems *problems_new(void) MUST_USE;
void problems_free(struct problems *problems);
AUTO_DEFINE(problems)

/* Adds a problem, or these targets to one with the same place and words. The same concern counts
   once for it. file may be NULL. */
void problems_add(struct problems *problems, const struct concern *concern, enum error_code code,
                  const char *file, const char *format, ...) PRINTF_LIKE(5, 6);
void problems_add_error(struct problems *problems, const struct concern *concern,
                        const struct error *err);

/* Appends all, in the order in which they were first added: "… (412 targets, first orders-000)". */
void problems_report(const struct problems *problems, struct diagnostics *out);

size_t problems_count(const struct problems *problems);

#endif
