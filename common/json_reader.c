#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/json.h"

static void append_path(struct json_reader *reader, const char *format, ...) PRINTF_LIKE(2, 3);

static void append_path(struct json_reader *reader, const char *format, ...)
{
    size_t used = strlen(reader->path);
    va_list args;

    va_start(args, format);
    vsnprintf(reader->path + used, sizeof reader->path - used, format, args);
    va_end(args);
}

/* Nested readers share the error, so it says for all of them whether anything failed. */
static bool has_failed(struct json_reader *reader)
{
    reader->failed = reader->failed || reader->err->code != ERROR_NONE;
    return reader->failed;
}

void json_reader_fail(struct json_reader *reader, const char *field, const char *reason)
{
    if (has_failed(reader))
        return;
    const char *dot = reader->path[0] != '\0' && field[0] != '\0' ? "." : "";
    error_set(reader->err, ERROR_PROTOCOL, "%s%s%.64s: %s", reader->path, dot, field, reason);
    reader->failed = true;
}

static void check_object(struct json_reader *reader)
{
    if (!json_is_object(reader->object))
        json_reader_fail(reader, "", "not an object");
}

void json_reader_start(struct json_reader *reader, const json_t *value, const char *path,
                       struct arena *arena, struct error *err)
{
    *reader = (struct json_reader){.object = value, .arena = arena, .err = err};
    append_path(reader, "%s", path);
    check_object(reader);
}

void json_reader_start_in(struct json_reader *reader, const struct json_reader *outer,
                          const char *field, int64_t index, const json_t *value)
{
    *reader = (struct json_reader){.object = value, .arena = outer->arena, .err = outer->err};
    append_path(reader, "%s%s%s", outer->path, outer->path[0] != '\0' ? "." : "", field);
    if (index >= 0)
        append_path(reader, "[%" PRId64 "]", index);
    check_object(reader);
}

static bool was_asked(const struct json_reader *reader, const char *field)
{
    for (size_t i = 0; i < reader->asked_count; i++)
        if (strcmp(reader->asked[i], field) == 0)
            return true;
    return false;
}

bool json_reader_end(struct json_reader *reader)
{
    void *at = has_failed(reader) ? NULL : json_object_iter((json_t *)(uintptr_t)reader->object);

    for (; at != NULL && !reader->failed;
         at = json_object_iter_next((json_t *)(uintptr_t)reader->object, at))
        if (!was_asked(reader, json_object_iter_key(at)))
            json_reader_fail(reader, json_object_iter_key(at), "not a known field");
    return !reader->failed;
}

const json_t *json_read_optional(struct json_reader *reader, const char *field)
{
    if (has_failed(reader))
        return NULL;
    assert(reader->asked_count < JSON_READER_FIELDS);
    reader->asked[reader->asked_count++] = field;
    return json_object_get(reader->object, field);
}

static const json_t *read_required(struct json_reader *reader, const char *field)
{
    const json_t *value = json_read_optional(reader, field);

    if (value == NULL)
        json_reader_fail(reader, field, "missing");
    return value;
}

/* Each of these decodes a value that is there; NULL, after a fault, yields the default. */

static const char *to_text(struct json_reader *reader, const char *field, const json_t *value,
                           size_t limit, const char *otherwise)
{
    if (value == NULL)
        return otherwise;
    if (!json_is_string(value))
        json_reader_fail(reader, field, "not text");
    else if (json_string_length(value) > limit)
        json_reader_fail(reader, field, "too long");
    else
        return arena_copy(reader->arena, json_string_value(value), json_string_length(value));
    return otherwise;
}

static int64_t to_integer(struct json_reader *reader, const char *field, const json_t *value,
                          int64_t least, int64_t most, int64_t otherwise)
{
    if (value == NULL)
        return otherwise;
    if (!json_is_integer(value)) {
        json_reader_fail(reader, field, "not an integer");
        return otherwise;
    }
    int64_t number = json_integer_value(value);
    if (number >= least && number <= most)
        return number;
    char reason[80];
    snprintf(reason, sizeof reason, "not between %" PRId64 " and %" PRId64, least, most);
    json_reader_fail(reader, field, reason);
    return otherwise;
}

static bool to_bool(struct json_reader *reader, const char *field, const json_t *value,
                    bool otherwise)
{
    if (value == NULL)
        return otherwise;
    if (!json_is_boolean(value)) {
        json_reader_fail(reader, field, "not true or false");
        return otherwise;
    }
    return json_is_true(value);
}

const char *json_read_text(struct json_reader *reader, const char *field, size_t limit)
{
    return to_text(reader, field, read_required(reader, field), limit, "");
}

int64_t json_read_integer(struct json_reader *reader, const char *field, int64_t least,
                          int64_t most)
{
    return to_integer(reader, field, read_required(reader, field), least, most, least);
}

bool json_read_bool(struct json_reader *reader, const char *field)
{
    return to_bool(reader, field, read_required(reader, field), false);
}

void json_read_digest(struct json_reader *reader, const char *field, struct digest *digest)
{
    const json_t *value = read_required(reader, field);

    *digest = (struct digest){0};
    if (value != NULL && (!json_is_string(value) || json_string_length(value) != 2 * DIGEST_SIZE ||
                          !digest_from_hex(json_string_value(value), digest)))
        json_reader_fail(reader, field, "not 64 lower-case hex digits");
}

const json_t *json_read_object(struct json_reader *reader, const char *field)
{
    const json_t *value = read_required(reader, field);

    if (value != NULL && !json_is_object(value))
        json_reader_fail(reader, field, "not an object");
    return reader->failed ? NULL : value;
}

const json_t *json_read_array(struct json_reader *reader, const char *field, size_t limit)
{
    const json_t *value = read_required(reader, field);

    if (value != NULL && !json_is_array(value))
        json_reader_fail(reader, field, "not an array");
    else if (value != NULL && json_array_size(value) > limit)
        json_reader_fail(reader, field, "too many items");
    return reader->failed ? NULL : value;
}

const char *json_read_optional_text(struct json_reader *reader, const char *field, size_t limit,
                                    const char *otherwise)
{
    return to_text(reader, field, json_read_optional(reader, field), limit, otherwise);
}

int64_t json_read_optional_integer(struct json_reader *reader, const char *field, int64_t least,
                                   int64_t most, int64_t otherwise)
{
    return to_integer(reader, field, json_read_optional(reader, field), least, most, otherwise);
}

bool json_read_optional_bool(struct json_reader *reader, const char *field, bool otherwise)
{
    return to_bool(reader, field, json_read_optional(reader, field), otherwise);
}
