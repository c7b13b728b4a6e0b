#include "orchestrator/help.h"

#include <string.h>

enum { NAME_WIDTH = 18, OPTION_WIDTH = 24 };

void help_print_commands(FILE *out, bool color)
{
    fprintf(out,
            "%susage:%s fleet COMMAND [OPTION…]\n\n"
            "Plans and applies one schema on many databases.\n\n",
            terminal_style(color, STYLE_BOLD), terminal_style(color, STYLE_PLAIN));
    for (size_t i = 0; i < command_count; i++)
        fprintf(out, "  %s%-*s%s%s\n", terminal_style(color, STYLE_NAME), NAME_WIDTH,
                commands[i]->name, terminal_style(color, STYLE_PLAIN), commands[i]->summary);
    fputs("\nfleet COMMAND --help tells more. Exit status: 0 done, 1 failed, 2 wrong usage,\n"
          "3 changes are pending, 4 halted: a target needs an operator.\n",
          out);
}

static void print_option(FILE *out, const struct option_spec *option)
{
    char left[64];

    if (option->letter != '\0')
        snprintf(left, sizeof left, "-%c, --%s%s%s", option->letter, option->name,
                 option->argument != NULL ? " " : "",
                 option->argument != NULL ? option->argument : "");
    else
        snprintf(left, sizeof left, "    --%s%s%s", option->name,
                 option->argument != NULL ? " " : "",
                 option->argument != NULL ? option->argument : "");
    if (strlen(left) >= OPTION_WIDTH)
        fprintf(out, "  %s\n  %-*s%s\n", left, OPTION_WIDTH, "", option->help);
    else
        fprintf(out, "  %-*s%s\n", OPTION_WIDTH, left, option->help);
}

void help_print_command(FILE *out, bool color, const struct command *command)
{
    struct option_group groups[COMMAND_GROUPS];
    size_t count = command_groups(command, groups);
    const char *bold = terminal_style(color, STYLE_BOLD);
    const char *plain = terminal_style(color, STYLE_PLAIN);

    fprintf(out, "%susage:%s fleet %s%s%s\n\n%s.\n", bold, plain, command->name,
            command->operands[0] != '\0' ? " " : "", command->operands, command->summary);
    if (command->details != NULL)
        fprintf(out, "\n%s\n", command->details);
    for (size_t g = 0; g < count; g++) {
        fprintf(out, "\n%s%s%s\n", bold, groups[g].title, plain);
        for (size_t i = 0; i < groups[g].count; i++)
            print_option(out, &groups[g].options[i]);
    }
}
