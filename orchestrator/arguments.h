/*
 * arguments - a command line, read by a table of options.
 *
 * The same table prints help, completion and manual. Options may stand before or after operands;
 * "--" ends them. Values are looked up by the option's name, which must be in the table.
 */
#ifndef FLEET_ORCHESTRATOR_ARGUMENTS_H
#define FLEET_ORCHESTRATOR_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

struct option_spec {
    const char *name;     /* "env" for --env */
    char letter;          /* 'v' for -v; 0 if none */
    const char *argument; /* "NAME" where one is needed; NULL for a flag */
    bool repeatable;
    const char *help;
};

/* Options come in groups (general, selectors, the command's own). */
struct option_group {
    const char *title;
    const struct option_spec *options;
    size_t count;
};

struct arguments;

/* words are those after the command's name; they must outlive the result. ERROR_USAGE suggests a
   near option. */
struct arguments *arguments_parse(const struct option_group *groups, size_t group_count,
                                  size_t word_count, const char *const *words,
                                  struct error *err) MUST_USE;
void arguments_free(struct arguments *arguments);
AUTO_DEFINE(arguments)

/* Whether a flag was given. */
bool arguments_has(const struct arguments *arguments, const char *option);
/* The last value given; NULL if none. */
const char *arguments_value(const struct arguments *arguments, const char *option);
/* All values given, in order. */
const char *const *arguments_values(const struct arguments *arguments, const char *option,
                                    size_t *count);
/* A value as a number in a range; otherwise if it was not given. */
bool arguments_number(const struct arguments *arguments, const char *option, long least, long most,
                      long otherwise, long *number, struct error *err) MUST_USE;

/* Words that are no options. */
size_t arguments_operand_count(const struct arguments *arguments);
const char *arguments_operand(const struct arguments *arguments, size_t index);
/* Fails unless their number is within bounds; what names them: "DIRECTORY". */
bool arguments_expect(const struct arguments *arguments, size_t least, size_t most,
                      const char *what, struct error *err) MUST_USE;

#endif
