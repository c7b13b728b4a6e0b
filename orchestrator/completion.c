#include "orchestrator/completion.h"

#include <string.h>

#include "orchestrator/command.h"

/* Calls the function with every option of a command. */
static void each_option(const struct command *command,
                        void (*function)(FILE *out, const struct command *command,
                                         const struct option_spec *option),
                        FILE *out)
{
    struct option_group groups[COMMAND_GROUPS];
    size_t count = command_groups(command, groups);

    for (size_t g = 0; g < count; g++)
        for (size_t i = 0; i < groups[g].count; i++)
            function(out, command, &groups[g].options[i]);
}

static void print_word(FILE *out, const struct command *command, const struct option_spec *option)
{
    (void)command;
    fprintf(out, " --%s", option->name);
}

static void print_cases(FILE *out, const char *open, const char *close)
{
    for (size_t i = 0; i < command_count; i++) {
        fprintf(out, "    \"%s\") %s", commands[i]->name, open);
        each_option(commands[i], print_word, out);
        fprintf(out, "%s ;;\n", close);
    }
}

static void print_first_words(FILE *out)
{
    for (size_t i = 0; i < command_count; i++) {
        size_t length = strcspn(commands[i]->name, " ");
        bool repeated = i > 0 && strncmp(commands[i - 1]->name, commands[i]->name, length) == 0 &&
                        commands[i - 1]->name[length] == ' ';

        if (!repeated)
            fprintf(out, " %.*s", (int)length, commands[i]->name);
    }
}

/* The second words that may follow a first one: "audit) words='log report'". */
static void print_second_words(FILE *out)
{
    for (size_t i = 0; i < command_count; i++) {
        const char *space = strchr(commands[i]->name, ' ');

        if (space != NULL)
            fprintf(out, "    %.*s) words=\"$words %s\" ;;&\n", (int)(space - commands[i]->name),
                    commands[i]->name, space + 1);
    }
}

void completion_print_bash(FILE *out)
{
    fputs("# bash completion for fleet\n_fleet() {\n"
          "  local current=${COMP_WORDS[COMP_CWORD]} first=${COMP_WORDS[1]} words=\n"
          "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n    words=\"",
          out);
    print_first_words(out);
    fputs("\"\n  elif [ \"$COMP_CWORD\" -eq 2 ]; then\n    case $first in\n", out);
    print_second_words(out);
    fputs("    esac\n  fi\n  local name=$first\n"
          "  case \"$first ${COMP_WORDS[2]}\" in\n",
          out);
    for (size_t i = 0; i < command_count; i++)
        if (strchr(commands[i]->name, ' ') != NULL)
            fprintf(out, "    \"%s\") name=\"%s\" ;;\n", commands[i]->name, commands[i]->name);
    fputs("  esac\n  if [[ $current == -* ]]; then\n    case $name in\n", out);
    print_cases(out, "words=\"", "\"");
    fputs("    esac\n  fi\n"
          "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
          "  [ ${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- \"$current\"))\n"
          "}\ncomplete -F _fleet fleet\n",
          out);
}

void completion_print_zsh(FILE *out)
{
    fputs("#compdef fleet\n# zsh completion for fleet\nlocal -a verbs options\nverbs=(\n", out);
    for (size_t i = 0; i < command_count; i++)
        fprintf(out, "  '%s:%s'\n", commands[i]->name, commands[i]->summary);
    fputs(")\nif (( CURRENT == 2 )); then\n  _describe 'command' verbs\n  return\nfi\n"
          "local name=$words[2]\n"
          "case \"$words[2] $words[3]\" in\n",
          out);
    for (size_t i = 0; i < command_count; i++)
        if (strchr(commands[i]->name, ' ') != NULL)
            fprintf(out, "  '%s') name='%s' ;;\n", commands[i]->name, commands[i]->name);
    fputs("esac\ncase $name in\n", out);
    print_cases(out, "options=(", ")");
    fputs("esac\n_alternative 'options:option:compadd -a options' 'files:file:_files'\n", out);
}

static void print_fish_option(FILE *out, const struct command *command,
                              const struct option_spec *option)
{
    fprintf(out, "complete -c fleet -n '__fish_seen_subcommand_from %.*s' -l %s",
            (int)strcspn(command->name, " "), command->name, option->name);
    if (option->letter != '\0')
        fprintf(out, " -s %c", option->letter);
    fprintf(out, "%s -d '%s'\n", option->argument != NULL ? " -r" : "", option->help);
}

void completion_print_fish(FILE *out)
{
    fputs("# fish completion for fleet\n", out);
    for (size_t i = 0; i < command_count; i++) {
        const char *name = commands[i]->name;
        const char *space = strchr(name, ' ');

        if (space == NULL)
            fprintf(out, "complete -c fleet -n __fish_use_subcommand -a %s -d '%s'\n", name,
                    commands[i]->summary);
        else
            fprintf(out,
                    "complete -c fleet -n __fish_use_subcommand -a %.*s\n"
                    "complete -c fleet -n '__fish_seen_subcommand_from %.*s' -a %s -d '%s'\n",
                    (int)(space - name), name, (int)(space - name), name, space + 1,
                    commands[i]->summary);
        each_option(commands[i], print_fish_option, out);
    }
}

/* scdoc takes underscores and stars as markup. */
static void print_scdoc(FILE *out, const char *text)
{
    for (const char *p = text; *p != '\0'; p++) {
        if (strchr("_*\\#~<>[]", *p) != NULL)
            fputc('\\', out);
        fputc(*p, out);
    }
}

static void print_manual_option(FILE *out, const struct command *command,
                                const struct option_spec *option)
{
    (void)command;
    if (option->letter != '\0')
        fprintf(out, "*-%c*, ", option->letter);
    fprintf(out, "*--%s*", option->name);
    if (option->argument != NULL) {
        fputs(" ", out);
        print_scdoc(out, option->argument);
    }
    fputs("\n\t", out);
    print_scdoc(out, option->help);
    fputs("\n\n", out);
}

void completion_print_manual(FILE *out)
{
    fputs("# COMMANDS\n\n", out);
    for (size_t i = 0; i < command_count; i++) {
        const struct command *command = commands[i];

        /* A heading takes no markup. */
        fprintf(out, "## fleet %s\n\n*fleet %s* ", command->name, command->name);
        print_scdoc(out, command->operands);
        fputs("\n\n", out);
        print_scdoc(out, command->summary);
        fputs(". ", out);
        if (command->details != NULL)
            print_scdoc(out, command->details);
        fputs("\n\n", out);
        each_option(command, print_manual_option, out);
    }
}
