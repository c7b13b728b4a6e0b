#include "orchestrator/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buffer.h"
#include "common/memory.h"
#include "common/text.h"
#include "orchestrator/help.h"

static const struct option_spec general_options[] = {
    {"help", 'h', NULL, false, "show this help"},
    {"verbose", 'v', NULL, false, "say more: which inventory was used, each step"},
    {"color", 0, "WHEN", false, "auto, always or never"},
};

static const struct option_spec inventory_options[] = {
    {"inventory", 'i', "FILE", false,
     "the inventory; else FLEET_INVENTORY, fleet.ini here or above"},
};

static const struct option_spec selector_options[] = {
    {"inventory", 'i', "FILE", false,
     "the inventory; else FLEET_INVENTORY, fleet.ini here or above"},
    {"env", 'e', "NAME", true, "targets of this environment (also as plain word)"},
    {"target", 't', "GLOB", true, "targets with such a name"},
    {"label", 'l', "KEY=VALUE", true, "targets with this label; the value may be a glob"},
};

static const struct option_spec output_options[] = {
    {"output", 'O', "FORM", false, "table, json, csv or html"},
};

size_t command_groups(const struct command *command, struct option_group groups[COMMAND_GROUPS])
{
    size_t count = 0;

    if (command->option_count > 0)
        groups[count++] = (struct option_group){"Options", command->options, command->option_count};
    if (command->takes & TAKES_SELECTOR)
        groups[count++] =
            (struct option_group){"Selection", selector_options, COUNT_OF(selector_options)};
    else if (command->takes & TAKES_INVENTORY)
        groups[count++] =
            (struct option_group){"Inventory", inventory_options, COUNT_OF(inventory_options)};
    if (command->takes & TAKES_OUTPUT)
        groups[count++] = (struct option_group){"Output", output_options, COUNT_OF(output_options)};
    groups[count++] = (struct option_group){"General", general_options, COUNT_OF(general_options)};
    return count;
}

void report_error(const struct terminal *terminal, const struct error *err)
{
    AUTO_BUFFER struct buffer text = {0};
    FILE *stream = terminal->messages;
    bool color = terminal->color_messages;

    error_describe(err, &text);
    fprintf(stream, "%serror:%s ", terminal_style(color, STYLE_BAD),
            terminal_style(color, STYLE_PLAIN));
    terminal_put_untrusted(stream, buffer_text(&text), true);
    fputc('\n', stream);
}

bool command_ask(const struct invocation *invocation, const char *question, struct error *err)
{
    const struct terminal *terminal = invocation->terminal;

    if (arguments_has(invocation->arguments, "yes"))
        return true;
    if (!terminal->interactive)
        return error_set(err, ERROR_USAGE, "no terminal to ask on: --yes runs without a question");
    fflush(terminal->out);
    if (terminal_confirm(terminal, question))
        return true;
    return error_set(err, ERROR_CANCELLED, "not confirmed: nothing was started");
}

int report_faults(const struct terminal *terminal, const struct diagnostics *faults)
{
    int status = STATUS_DONE;

    for (size_t i = 0; i < diagnostics_count(faults); i++) {
        const struct error *err = diagnostics_at(faults, i);

        report_error(terminal, err);
        if (status == STATUS_DONE)
            status = error_exit_status(err->code);
    }
    return status;
}

/* How many leading words name the command; 0 if they do not. */
static size_t words_of_name(const struct command *command, size_t count, const char *const *words)
{
    const char *rest = command->name;
    size_t used = 0;

    while (*rest != '\0') {
        size_t length = strcspn(rest, " ");

        if (used == count || strlen(words[used]) != length ||
            strncmp(words[used], rest, length) != 0)
            return 0;
        used++;
        rest += length;
        rest += strspn(rest, " ");
    }
    return used;
}

static const struct command *find_command(size_t count, const char *const *words, size_t *used)
{
    const struct command *best = NULL;

    *used = 0;
    for (size_t i = 0; i < command_count; i++) {
        size_t words_used = words_of_name(commands[i], count, words);

        if (words_used > *used) {
            *used = words_used;
            best = commands[i];
        }
    }
    return best;
}

static int unknown_command(const struct terminal *terminal, size_t count, const char *const *words)
{
    const char **names = xcalloc(command_count, sizeof *names);
    struct error err = {0};

    for (size_t i = 0; i < command_count; i++)
        names[i] = commands[i]->name;
    AUTO(text) char *two = count > 1 ? xasprintf("%s %s", words[0], words[1]) : xstrdup(words[0]);
    const char *near = text_nearest(words[0], names, command_count);
    if (near == NULL)
        near = text_nearest(two, names, command_count);
    if (near != NULL)
        error_set(&err, ERROR_USAGE, "unknown command \"%s\", did you mean \"%s\"?", words[0],
                  near);
    else
        error_set(&err, ERROR_USAGE, "unknown command \"%s\"; fleet --help lists them", words[0]);
    free(names);
    report_error(terminal, &err);
    return STATUS_USAGE;
}

static int run_parsed(const struct command *command, const struct arguments *arguments,
                      struct error *err)
{
    const char *color = arguments_value(arguments, "color");
    struct terminal terminal =
        terminal_detect(color != NULL ? color : "auto", arguments_has(arguments, "verbose"));
    struct invocation invocation = {
        .command = command,
        .arguments = arguments,
        .terminal = &terminal,
        .clock = clock_system(),
        .random = random_system(),
    };

    if (arguments_has(arguments, "help")) {
        help_print_command(terminal.out, terminal.color_out, command);
        return STATUS_DONE;
    }
    int status = command->run(&invocation, err);
    if (fflush(terminal.out) != 0 && err->code == ERROR_NONE)
        error_set(err, ERROR_IO, "the output could not be written");
    if (err->code != ERROR_NONE) {
        report_error(&terminal, err);
        return status > error_exit_status(err->code) ? status : error_exit_status(err->code);
    }
    return status;
}

int command_main(size_t word_count, const char *const *words)
{
    struct terminal terminal = terminal_detect("auto", false);
    size_t used;
    struct error err = {0};

    if (word_count == 0 || strcmp(words[0], "--help") == 0 || strcmp(words[0], "-h") == 0 ||
        strcmp(words[0], "help") == 0) {
        help_print_commands(word_count == 0 ? terminal.messages : terminal.out, false);
        return word_count == 0 ? STATUS_USAGE : STATUS_DONE;
    }
    if (strcmp(words[0], "--version") == 0) {
        puts("fleet " FLEET_VERSION);
        return STATUS_DONE;
    }
    const struct command *command = find_command(word_count, words, &used);
    if (command == NULL)
        return unknown_command(&terminal, word_count, words);
    struct option_group groups[COMMAND_GROUPS];
    size_t group_count = command_groups(command, groups);
    AUTO(arguments)
    struct arguments *arguments =
        arguments_parse(groups, group_count, word_count - used, words + used, &err);
    if (arguments == NULL) {
        error_wrap(&err, "fleet %s", command->name);
        report_error(&terminal, &err);
        return STATUS_USAGE;
    }
    return run_parsed(command, arguments, &err);
}
