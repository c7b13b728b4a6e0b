#include "common/text.h"

#include <stdint.h>
#include <string.h>

/* The length of the well-formed UTF-8 character (RFC 3629) at bytes; 0 if there is none. */
static size_t decode(const unsigned char *bytes, size_t length, uint32_t *character)
{
    static const struct {
        unsigned char mask, lead;
        uint32_t least;
    } forms[] = {{0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};

    for (size_t more = 0; more < COUNT_OF(forms); more++) {
        if ((bytes[0] & forms[more].mask) != forms[more].lead)
            continue;
        if (more >= length)
            return 0;
        uint32_t value = bytes[0] & (unsigned char)~forms[more].mask;
        for (size_t i = 1; i <= more; i++) {
            if ((bytes[i] & 0xc0) != 0x80)
                return 0;
            value = value << 6 | (bytes[i] & 0x3f);
        }
        if (value < forms[more].least || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
            return 0;
        *character = value;
        return more + 1;
    }
    return 0;
}

/* Controls, marks that turn the writing direction, and the separators that break lines. */
static bool steers(uint32_t character)
{
    static const struct {
        uint32_t first, last;
    } ranges[] = {
        {0x00, 0x1f},     {0x7f, 0x9f},     {0x061c, 0x061c}, {0x200e, 0x200f},
        {0x2028, 0x202e}, {0x2066, 0x2069}, {0xfeff, 0xfeff},
    };

    for (size_t i = 0; i < COUNT_OF(ranges); i++)
        if (character >= ranges[i].first && character <= ranges[i].last)
            return true;
    return false;
}

static void append_escape(struct buffer *out, uint32_t character)
{
    static const char *const named[] = {['\n'] = "\\n", ['\t'] = "\\t", ['\r'] = "\\r"};

    if (character < COUNT_OF(named) && named[character] != NULL)
        buffer_append_text(out, named[character]);
    else if (character < 0x80)
        buffer_printf(out, "\\x%02x", (unsigned)character);
    else
        buffer_printf(out, "\\u%04x", (unsigned)character);
}

void text_append_escaped(struct buffer *out, const char *text, size_t length, bool keep_newlines)
{
    const unsigned char *bytes = (const unsigned char *)text;

    for (size_t at = 0; at < length;) {
        uint32_t character;
        size_t size = decode(bytes + at, length - at, &character);
        bool kept = keep_newlines && (bytes[at] == '\n' || bytes[at] == '\t');

        if (size == 0)
            buffer_printf(out, "\\x%02x", bytes[at++]);
        else if (steers(character) && !kept)
            append_escape(out, character);
        else
            buffer_append(out, text + at, size);
        at += size;
    }
}

bool text_is_utf8(const char *bytes, size_t length)
{
    for (size_t at = 0; at < length;) {
        uint32_t character;
        size_t size = decode((const unsigned char *)bytes + at, length - at, &character);

        if (size == 0 || character == 0)
            return false;
        at += size;
    }
    return true;
}

size_t text_characters(const char *bytes, size_t length)
{
    size_t count = 0;

    for (size_t i = 0; i < length; i++)
        count += ((unsigned char)bytes[i] & 0xc0) != 0x80;
    return count;
}

/* Longer words are no slips of the hand, and this bounds the rows below. */
enum { WORD_SIZE = 96 };

static int lower(char letter)
{
    return letter >= 'A' && letter <= 'Z' ? letter - 'A' + 'a' : letter;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Optimal string alignment: insert, delete, replace and swap of neighbours count 1 each. */
static size_t distance(const char *a, const char *b)
{
    size_t rows[3][WORD_SIZE + 1];
    size_t width = strlen(b);

    for (size_t j = 0; j <= width; j++)
        rows[0][j] = j;
    size_t i = 0;
    for (; a[i] != '\0'; i++) {
        const size_t *before = rows[(i + 2) % 3];
        const size_t *above = rows[i % 3];
        size_t *row = rows[(i + 1) % 3];

        row[0] = i + 1;
        for (size_t j = 0; j < width; j++) {
            size_t replaced = above[j] + (lower(a[i]) != lower(b[j]));

            row[j + 1] = least(replaced, least(above[j + 1], row[j]) + 1);
            if (i > 0 && j > 0 && lower(a[i]) == lower(b[j - 1]) && lower(a[i - 1]) == lower(b[j]))
                row[j + 1] = least(row[j + 1], before[j - 1] + 1);
        }
    }
    return rows[i % 3][width];
}

const char *text_nearest(const char *word, const char *const *candidates, size_t count)
{
    size_t length = strlen(word);
    size_t best = length < 3 ? 1 : least(length / 3, 3);
    const char *nearest = NULL;

    if (length > WORD_SIZE)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        size_t other = strlen(candidates[i]);

        if (other > WORD_SIZE || other > length + best || length > other + best)
            continue;
        size_t steps = distance(word, candidates[i]);
        if (steps < best || (steps == best && nearest == NULL && steps < other)) {
            best = steps;
            nearest = candidates[i];
        }
    }
    return nearest;
}
