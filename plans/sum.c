#include "plans/sum.h"

#include <stdlib.h>
#include <string.h>

#include "common/list.h"

static const char header[] = "# fleet.sum 1";

static int compare_entries(const void *a, const void *b)
{
    const struct sum_entry *left = a;
    const struct sum_entry *right = b;

    return strcmp(left->path, right->path);
}

static bool is_conflict(const char *line)
{
    static const char *const marks[] = {"<<<<<<<", "=======", ">>>>>>>", "|||||||"};

    for (size_t i = 0; i < COUNT_OF(marks); i++) {
        if (strncmp(line, marks[i], strlen(marks[i])) == 0)
            return true;
    }
    return false;
}

/* Cuts "HEX  PATH"; false if the line has another form. */
static bool read_entry(char *line, struct sum_entry *entry)
{
    size_t hex = DIGEST_HEX_SIZE - 1;

    if (strlen(line) < hex + 3 || line[hex] != ' ' || line[hex + 1] != ' ')
        return false;
    line[hex] = '\0';
    entry->path = line + hex + 2;
    return digest_from_hex(line, &entry->sha256);
}

struct reading {
    struct arena *arena;
    const char *file;
    struct diagnostics *faults;
    struct sum_entry *entries;
    size_t count;
    int line;
};

static bool fault(struct reading *reading, const char *what)
{
    diagnostics_add(reading->faults, ERROR_CONFIG, reading->file, reading->line, "%s", what);
    return false;
}

static bool read_line(struct reading *reading, char *line)
{
    struct sum_entry entry = {.line = ++reading->line};

    if (is_conflict(line))
        return fault(reading, "a merge left its marks here: see that the migrations of both sides "
                              "belong together, then run fleet sum");
    if (reading->line == 1)
        return strcmp(line, header) == 0 ||
               fault(reading, "the first line is not \"# fleet.sum 1\": restore the file, or run a "
                              "release of fleet that knows this format");
    if (*line == '\0')
        return true;
    if (!read_entry(line, &entry))
        return fault(reading, "the line is not a SHA-256 in hex, two spaces and a path");
    reading->entries =
        list_room(reading->arena, reading->entries, reading->count, sizeof *reading->entries);
    reading->entries[reading->count++] = entry;
    return true;
}

/* Two branches may each have pinned a file of the same name. */
static bool has_no_doubles(struct reading *reading)
{
    for (size_t i = 1; i < reading->count; i++) {
        if (strcmp(reading->entries[i - 1].path, reading->entries[i].path) == 0) {
            diagnostics_add(reading->faults, ERROR_CONFIG, reading->file, reading->entries[i].line,
                            "%s is pinned twice; run fleet sum", reading->entries[i].path);
            return false;
        }
    }
    return true;
}

bool sum_read(struct arena *arena, const char *file, const char *bytes, size_t length,
              struct sum *sum, struct diagnostics *faults)
{
    struct reading reading = {.arena = arena, .file = file, .faults = faults};
    char *rest = arena_copy(arena, bytes, length);

    *sum = (struct sum){0};
    for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n")) {
        line[strcspn(line, "\r")] = '\0';
        if (!read_line(&reading, line))
            return false;
    }
    if (reading.count > 0)
        qsort(reading.entries, reading.count, sizeof *reading.entries, compare_entries);
    *sum = (struct sum){.entries = reading.entries, .count = reading.count};
    return has_no_doubles(&reading);
}

void sum_write(const struct sum *sum, struct buffer *out)
{
    buffer_printf(out, "%s\n", header);
    for (size_t i = 0; i < sum->count; i++) {
        char hex[DIGEST_HEX_SIZE];

        digest_to_hex(&sum->entries[i].sha256, hex);
        buffer_printf(out, "%s  %s\n", hex, sum->entries[i].path);
    }
}

const struct sum_entry *sum_find(const struct sum *sum, const char *path)
{
    struct sum_entry key = {.path = path};

    if (sum->count == 0)
        return NULL;
    return bsearch(&key, sum->entries, sum->count, sizeof key, compare_entries);
}
