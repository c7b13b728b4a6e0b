/*
 * json - strict reading and canonical writing on jansson.
 *
 * Canonical: keys sorted, no white space, UTF-8, integers only; two equal values have equal bytes,
 * so that their digest can be signed. Reading rejects duplicate keys, invalid UTF-8, NUL in text,
 * text after the value, depths over 32, and more than a million arrays and objects or four million
 * values in one document: small input must not take much memory.
 *
 * A json_reader decodes one object: each field is asked for once, by type; the first fault is kept
 * with its path ("targets[3].engine: missing"), later calls do nothing; json_reader_end also
 * refuses fields that nobody asked for. Decoded text is copied into the arena.
 */
#ifndef FLEET_COMMON_JSON_H
#define FLEET_COMMON_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/buffer.h"
#include "common/digest.h"
#include "common/error.h"

/* AUTO(json) json_t *j */
void json_free(json_t *json);
AUTO_DEFINE_FOR(json, json_t)

/* NULL and ERROR_PROTOCOL with line and column if the bytes are not one strict JSON value. */
json_t *json_parse(const char *bytes, size_t length, struct error *err) MUST_USE;

/* Appends the canonical form. */
void json_write_canonical(const json_t *json, struct buffer *out);
/* Appends an indented form with sorted keys for people, and a newline. */
void json_write_pretty(const json_t *json, struct buffer *out);
struct digest json_digest(const json_t *json);

/* Appends text as json_write_canonical writes json_text(text). */
void json_append_text(struct buffer *out, const char *text);

/* Puts a value, which the object then owns, under a key. */
void json_put(json_t *object, const char *key, json_t *value);
/* The same at the end of an array. */
void json_add(json_t *array, json_t *value);

/* Text as a JSON string; bytes that are not UTF-8 are replaced by U+FFFD, for messages from
   servers. Never NULL. */
json_t *json_text(const char *text);
json_t *json_hex(const struct digest *digest);

enum { JSON_READER_FIELDS = 32, JSON_PATH_SIZE = 128 };

struct json_reader {
    const json_t *object;
    struct arena *arena;
    struct error *err;
    bool failed;
    size_t asked_count;
    const char *asked[JSON_READER_FIELDS]; /* fields, present or not */
    char path[JSON_PATH_SIZE];
};

/* Starts reading an object; a value of another type is the first fault. err must be clear. */
void json_reader_start(struct json_reader *reader, const json_t *value, const char *path,
                       struct arena *arena, struct error *err);
/* The same for what stands in a field of an object that is being read, at an index if the field is
   an array (else -1). Arena and err are the outer reader's, so a fault of one is a fault of both.
 */
void json_reader_start_in(struct json_reader *reader, const struct json_reader *outer,
                          const char *field, int64_t index, const json_t *value);
/* True if nothing failed and every field was read. */
bool json_reader_end(struct json_reader *reader) MUST_USE;
/* Records a fault of the caller's own at a field. */
void json_reader_fail(struct json_reader *reader, const char *field, const char *reason);

/* Required fields. Text of at most limit bytes; integers between bounds. */
const char *json_read_text(struct json_reader *reader, const char *field, size_t limit);
int64_t json_read_integer(struct json_reader *reader, const char *field, int64_t least,
                          int64_t most);
bool json_read_bool(struct json_reader *reader, const char *field);
void json_read_digest(struct json_reader *reader, const char *field, struct digest *digest);
/* Borrowed from the object; NULL after a fault. */
const json_t *json_read_object(struct json_reader *reader, const char *field);
const json_t *json_read_array(struct json_reader *reader, const char *field, size_t limit);

/* Optional fields: the default when absent. */
const char *json_read_optional_text(struct json_reader *reader, const char *field, size_t limit,
                                    const char *otherwise);
int64_t json_read_optional_integer(struct json_reader *reader, const char *field, int64_t least,
                                   int64_t most, int64_t otherwise);
bool json_read_optional_bool(struct json_reader *reader, const char *field, bool otherwise);
const json_t *json_read_optional(struct json_reader *reader, const char *field);

/* An error as an object, and back (strict): code, message, and file, line, target, statement,
   position, sqlstate where known. */
json_t *json_from_error(const struct error *err);
bool json_to_error(const json_t *value, struct error *decoded, struct error *err) MUST_USE;

#endif
