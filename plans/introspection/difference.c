#include "plans/introspection/difference.h"

#include <stdlib.h>
#include <string.h>

#include "common/buffer.h"
#include "common/list.h"
#include "plans/introspection/resolve.h"
#include "plans/schema/diff.h"
#include "plans/schema/keep.h"
#include "plans/schema/print.h"

enum { ITEM_MAX = 400 };

static void add(struct arena *arena, struct difference *difference, const char *what,
                const char *text)
{
    difference->items =
        list_room(arena, difference->items, difference->count, sizeof *difference->items);
    difference->items[difference->count++] = arena_printf(arena, "%s%.*s%s", what, ITEM_MAX, text,
                                                          strlen(text) > ITEM_MAX ? " ..." : "");
}

/* On one line, without the semicolon at its end. */
static const char *text_of(struct arena *arena, const struct operation *operation)
{
    AUTO_BUFFER struct buffer text = {0};
    size_t kept = 0;

    print_operation(operation, &text);
    char *line = arena_copy(arena, buffer_text(&text), text.length);
    for (size_t i = 0; line[i] != '\0'; i++)
        if ((line[i] != ' ' && line[i] != '\n') || (kept > 0 && line[kept - 1] != ' '))
            line[kept++] = line[i] == '\n' ? ' ' : line[i];
    while (kept > 0 && strchr("; ", line[kept - 1]) != NULL)
        kept--;
    line[kept] = '\0';
    return line;
}

static void add_operations(struct arena *arena, struct model *from, const struct model *wanted,
                           struct difference *difference)
{
    struct error err = {0};
    struct diff diff;

    if (!diff_models(from, wanted, NULL, 0, &diff, &err))
        add(arena, difference, "no operation does it: ", err.message);
    for (size_t i = 0; i < diff.count; i++)
        add(arena, difference, "", text_of(arena, &diff.operations[i]));
}

struct lines {
    const char **items;
    size_t count;
};

static int compare_texts(const void *left, const void *right)
{
    const char *const *a = left;
    const char *const *b = right;

    return strcmp(*a, *b);
}

static void add_line(struct arena *arena, struct lines *lines, const char *text)
{
    lines->items = list_room(arena, lines->items, lines->count, sizeof *lines->items);
    lines->items[lines->count++] = text;
}

static struct lines sorted(struct lines lines)
{
    if (lines.count > 0)
        qsort(lines.items, lines.count, sizeof *lines.items, compare_texts);
    return lines;
}

static struct lines all_lines(struct arena *arena, const char *text)
{
    struct lines lines = {0};

    while (*text != '\0') {
        size_t length = strcspn(text, "\n");

        add_line(arena, &lines, arena_copy(arena, text, length));
        text += length + (text[length] != '\0');
    }
    return sorted(lines);
}

/* What a line says, or where none does by itself, what part it is and why it is outside. */
static struct lines outside_lines(struct arena *arena, const struct found *found)
{
    struct lines lines = {0};

    for (size_t i = 0; i < found->outside_count; i++) {
        const struct outside *outside = &found->outside[i];
        const char *table = outside->table != NULL ? outside->table : "";

        add_line(arena, &lines,
                 outside->line != NULL
                     ? outside->line
                     : arena_printf(arena, "%s %s (%s)", table, outside->part, outside->reason));
    }
    return sorted(lines);
}

static void add_lines(struct arena *arena, const struct lines *have, const struct lines *wanted,
                      struct difference *difference)
{
    size_t i = 0;
    size_t j = 0;

    while (i < have->count || j < wanted->count) {
        int order = i == have->count     ? 1
                    : j == wanted->count ? -1
                                         : strcmp(have->items[i], wanted->items[j]);

        if (order < 0)
            add(arena, difference, "not expected: ", have->items[i]);
        else if (order > 0)
            add(arena, difference, "missing: ", wanted->items[j]);
        i += order <= 0;
        j += order >= 0;
    }
}

static struct found read(struct arena *arena, enum engine_kind engine, const char *lines)
{
    struct found found;

    found_read(arena, engine, lines, strlen(lines), &found);
    keep_hide(&found.model);
    return found;
}

struct difference difference_of_lines(struct arena *arena, enum engine_kind engine,
                                      const char *lines, const char *wanted)
{
    struct difference difference = {0};
    struct found have = read(arena, engine, lines);
    const struct found want = read(arena, engine, wanted);
    const struct lines have_outside = outside_lines(arena, &have);
    const struct lines want_outside = outside_lines(arena, &want);

    add_operations(arena, &have.model, &want.model, &difference);
    add_lines(arena, &have_outside, &want_outside, &difference);
    if (difference.count == 0) {
        const struct lines have_all = all_lines(arena, lines);
        const struct lines want_all = all_lines(arena, wanted);

        add_lines(arena, &have_all, &want_all, &difference);
    }
    return difference;
}

struct difference difference_to_model(struct arena *arena, enum engine_kind engine,
                                      const char *lines, const struct model *wanted)
{
    struct difference difference = {0};
    struct found have = read(arena, engine, lines);

    resolve(engine, &have.model, wanted);
    add_operations(arena, &have.model, wanted, &difference);
    return difference;
}
