#include "plans/canonical.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/signing.h"

/* The letter after the backslash where JSON has a short form; 0 where it has none. */
static const char short_escapes[256] = {
    ['"'] = '"',  ['\\'] = '\\', ['\b'] = 'b', ['\f'] = 'f',
    ['\n'] = 'n', ['\r'] = 'r',  ['\t'] = 't',
};

static bool is_plain(unsigned char byte)
{
    return byte >= 0x20 && byte != '"' && byte != '\\';
}

static void append_escape(struct buffer *out, unsigned char byte)
{
    char escape[8];

    if (short_escapes[byte] != 0)
        snprintf(escape, sizeof escape, "\\%c", short_escapes[byte]);
    else
        snprintf(escape, sizeof escape, "\\u%04X", byte);
    buffer_append_text(out, escape);
}

void canonical_text(struct buffer *out, const char *before, const char *text, size_t length)
{
    size_t begin = 0;

    buffer_append_text(out, before);
    buffer_append_char(out, '"');
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];

        if (is_plain(byte))
            continue;
        buffer_append(out, text + begin, i - begin);
        append_escape(out, byte);
        begin = i + 1;
    }
    buffer_append(out, text + begin, length - begin);
    buffer_append_char(out, '"');
}

void canonical_string(struct buffer *out, const char *before, const char *text)
{
    canonical_text(out, before, text, strlen(text));
}

void canonical_integer(struct buffer *out, const char *before, int64_t value)
{
    buffer_printf(out, "%s%" PRId64, before, value);
}

void canonical_bool(struct buffer *out, const char *before, bool value)
{
    buffer_append_text(out, before);
    buffer_append_text(out, value ? "true" : "false");
}

void canonical_digest(struct buffer *out, const char *before, const struct digest *digest)
{
    canonical_hex(out, before, digest->bytes, DIGEST_SIZE);
}

void canonical_hex(struct buffer *out, const char *before, const void *bytes, size_t length)
{
    char hex[2 * SIGNATURE_SIZE + 1];

    assert(length <= SIGNATURE_SIZE);
    hex_encode(bytes, length, hex);
    buffer_append_text(out, before);
    buffer_append_char(out, '"');
    buffer_append(out, hex, 2 * length);
    buffer_append_char(out, '"');
}
