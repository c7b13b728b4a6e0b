#include "common/json.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/text.h"

enum {
    DEPTH_MAX = 32,
    CONTAINERS_MAX = 1024 * 1024,
    VALUES_MAX = 4 * 1024 * 1024,
};

/* Jansson has no handler for failed allocations; it returns NULL or -1, and ours end the process.
 */
static json_t *made(json_t *json)
{
    if (json == NULL) {
        fputs("fleet: out of memory\n", stderr);
        abort();
    }
    return json;
}

void json_free(json_t *json)
{
    json_decref(json);
}

/* Whether the value stays within the limits; looks at the bytes only, before memory is taken. */
static bool within_limits(const char *bytes, size_t length)
{
    size_t depth = 0, containers = 0, values = 1;
    bool in_text = false;

    for (size_t i = 0; i < length; i++) {
        char byte = bytes[i];

        if (in_text && byte == '\\')
            i++;
        else if (byte == '"')
            in_text = !in_text;
        else if (in_text)
            continue;
        else if (byte == '[' || byte == '{')
            depth++, containers++, values++;
        else if ((byte == ']' || byte == '}') && depth > 0)
            depth--;
        else if (byte == ',')
            values++;
        if (depth > DEPTH_MAX || containers > CONTAINERS_MAX || values > VALUES_MAX)
            return false;
    }
    return true;
}

json_t *json_parse(const char *bytes, size_t length, struct error *err)
{
    json_error_t reason;

    if (!within_limits(bytes, length)) {
        error_set(err, ERROR_PROTOCOL, "JSON is deeper than %d levels or has too many values",
                  DEPTH_MAX);
        return NULL;
    }
    json_t *json = json_loadb(bytes, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &reason);
    if (json == NULL)
        error_set(err, ERROR_PROTOCOL, "not JSON at line %d, column %d: %s", reason.line,
                  reason.column, reason.text);
    return json;
}

static int append(const char *bytes, size_t length, void *out)
{
    buffer_append(out, bytes, length);
    return 0;
}

static void write_json(const json_t *json, size_t flags, struct buffer *out)
{
    int failed = json_dump_callback(json, append, out, flags | JSON_SORT_KEYS | JSON_ENCODE_ANY);

    assert(failed == 0);
}

void json_write_canonical(const json_t *json, struct buffer *out)
{
    write_json(json, JSON_COMPACT, out);
}

void json_write_pretty(const json_t *json, struct buffer *out)
{
    write_json(json, JSON_INDENT(2), out);
    buffer_append_char(out, '\n');
}

struct digest json_digest(const json_t *json)
{
    AUTO_BUFFER struct buffer bytes = {0};

    json_write_canonical(json, &bytes);
    return digest_of(buffer_text(&bytes), bytes.length);
}

/* The length of the well-formed UTF-8 character at text; 0 if there is none. */
static size_t character_length(const char *text, size_t left)
{
    for (size_t length = 1; length <= 4 && length <= left; length++)
        if (text_is_utf8(text, length))
            return length;
    return 0;
}

static void append_repaired(struct buffer *out, const char *text)
{
    for (size_t left = strlen(text); left > 0;) {
        size_t length = character_length(text, left);

        if (length > 0)
            buffer_append(out, text, length);
        else
            buffer_append_text(out, "\xef\xbf\xbd");
        length += length == 0;
        text += length;
        left -= length;
    }
}

static void append_quoted(struct buffer *out, const char *text)
{
    static const char *const named[] = {
        ['\b'] = "\\b", ['\t'] = "\\t", ['\n'] = "\\n",  ['\f'] = "\\f",
        ['\r'] = "\\r", ['"'] = "\\\"", ['\\'] = "\\\\",
    };

    buffer_append_char(out, '"');
    for (;;) {
        const unsigned char *at = (const unsigned char *)text;
        while (*at >= ' ' && *at != '"' && *at != '\\')
            at++;
        size_t plain = (size_t)((const char *)at - text);
        buffer_append(out, text, plain);
        if (*at == '\0')
            break;
        if (named[*at] != NULL)
            buffer_append_text(out, named[*at]);
        else
            buffer_printf(out, "\\u%04X", *at);
        text += plain + 1;
    }
    buffer_append_char(out, '"');
}

void json_append_text(struct buffer *out, const char *text)
{
    AUTO_BUFFER struct buffer repaired = {0};

    if (text_is_utf8(text, strlen(text))) {
        append_quoted(out, text);
        return;
    }
    append_repaired(&repaired, text);
    append_quoted(out, buffer_text(&repaired));
}

void json_put(json_t *object, const char *key, json_t *value)
{
    int failed = json_object_set_new(object, key, made(value));

    assert(failed == 0);
}

void json_add(json_t *array, json_t *value)
{
    int failed = json_array_append_new(array, made(value));

    assert(failed == 0);
}

json_t *json_text(const char *text)
{
    AUTO_BUFFER struct buffer repaired = {0};

    if (text_is_utf8(text, strlen(text)))
        return made(json_string_nocheck(text));
    append_repaired(&repaired, text);
    return made(json_string_nocheck(buffer_text(&repaired)));
}

json_t *json_hex(const struct digest *digest)
{
    char hex[DIGEST_HEX_SIZE];

    digest_to_hex(digest, hex);
    return made(json_string_nocheck(hex));
}

json_t *json_from_error(const struct error *err)
{
    json_t *object = made(json_object());
    const struct {
        const char *key, *text;
    } texts[] = {{"file", err->file}, {"target", err->target}, {"sqlstate", err->sqlstate}};
    const struct {
        const char *key;
        int number;
    } numbers[] = {{"line", err->line}, {"statement", err->statement}, {"position", err->position}};

    json_put(object, "code", json_text(error_code_name(err->code)));
    json_put(object, "message", json_text(err->message));
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        if (texts[i].text[0] != '\0')
            json_put(object, texts[i].key, json_text(texts[i].text));
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        if (numbers[i].number != 0)
            json_put(object, numbers[i].key, json_integer(numbers[i].number));
    return object;
}

/* A field of text into an array that is size bytes; repair may have made each byte three. */
static void read_into(struct json_reader *reader, const char *field, char *to, size_t size)
{
    snprintf(to, size, "%s", json_read_optional_text(reader, field, 3 * size, ""));
}

bool json_to_error(const json_t *value, struct error *decoded, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct error read = {0};
    struct json_reader reader;

    json_reader_start(&reader, value, "error", arena, err);
    const char *code = json_read_text(&reader, "code", 32);
    const char *message = json_read_text(&reader, "message", 3 * sizeof read.message);
    read_into(&reader, "file", read.file, sizeof read.file);
    read_into(&reader, "target", read.target, sizeof read.target);
    read_into(&reader, "sqlstate", read.sqlstate, sizeof read.sqlstate);
    read.line = (int)json_read_optional_integer(&reader, "line", 0, INT32_MAX, 0);
    read.statement = (int)json_read_optional_integer(&reader, "statement", 0, INT32_MAX, 0);
    read.position = (int)json_read_optional_integer(&reader, "position", 0, INT32_MAX, 0);
    if (!json_reader_end(&reader))
        return false;
    read.code = error_code_from_name(code);
    snprintf(read.message, sizeof read.message, "%s", message);
    *decoded = read;
    return true;
}
