/* help - usage texts and completion lists, printed from the command table. */
#ifndef FLEET_ORCHESTRATOR_HELP_H
#define FLEET_ORCHESTRATOR_HELP_H

#include <stdbool.h>
#include <stdio.h>

#include "orchestrator/command.h"

/* All commands with their summaries. */
void help_print_commands(FILE *out, bool color);
/* Usage, details and options of one. */
void help_print_command(FILE *out, bool color, const struct command *command);

#endif
