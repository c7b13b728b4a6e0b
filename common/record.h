/*
 * record - a struct as a JSON object, by a table of its fields.
 *
 * One table serves writing, reading and hashing, so the three cannot disagree. Keys stand in
 * ascending order: the canonical bytes are then written straight from the struct, without a tree.
 */
#ifndef FLEET_COMMON_RECORD_H
#define FLEET_COMMON_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buffer.h"
#include "common/json.h"

enum record_kind {
    RECORD_TEXT,    /* const char *: at most `most` bytes */
    RECORD_NAME,    /* const char *: as name.h has it */
    RECORD_ID,      /* const char *: 32 lower-case hex digits */
    RECORD_INT64,   /* int64_t from least to most */
    RECORD_INT,     /* int from least to most */
    RECORD_BOOL,    /* bool */
    RECORD_DIGEST,  /* struct digest */
    RECORD_CHOICE,  /* an enum that counts from 0: one of `most` names */
    RECORD_CONSTANT /* no member: always the integer least; another one is from a newer release */
};

struct record_field {
    const char *key;
    enum record_kind kind;
    bool optional; /* left out when NULL, "", 0, false or none, and then read as "", 0, false, none;
                      a choice is never left out */
    size_t offset; /* of the member */
    int64_t least;
    int64_t most;
    const char *const *names; /* of a choice */
};

struct record {
    const struct record_field *fields; /* by key, ascending */
    size_t count;
};

/* Puts the fields into a JSON object. */
void record_put(const struct record *record, const void *from, json_t *object);

/* Asks the reader for each field. Texts go to the reader's arena. */
void record_read(const struct record *record, struct json_reader *reader, void *to);

/* Appends the canonical JSON of an object that has these fields and no others. */
void record_write(const struct record *record, const void *from, struct buffer *out);

#endif
