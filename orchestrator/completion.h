/* completion - scripts for shells and the manual's command section, printed from the command table.
 */
#ifndef FLEET_ORCHESTRATOR_COMPLETION_H
#define FLEET_ORCHESTRATOR_COMPLETION_H

#include <stdio.h>

void completion_print_bash(FILE *out);
void completion_print_zsh(FILE *out);
void completion_print_fish(FILE *out);

/* The section COMMANDS of fleet(1) as scdoc. */
void completion_print_manual(FILE *out);

#endif
