/*
 * command - the verbs of fleet: one file and one row of a table each.
 *
 * Help, shell completion and the test of the manuals read the table. A command prints its results
 * to standard output and returns the exit status; what went wrong it leaves in err, which main
 * reports once.
 */
#ifndef FLEET_ORCHESTRATOR_COMMAND_H
#define FLEET_ORCHESTRATOR_COMMAND_H

#include "common/clock.h"
#include "common/diagnostics.h"
#include "common/error.h"
#include "common/random.h"
#include "orchestrator/arguments.h"
#include "orchestrator/terminal.h"

/* Exit statuses that scripts may rely on. */
enum exit_status {
    STATUS_DONE = 0,
    STATUS_FAILED = 1,
    STATUS_USAGE = 2,
    STATUS_PENDING = 3, /* plan: there is something to apply */
    STATUS_HALTED = 4   /* a target needs an operator */
};

struct invocation {
    const struct command *command;
    const struct arguments *arguments;
    const struct terminal *terminal;
    const struct clock *clock;
    const struct random_source *random;
};

/* Which of the shared option groups a command takes. */
enum {
    TAKES_INVENTORY = 1,    /* --inventory */
    TAKES_SELECTOR = 2,     /* [ENV…] --env --target --label */
    TAKES_OUTPUT = 4,       /* --output */
    TAKES_OUT_OF_ORDER = 8, /* --allow-out-of-order and --allow-drift, among its own options */
    TAKES_WORKERS = 16      /* --workers, among its own options */
};

struct command {
    const char *name;     /* one or two words: "plan", "ca issue" */
    const char *operands; /* as the usage line shows them */
    const char *summary;  /* one line */
    const char *details;  /* paragraphs for --help */
    unsigned takes;
    const struct option_spec *options;
    size_t option_count;
    int (*run)(const struct invocation *invocation, struct error *err);
};

/* All of them, in the order of the help. */
extern const struct command *const commands[];
extern const size_t command_count;

enum { COMMAND_GROUPS = 4 };
/* The command's option groups, its own first; yields their number. */
size_t command_groups(const struct command *command, struct option_group groups[COMMAND_GROUPS]);

/* Finds the command that the first words name and runs it. The exit status of the process. */
int command_main(size_t word_count, const char *const *words);

/* Whether the operator wants it: --yes says so, or a person on the terminal. */
bool command_ask(const struct invocation *invocation, const char *question,
                 struct error *err) MUST_USE;

/* Prints every fault to standard error; the exit status for them. */
int report_faults(const struct terminal *terminal, const struct diagnostics *faults);
/* Prints one error with its place, target, statement and SQLSTATE to standard error. */
void report_error(const struct terminal *terminal, const struct error *err);

#endif
