#include "orchestrator/arguments.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/memory.h"
#include "common/text.h"

/* What was given for one option of the table. */
struct given {
    const struct option_spec *spec;
    const char **values; /* of a flag: as many NULLs as it was given */
    size_t count;
};

struct arguments {
    struct given *options;
    size_t option_count;
    const char **operands;
    size_t operand_count;
};

void arguments_free(struct arguments *arguments)
{
    if (arguments == NULL)
        return;
    for (size_t i = 0; i < arguments->option_count; i++)
        free(arguments->options[i].values);
    free(arguments->options);
    free(arguments->operands);
    free(arguments);
}

static struct arguments *arguments_new(const struct option_group *groups, size_t group_count,
                                       size_t word_count)
{
    struct arguments *arguments = xcalloc(1, sizeof *arguments);
    size_t total = 0;

    for (size_t g = 0; g < group_count; g++)
        total += groups[g].count;
    arguments->options = xcalloc(total, sizeof *arguments->options);
    for (size_t g = 0; g < group_count; g++)
        for (size_t i = 0; i < groups[g].count; i++)
            arguments->options[arguments->option_count++].spec = &groups[g].options[i];
    arguments->operands = xcalloc(word_count, sizeof *arguments->operands);
    return arguments;
}

static struct given *find(const struct arguments *arguments, const char *name, size_t length)
{
    for (size_t i = 0; i < arguments->option_count; i++) {
        const char *candidate = arguments->options[i].spec->name;

        if (strlen(candidate) == length && strncmp(candidate, name, length) == 0)
            return &arguments->options[i];
    }
    return NULL;
}

static struct given *find_letter(const struct arguments *arguments, char letter)
{
    for (size_t i = 0; i < arguments->option_count; i++)
        if (letter != '\0' && arguments->options[i].spec->letter == letter)
            return &arguments->options[i];
    return NULL;
}

static bool unknown_option(const struct arguments *arguments, const char *word, struct error *err)
{
    const char **names = xcalloc(arguments->option_count, sizeof *names);

    for (size_t i = 0; i < arguments->option_count; i++)
        names[i] = arguments->options[i].spec->name;
    size_t length = strcspn(word, "=");
    AUTO(text) char *bare = xstrndup(word, length);
    const char *near = NULL;
    if (strncmp(bare, "--", 2) == 0)
        near = text_nearest(bare + 2, names, arguments->option_count);
    free(names);
    if (near != NULL)
        return error_set(err, ERROR_USAGE, "unknown option %s, did you mean --%s?", bare, near);
    return error_set(err, ERROR_USAGE, "unknown option %s; --help lists the options", bare);
}

static bool record(struct given *given, const char *value, struct error *err)
{
    const struct option_spec *spec = given->spec;

    if (given->count > 0 && !spec->repeatable && spec->argument != NULL)
        return error_set(err, ERROR_USAGE, "--%s is given twice", spec->name);
    given->values = xreallocarray(given->values, given->count + 1, sizeof *given->values);
    given->values[given->count++] = value;
    return true;
}

/* Takes the option at words[*index], and its value from the same or the next word. */
static bool take_option(struct arguments *arguments, size_t count, const char *const *words,
                        size_t *index, struct error *err)
{
    const char *word = words[*index];
    bool is_long = word[1] == '-';
    const char *equals = is_long ? strchr(word, '=') : NULL;
    struct given *given;

    if (is_long)
        given = find(arguments, word + 2, strcspn(word + 2, "="));
    else
        given = find_letter(arguments, word[1]);
    if (given == NULL)
        return unknown_option(arguments, word, err);
    const char *attached =
        is_long ? (equals != NULL ? equals + 1 : NULL) : (word[2] != '\0' ? word + 2 : NULL);
    if (given->spec->argument == NULL) {
        if (attached != NULL)
            return error_set(err, ERROR_USAGE, "%s: --%s takes no value", word, given->spec->name);
        return record(given, NULL, err);
    }
    if (attached == NULL && *index + 1 < count)
        attached = words[++*index];
    if (attached == NULL)
        return error_set(err, ERROR_USAGE, "--%s needs a value: --%s %s", given->spec->name,
                         given->spec->name, given->spec->argument);
    return record(given, attached, err);
}

struct arguments *arguments_parse(const struct option_group *groups, size_t group_count,
                                  size_t word_count, const char *const *words, struct error *err)
{
    AUTO(arguments) struct arguments *arguments = arguments_new(groups, group_count, word_count);
    bool only_operands = false;

    for (size_t i = 0; i < word_count; i++) {
        const char *word = words[i];

        if (!only_operands && strcmp(word, "--") == 0) {
            only_operands = true;
        } else if (!only_operands && word[0] == '-' && word[1] != '\0') {
            if (!take_option(arguments, word_count, words, &i, err))
                return NULL;
        } else {
            arguments->operands[arguments->operand_count++] = word;
        }
    }
    return TAKE(arguments);
}

static const struct given *must_find(const struct arguments *arguments, const char *option)
{
    const struct given *given = find(arguments, option, strlen(option));

    assert(given != NULL);
    return given;
}

bool arguments_has(const struct arguments *arguments, const char *option)
{
    return must_find(arguments, option)->count > 0;
}

const char *arguments_value(const struct arguments *arguments, const char *option)
{
    const struct given *given = must_find(arguments, option);

    return given->count > 0 ? given->values[given->count - 1] : NULL;
}

const char *const *arguments_values(const struct arguments *arguments, const char *option,
                                    size_t *count)
{
    const struct given *given = must_find(arguments, option);

    *count = given->count;
    return given->values;
}

bool arguments_number(const struct arguments *arguments, const char *option, long least, long most,
                      long otherwise, long *number, struct error *err)
{
    const char *text = arguments_value(arguments, option);
    char *end;

    *number = otherwise;
    if (text == NULL)
        return true;
    errno = 0;
    *number = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || *number < least || *number > most)
        return error_set(err, ERROR_USAGE, "--%s %s: expected a number from %ld to %ld", option,
                         text, least, most);
    return true;
}

size_t arguments_operand_count(const struct arguments *arguments)
{
    return arguments->operand_count;
}

const char *arguments_operand(const struct arguments *arguments, size_t index)
{
    return index < arguments->operand_count ? arguments->operands[index] : NULL;
}

bool arguments_expect(const struct arguments *arguments, size_t least, size_t most,
                      const char *what, struct error *err)
{
    if (arguments->operand_count < least)
        return error_set(err, ERROR_USAGE, "%s is missing", what);
    if (arguments->operand_count > most)
        return error_set(err, ERROR_USAGE, "unexpected \"%s\"", arguments->operands[most]);
    return true;
}
