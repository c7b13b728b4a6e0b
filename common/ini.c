#include "common/ini.h"

#include <assert.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buffer.h"
#include "common/text.h"

/* inih keeps 49 bytes of a section's name; a longer line is no honest one. */
enum { SECTION_LIMIT = 49, LINE_LIMIT = 64 * 1024, RANGE_LIMIT = 100000, WIDTH_LIMIT = 9 };

/*
 * inih calls back per key only, without a line number and not for sections. So it reads through
 * next_line, which knows the line, opens the sections and replaces a line that inih would take
 * for something else by an empty one.
 */
struct reading {
    struct arena *arena;
    struct ini_document *document;
    struct diagnostics *faults;
    const char *at;
    const char *end;
    int line;
    bool key_expected; /* inih has a line that must make it call take_entry */
};

/* Room for one more of size bytes: arrays double, and the arena keeps the old one. */
static void *grown(struct arena *arena, void *items, size_t count, size_t size)
{
    if (count != 0 && (count & (count - 1)) != 0)
        return items;
    void *larger = arena_calloc(arena, count == 0 ? 1 : count * 2, size);
    if (count > 0)
        memcpy(larger, items, count * size);
    return larger;
}

static void open_section(struct reading *reading, const char *name, size_t length)
{
    struct ini_document *document = reading->document;

    document->sections =
        grown(reading->arena, document->sections, document->count, sizeof *document->sections);
    document->sections[document->count++] = (struct ini_section){
        .name = arena_copy(reading->arena, name, length),
        .line = reading->line,
    };
}

static int take_entry(void *context, const char *section, const char *key, const char *value)
{
    struct reading *reading = context;
    struct ini_section *current = &reading->document->sections[reading->document->count - 1];

    (void)section; /* two sections may share a name; the reader knows which one is open */
    reading->key_expected = false;
    if (key[0] == '\0') {
        diagnostics_add(reading->faults, ERROR_CONFIG, reading->document->file, reading->line,
                        "there is no key before the '='");
        return 1;
    }
    current->entries =
        grown(reading->arena, current->entries, current->count, sizeof *current->entries);
    current->entries[current->count++] = (struct ini_entry){
        .key = arena_strdup(reading->arena, key),
        .value = arena_strdup(reading->arena, value),
        .line = reading->line,
    };
    return 1;
}

/* Why inih must not see the line's bytes; NULL if it may. */
static const char *unreadable(const char *text, size_t length)
{
    if (length > LINE_LIMIT)
        return "the line is longer than 64 kB";
    if (!text_is_utf8(text, length))
        return "the line is not UTF-8 text";
    for (size_t i = 0; i < length; i++)
        if (((unsigned char)text[i] < ' ' && text[i] != '\t') || text[i] == 0x7f)
            return "the line has a control character";
    return NULL;
}

/* "[name]", maybe with a comment behind it. Opens the section also when its name is too long, so
   that its keys do not count for the one before. */
static const char *read_section(struct reading *reading, const char *text, size_t length)
{
    const char *close = memchr(text, ']', length);

    if (close == NULL)
        return "the ']' of the section is missing";
    const char *name = text + 1;
    size_t name_length = (size_t)(close - name);
    const char *rest = close + 1;
    while (rest < text + length && (*rest == ' ' || *rest == '\t'))
        rest++;
    open_section(reading, name, name_length);
    if (name_length > SECTION_LIMIT)
        return "the section's name is longer than 49 bytes";
    if (memchr(name, ';', name_length) != NULL)
        return "a section's name has no ';'";
    if (rest < text + length && *rest != ';' && *rest != '#')
        return "there is text behind the section's ']'";
    return NULL;
}

/* The fault of a line without its end of line; NULL if inih may have it. */
static const char *check_line(struct reading *reading, const char *text, size_t length)
{
    const char *fault = unreadable(text, length);
    size_t indent = 0;

    if (fault != NULL)
        return fault;
    while (indent < length && (text[indent] == ' ' || text[indent] == '\t'))
        indent++;
    if (indent == length || text[indent] == ';' || text[indent] == '#')
        return NULL;
    if (indent > 0)
        return "the line begins with a blank, as if it continued the one before; start it at the "
               "left margin";
    if (text[0] == '[')
        return read_section(reading, text, length);
    reading->key_expected = true;
    return NULL;
}

