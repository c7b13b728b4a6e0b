#include "plans/problems.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buffer.h"
#include "common/memory.h"
#include "plans/digest_table.h"

struct problem {
    struct error error;
    size_t targets;
    const char *first;
    const struct concern *last; /* the one that was counted last */
};

struct problems {
    struct problem *items;
    size_t count;
    size_t capacity;
    struct digest_table *numbers; /* by place and words */
};

struct problems *problems_new(void)
{
    struct problems *problems = xcalloc(1, sizeof *problems);

    problems->numbers = digest_table_new();
    return problems;
}

void problems_free(struct problems *problems)
{
    if (problems == NULL)
        return;
    free(problems->items);
    digest_table_free(problems->numbers);
    free(problems);
}

static struct problem *append(struct problems *problems, const struct error *err)
{
    if (problems->count == problems->capacity) {
        problems->capacity = problems->capacity > 0 ? 2 * problems->capacity : 4;
        problems->items =
            xreallocarray(problems->items, problems->capacity, sizeof *problems->items);
    }
    problems->items[problems->count] = (struct problem){.error = *err};
    return &problems->items[problems->count++];
}

static struct problem *find_or_append(struct problems *problems, const struct error *err)
{
    AUTO_BUFFER struct buffer words = {0};

    error_describe(err, &words);
    struct digest key = digest_of(words.bytes, words.length);
    size_t number = digest_table_intern(problems->numbers, &key, problems->count);
    return number == problems->count ? append(problems, err) : &problems->items[number];
}

void problems_add_error(struct problems *problems, const struct concern *concern,
                        const struct error *err)
{
    struct problem *problem = find_or_append(problems, err);

    if (problem->last == concern)
        return;
    problem->last = concern;
    problem->targets += concern->targets;
    if (problem->first == NULL)
        problem->first = concern->first;
}

void problems_add(struct problems *problems, const struct concern *concern, enum error_code code,
                  const char *file, const char *format, ...)
{
    struct error err = {.code = code};
    va_list args;

    va_start(args, format);
    vsnprintf(err.message, sizeof err.message, format, args);
    va_end(args);
    if (file != NULL)
        error_at_file(&err, file, 0);
    problems_add_error(problems, concern, &err);
}

static void report(const struct problem *problem, struct diagnostics *out)
{
    struct error err = problem->error;
    size_t used = strlen(err.message);

    if (problem->targets == 1)
        snprintf(err.message + used, sizeof err.message - used, " (target %s)", problem->first);
    else if (problem->targets > 1)
        snprintf(err.message + used, sizeof err.message - used, " (%zu targets, first %s)",
                 problem->targets, problem->first);
    if (problem->first != NULL)
        error_at_target(&err, problem->first);
    diagnostics_add_error(out, &err);
}

void problems_report(const struct problems *problems, struct diagnostics *out)
{
    for (size_t i = 0; i < problems->count; i++)
        report(&problems->items[i], out);
}

size_t problems_count(const struct problems *problems)
{
    return problems->count;
}
