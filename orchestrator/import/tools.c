#include "orchestrator/import/tools.h"

#include <string.h>
#include <strings.h>

#include "common/memory.h"

enum { FIRST_CAPACITY = 64 };

static const char digits[] = "0123456789";

void reading_add(struct reading *reading, const struct piece *piece)
{
    size_t count = reading->count;
    bool is_full = count >= FIRST_CAPACITY ? (count & (count - 1)) == 0 : count == 0;

    if (piece->engine == OTHER_ENGINE) {
        reading_note(reading, piece->path, "for an engine that is none of fleet's: left out");
        return;
    }
    if (is_full) {
        size_t capacity = count == 0 ? FIRST_CAPACITY : count * 2;
        struct piece *larger = arena_calloc(reading->arena, capacity, sizeof *larger);

        if (count > 0)
            memcpy(larger, reading->pieces, count * sizeof *larger);
        reading->pieces = larger;
    }
    reading->pieces[reading->count++] = *piece;
}

static void add(struct diagnostics *list, const struct reading *reading, const char *path, int line,
                const char *text)
{
    AUTO(text) char *full = xasprintf("%s/%s", reading->directory, path);

    diagnostics_add(list, ERROR_CONFIG, full, line, "%s", text);
}

void reading_note(struct reading *reading, const char *path, const char *text)
{
    add(reading->notes, reading, path, 0, text);
}

void reading_fault(struct reading *reading, const char *path, int line, const char *text)
{
    add(reading->faults, reading, path, line, text);
}

static const char *line_end(const char *at)
{
    return at + strcspn(at, "\n");
}

/* The text of a comment line; NULL for any other line. */
static const char *comment_text(const char *line)
{
    if (strncmp(line, "--", 2) != 0)
        return NULL;
    line += 2;
    return line + strspn(line, " \t");
}

bool mark_next(const struct source_file *file, const char *prefix, const char **at, int *number,
               struct mark *mark)
{
    const char *end = file->bytes + file->length;

    while (*at < end) {
        const char *begin = *at;
        const char *stop = line_end(begin);
        const char *text = comment_text(begin);

        *at = stop < end ? stop + 1 : end;
        mark->number = (*number)++;
        if (text == NULL || text >= stop || strncmp(text, prefix, strlen(prefix)) != 0)
            continue;
        mark->begin = begin;
        mark->line = text + strlen(prefix);
        mark->length = (size_t)(stop - mark->line);
        mark->after = *at;
        return true;
    }
    return false;
}

bool mark_says(const struct mark *mark, const char *text)
{
    const char *word = mark->line;
    size_t length = strlen(text);

    while (*word == ' ' || *word == '\t')
        word++;
    size_t left = mark->length - (size_t)(word - mark->line);
    return left >= length && strncasecmp(word, text, length) == 0 &&
           (left == length || strchr(" \t\r", word[length]) != NULL);
}

bool source_has_mark(const struct source *source, const char *mark)
{
    for (size_t i = 0; i < source->count; i++) {
        const char *at = source->files[i].bytes;
        struct mark found;
        int number = 1;

        if (at != NULL && mark_next(&source->files[i], mark, &at, &number, &found))
            return true;
    }
    return false;
}

static void add_section(struct reading *reading, const struct piece *whole, const struct mark *mark,
                        const char *end, bool (*setting)(const struct mark *mark))
{
    struct piece piece = *whole;

    piece.down = mark_says(mark, "down");
    piece.no_transaction = piece.no_transaction || (setting != NULL && setting(mark));
    piece.bytes = mark->after;
    piece.length = (size_t)(end - mark->after);
    reading_add(reading, &piece);
}

void sections_read(struct reading *reading, const struct source_file *file,
                   const struct piece *whole, const char *prefix,
                   bool (*setting)(const struct mark *mark))
{
    const char *at = file->bytes;
    struct mark mark;
    struct mark open = {0};
    int number = 1;

    while (mark_next(file, prefix, &at, &number, &mark)) {
        if (!mark_says(&mark, "up") && !mark_says(&mark, "down"))
            continue;
        if (open.begin != NULL)
            add_section(reading, whole, &open, mark.begin, setting);
        open = mark;
    }
    if (open.begin != NULL)
        add_section(reading, whole, &open, file->bytes + file->length, setting);
    else
        reading_fault(reading, file->path, 0,
                      arena_printf(reading->arena, "the file has no line \"-- %sup\"", prefix));
}

bool numbered_name(struct arena *arena, const char *file, struct piece *piece)
{
    size_t length = strlen(file);
    size_t version = strspn(file, digits);
    size_t lead = version + (file[version] == '_' || file[version] == '-');

    if (version == 0 || length < lead + 4 || strcmp(file + length - 4, ".sql") != 0)
        return false;
    char *name = arena_copy(arena, file + lead, length - lead - 4);
    source_take_engine(name, &piece->engine);
    piece->key = piece->number = arena_copy(arena, file, version);
    piece->name = name;
    return true;
}
