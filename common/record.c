#include "common/record.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/name.h"

enum { ID_DIGITS = 32 };

static const void *member(const struct record_field *field, const void *from)
{
    return (const char *)from + field->offset;
}

static const char *text_of(const struct record_field *field, const void *from)
{
    const char *text = *(const char *const *)member(field, from);

    return text != NULL ? text : "";
}

/* Enums of ours fit an int, whatever sign the compiler gives them. */
static const char *choice_of(const struct record_field *field, const void *from)
{
    int choice;

    memcpy(&choice, member(field, from), sizeof choice);
    assert(choice >= 0 && choice < field->most);
    return field->names[choice];
}

static int64_t integer_of(const struct record_field *field, const void *from)
{
    if (field->kind == RECORD_CONSTANT)
        return field->least;
    return field->kind == RECORD_INT ? *(const int *)member(field, from)
                                     : *(const int64_t *)member(field, from);
}

static bool is_empty(const struct record_field *field, const void *from)
{
    switch (field->kind) {
    case RECORD_TEXT:
    case RECORD_NAME:
    case RECORD_ID:
        return text_of(field, from)[0] == '\0';
    case RECORD_INT64:
    case RECORD_INT:
        return integer_of(field, from) == 0;
    case RECORD_BOOL:
        return !*(const bool *)member(field, from);
    case RECORD_DIGEST:
        return digest_is_none(member(field, from));
    case RECORD_CHOICE:
    case RECORD_CONSTANT:
        break;
    }
    return false;
}

static json_t *value_of(const struct record_field *field, const void *from)
{
    switch (field->kind) {
    case RECORD_TEXT:
    case RECORD_NAME:
    case RECORD_ID:
        return json_text(text_of(field, from));
    case RECORD_INT64:
    case RECORD_INT:
    case RECORD_CONSTANT:
        return json_integer(integer_of(field, from));
    case RECORD_BOOL:
        return json_boolean(*(const bool *)member(field, from));
    case RECORD_DIGEST:
        return json_hex(member(field, from));
    case RECORD_CHOICE:
        return json_text(choice_of(field, from));
    }
    return NULL;
}

void record_put(const struct record *record, const void *from, json_t *object)
{
    for (size_t i = 0; i < record->count; i++) {
        const struct record_field *field = &record->fields[i];

        if (!field->optional || !is_empty(field, from))
            json_put(object, field->key, value_of(field, from));
    }
}

static void write_integer(int64_t number, struct buffer *out)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%" PRId64, number);

    buffer_append(out, digits, (size_t)length);
}

static void write_digest(const struct digest *digest, struct buffer *out)
{
    char quoted[DIGEST_HEX_SIZE + 2];

    quoted[0] = '"';
    digest_to_hex(digest, quoted + 1);
    quoted[DIGEST_HEX_SIZE] = '"';
    buffer_append(out, quoted, DIGEST_HEX_SIZE + 1);
}

static void write_value(const struct record_field *field, const void *from, struct buffer *out)
{
    switch (field->kind) {
    case RECORD_TEXT:
    case RECORD_NAME:
    case RECORD_ID:
        json_append_text(out, text_of(field, from));
        break;
    case RECORD_INT64:
    case RECORD_INT:
    case RECORD_CONSTANT:
        write_integer(integer_of(field, from), out);
        break;
    case RECORD_BOOL:
        buffer_append_text(out, *(const bool *)member(field, from) ? "true" : "false");
        break;
    case RECORD_DIGEST:
        write_digest(member(field, from), out);
        break;
    case RECORD_CHOICE:
        json_append_text(out, choice_of(field, from));
        break;
    }
}

void record_write(const struct record *record, const void *from, struct buffer *out)
{
    char between = '{';

    for (size_t i = 0; i < record->count; i++) {
        const struct record_field *field = &record->fields[i];

        if (field->optional && is_empty(field, from))
            continue;
        buffer_append_char(out, between);
        between = ',';
        buffer_append_char(out, '"');
        buffer_append_text(out, field->key);
        buffer_append(out, "\":", 2);
        write_value(field, from, out);
    }
    buffer_append_text(out, between == '{' ? "{}" : "}");
}

static const char *read_text(const struct record_field *field, struct json_reader *reader)
{
    size_t limit = field->kind == RECORD_TEXT   ? (size_t)field->most
                   : field->kind == RECORD_NAME ? NAME_SIZE - 1
                                                : ID_DIGITS;
    const char *text = field->optional ? json_read_optional_text(reader, field->key, limit, "")
                                       : json_read_text(reader, field->key, limit);
    unsigned char id[ID_DIGITS / 2];

    if (field->optional && text[0] == '\0')
        return text;
    if (field->kind == RECORD_NAME && !name_is_valid(text))
        json_reader_fail(reader, field->key, "not a name");
    if (field->kind == RECORD_ID && !hex_decode(text, id, sizeof id))
        json_reader_fail(reader, field->key, "not 32 lower-case hex digits");
    return text;
}

static int64_t read_integer(const struct record_field *field, struct json_reader *reader)
{
    return field->optional
               ? json_read_optional_integer(reader, field->key, field->least, field->most, 0)
               : json_read_integer(reader, field->key, field->least, field->most);
}

static void read_constant(const struct record_field *field, struct json_reader *reader)
{
    int64_t number = json_read_integer(reader, field->key, INT64_MIN, INT64_MAX);
    char reason[96];

    snprintf(reason, sizeof reason, "%" PRId64 ", but this release knows %" PRId64 " only", number,
             field->least);
    if (number != field->least)
        json_reader_fail(reader, field->key, reason);
}

static int read_choice(const struct record_field *field, struct json_reader *reader)
{
    const char *name = json_read_text(reader, field->key, 32);

    for (int i = 0; i < field->most; i++)
        if (strcmp(field->names[i], name) == 0)
            return i;
    json_reader_fail(reader, field->key, "not one of the known words");
    return 0;
}

static void read_digest(const struct record_field *field, struct json_reader *reader,
                        struct digest *digest)
{
    *digest = (struct digest){0};
    if (!field->optional || json_object_get(reader->object, field->key) != NULL)
        json_read_digest(reader, field->key, digest);
}

static void read_field(const struct record_field *field, struct json_reader *reader, void *to)
{
    void *at = (char *)to + field->offset;
    int choice;

    switch (field->kind) {
    case RECORD_TEXT:
    case RECORD_NAME:
    case RECORD_ID:
        *(const char **)at = read_text(field, reader);
        break;
    case RECORD_INT64:
        *(int64_t *)at = read_integer(field, reader);
        break;
    case RECORD_INT:
        *(int *)at = (int)read_integer(field, reader);
        break;
    case RECORD_BOOL:
        *(bool *)at = field->optional ? json_read_optional_bool(reader, field->key, false)
                                      : json_read_bool(reader, field->key);
        break;
    case RECORD_DIGEST:
        read_digest(field, reader, at);
        break;
    case RECORD_CHOICE:
        choice = read_choice(field, reader);
        memcpy(at, &choice, sizeof choice);
        break;
    case RECORD_CONSTANT:
        read_constant(field, reader);
        break;
    }
}

void record_read(const struct record *record, struct json_reader *reader, void *to)
{
    for (size_t i = 0; i < record->count; i++)
        read_field(&record->fields[i], reader, to);
}