static void settle_line(struct reading *reading)
{
    if (reading->key_expected)
        diagnostics_add(reading->faults, ERROR_CONFIG, reading->document->file, reading->line,
                        "the line is neither [section] nor KEY = VALUE");
    reading->key_expected = false;
}

/* An ini_reader: one line a call, which always fits (see configure_inih). */
static char *next_line(char *line, int size, void *context)
{
    struct reading *reading = context;

    settle_line(reading);
    if (reading->at == reading->end)
        return NULL;
    reading->line++;
    const char *text = reading->at;
    const char *newline = memchr(text, '\n', (size_t)(reading->end - text));
    size_t length = (size_t)((newline != NULL ? newline : reading->end) - text);
    reading->at = newline != NULL ? newline + 1 : reading->end;
    if (length > 0 && text[length - 1] == '\r')
        length--;
    const char *fault = check_line(reading, text, length);
    if (fault != NULL)
        diagnostics_add(reading->faults, ERROR_CONFIG, reading->document->file, reading->line, "%s",
                        fault);
    if (fault != NULL)
        length = 0;
    assert(length + 2 <= (size_t)size);
    memcpy(line, text, length);
    memcpy(line + length, "\n", 2);
    return line;
}

/* inih's settings belong to the process; nobody else here uses inih. */
static void configure_inih(void)
{
    ini_use_stack = false;
    ini_allow_realloc = true;
    ini_max_line = LINE_LIMIT + 3;
    ini_initial_alloc = LINE_LIMIT + 3;
    ini_allow_multiline = false;
    ini_stop_on_first_error = false;
}

struct ini_document *ini_read(struct arena *arena, const char *file, const char *text,
                              size_t length, struct diagnostics *faults)
{
    struct ini_document *document = arena_calloc(arena, 1, sizeof *document);
    struct reading reading = {
        .arena = arena, .document = document, .faults = faults, .at = text, .end = text + length};

    document->file = arena_strdup(arena, file);
    if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        reading.at += 3;
    open_section(&reading, "", 0);
    configure_inih();
    /* Its own faults were found on the way; only a lack of memory is left. */
    if (ini_parse_stream(next_line, &reading, take_entry, &reading) < 0)
        abort();
    settle_line(&reading);
    return document;
}

/* The length of the place at text: 2 for %d, 4 for %0Nd; 0 if there is none. */
static size_t placeholder_at(const char *text, int *width)
{
    *width = 0;
    if (text[0] == '%' && text[1] == 'd')
        return 2;
    if (text[0] != '%' || text[1] != '0' || text[2] < '1' || text[2] > '0' + WIDTH_LIMIT ||
        text[3] != 'd')
        return 0;
    *width = text[2] - '0';
    return 4;
}

bool ini_has_placeholder(const char *pattern)
{
    int width;

    for (; (pattern = strchr(pattern, '%')) != NULL; pattern++)
        if (placeholder_at(pattern, &width) > 0)
            return true;
    return false;
}

char *ini_expand(struct arena *arena, const char *pattern, long number)
{
    AUTO_BUFFER struct buffer out = {0};

    while (*pattern != '\0') {
        int width;
        size_t literal = strcspn(pattern, "%");
        size_t place = placeholder_at(pattern + literal, &width);

        if (place == 0 && pattern[literal] == '%')
            literal++;
        buffer_append(&out, pattern, literal);
        if (place > 0)
            buffer_printf(&out, "%0*ld", width, number);
        pattern += literal + place;
    }
    return arena_copy(arena, buffer_text(&out), out.length);
}

/* Digits at *text, moved past them; few enough to fit a long. */
static bool parse_digits(const char **text, long *number)
{
    size_t length = strspn(*text, "0123456789");

    if (length == 0 || length > WIDTH_LIMIT)
        return false;
    *number = strtol(*text, NULL, 10);
    *text += length;
    return true;
}

bool ini_parse_range(const char *text, long *first, long *last)
{
    if (!parse_digits(&text, first) || strncmp(text, "..", 2) != 0)
        return false;
    text += 2;
    return parse_digits(&text, last) && *text == '\0' && *first <= *last &&
           *last - *first < RANGE_LIMIT;
}
