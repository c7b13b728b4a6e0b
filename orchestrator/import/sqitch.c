/*
 * Sqitch: sqitch.plan lists the changes in their order; deploy/NAME.sql and revert/NAME.sql are the
 * scripts. A change that was reworked stands in the plan again; the scripts of its earlier self
 * carry a tag: deploy/NAME@TAG.sql.
 */
#include <string.h>

#include "orchestrator/import/tools.h"

static const char plan_name[] = "sqitch.plan";

struct line {
    const char *text;
    size_t length;
    int number;
};

struct change {
    const char *name;
    const char *stamp; /* digits of its time, or "" */
};

struct tag {
    const char *name;
    size_t place; /* changes that stand before it */
};

struct plan {
    struct change *changes;
    size_t count;
    struct tag *tags;
    size_t tag_count;
};

static bool is_plan(const struct source_file *file)
{
    return strcmp(file->inner, plan_name) == 0;
}

static bool recognises(const struct source *source)
{
    for (size_t i = 0; i < source->count; i++) {
        if (is_plan(&source->files[i]))
            return true;
    }
    return false;
}

/* 2024-03-01T12:30:00Z of a line as 20240301123000. */
static const char *read_stamp(struct arena *arena, const struct line *line)
{
    static const char form[] = "0000-00-00T00:00:00Z";
    size_t size = strlen(form);

    for (size_t i = 0; i + size <= line->length; i++) {
        char digits[sizeof form] = "";
        size_t count = 0;
        size_t j = 0;

        for (; j < size; j++) {
            char c = line->text[i + j];
            bool digit = c >= '0' && c <= '9';

            if (digit != (form[j] == '0') || (!digit && c != form[j]))
                break;
            if (digit)
                digits[count++] = c;
        }
        if (j == size)
            return arena_copy(arena, digits, count);
    }
    return "";
}

/* The first word of a line, from an offset on. */
static char *read_word(struct arena *arena, const struct line *line, size_t from)
{
    size_t end = from;

    while (end < line->length && strchr(" \t\r[", line->text[end]) == NULL)
        end++;
    return arena_copy(arena, line->text + from, end - from);
}

static void read_line(struct reading *reading, const struct source_file *file, struct plan *plan,
                      const struct line *line)
{
    char first = line->length > 0 ? *line->text : '\0';

    if (strchr("%#\r", first) != NULL)
        return;
    if (first == '@') {
        plan->tags[plan->tag_count++] =
            (struct tag){.name = read_word(reading->arena, line, 1), .place = plan->count};
        return;
    }
    if (first == '-') {
        reading_fault(reading, file->path, line->number,
                      "the plan reverts a change here; import a plan that only deploys");
        return;
    }
    plan->changes[plan->count++] = (struct change){
        .name = read_word(reading->arena, line, first == '+'),
        .stamp = read_stamp(reading->arena, line),
    };
}

static void read_plan(struct reading *reading, const struct source_file *file, struct plan *plan)
{
    const char *end = file->bytes + file->length;
    size_t lines = 1;

    for (const char *p = file->bytes; p < end; p++)
        lines += *p == '\n';
    plan->changes = arena_calloc(reading->arena, lines, sizeof *plan->changes);
    plan->tags = arena_calloc(reading->arena, lines, sizeof *plan->tags);
    int number = 1;
    for (const char *p = file->bytes; p < end; number++) {
        size_t blanks = strspn(p, " \t");
        size_t length = strcspn(p, "\n");
        struct line line = {.text = p + blanks, .length = length - blanks, .number = number};

        read_line(reading, file, plan, &line);
        p += length + 1;
    }
}

/* Where the change stands in the plan again after this place; the plan's end if nowhere. */
static size_t reworked_at(const struct plan *plan, size_t index)
{
    size_t i = index + 1;

    while (i < plan->count && strcmp(plan->changes[i].name, plan->changes[index].name) != 0)
        i++;
    return i;
}

/* A reworked change's script carries one of the tags that stand before it was reworked; the one
   without a tag is that of its last self alone. */
static struct source_file *find_script(struct reading *reading, int engine, const struct plan *plan,
                                       size_t index, const char *base)
{
    size_t next = reworked_at(plan, index);
    struct source_file *file = NULL;

    if (next == plan->count)
        return source_find(reading->source, engine, arena_printf(reading->arena, "%s.sql", base));
    for (size_t i = 0; file == NULL && i < plan->tag_count; i++) {
        const struct tag *tag = &plan->tags[i];

        if (tag->place > index && tag->place <= next)
            file = source_find(reading->source, engine,
                               arena_printf(reading->arena, "%s@%s.sql", base, tag->name));
    }
    return file;
}

static void add_script(struct reading *reading, int engine, const struct plan *plan, size_t index,
                       bool down)
{
    const struct change *change = &plan->changes[index];
    const char *base =
        arena_printf(reading->arena, "%s/%s", down ? "revert" : "deploy", change->name);
    struct source_file *file = find_script(reading, engine, plan, index, base);

    if (file == NULL) {
        if (!down)
            reading_fault(reading, arena_printf(reading->arena, "%s.sql", base), 0,
                          "the plan has this change, but its script is missing; where the change "
                          "is reworked later, that of the earlier one is NAME@TAG.sql");
        return;
    }
    file->used = true;
    reading_add(reading, &(struct piece){
                             .key = change->name,
                             .number = change->stamp,
                             .name = change->name,
                             .engine = engine,
                             .rank = index,
                             .down = down,
                             .path = file->path,
                             .bytes = file->bytes,
                             .length = file->length,
                         });
}

static void note_verify_scripts(struct reading *reading)
{
    bool noted = false;

    for (size_t i = 0; i < reading->source->count; i++) {
        struct source_file *file = &reading->source->files[i];

        if (strncmp(file->inner, "verify/", strlen("verify/")) != 0)
            continue;
        file->used = true;
        if (!noted)
            reading_note(reading, "verify",
                         "verify scripts were left out: write \"-- fleet: check\" directives where "
                         "you need them");
        noted = true;
    }
}

static void read_source(struct reading *reading)
{
    struct source_file *found = NULL;
    struct plan plan = {0};

    for (size_t i = 0; i < reading->source->count; i++) {
        struct source_file *file = &reading->source->files[i];

        if (strcmp(source_base_name(file->inner), "sqitch.conf") == 0)
            file->used = true;
        if (!is_plan(file))
            continue;
        if (found != NULL)
            reading_fault(reading, file->path, 0,
                          "the folder has several plans; import each into a folder of its own");
        file->used = true;
        found = file;
    }
    if (found == NULL) {
        reading_fault(reading, plan_name, 0, "the file is missing");
        return;
    }
    read_plan(reading, found, &plan);
    for (size_t i = 0; i < plan.count; i++) {
        add_script(reading, found->engine, &plan, i, false);
        add_script(reading, found->engine, &plan, i, true);
    }
    note_verify_scripts(reading);
}

/* "change" is a reserved word in MySQL, but not after a dot. */
const struct import_tool import_sqitch = {
    .kind = FOREIGN_SQITCH,
    .recognises = recognises,
    .finds_transactionless = true,
    .read = read_source,
};
