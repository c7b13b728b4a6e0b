/* fleet completion - scripts that complete fleet's command line, for the shells. */
#include <string.h>

#include "orchestrator/commands/all.h"
#include "orchestrator/completion.h"

static const struct {
    const char *name;
    void (*print)(FILE *out);
} forms[] = {
    {"bash", completion_print_bash},
    {"zsh", completion_print_zsh},
    {"fish", completion_print_fish},
    {"manual", completion_print_manual},
};

static int run_completion(const struct invocation *invocation, struct error *err)
{
    const char *name = arguments_operand(invocation->arguments, 0);

    if (!arguments_expect(invocation->arguments, 1, 1, "SHELL", err))
        return STATUS_USAGE;
    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        if (strcmp(forms[i].name, name) == 0) {
            forms[i].print(invocation->terminal->out);
            return STATUS_DONE;
        }
    }
    error_set(err, ERROR_USAGE, "%s: expected bash, zsh, fish or manual", name);
    return STATUS_USAGE;
}

const struct command command_completion = {
    .name = "completion",
    .operands = "SHELL",
    .summary = "Print a completion script for bash, zsh or fish",
    .details = "With \"manual\" it prints the commands' part of fleet(1).",
    .run = run_completion,
};
