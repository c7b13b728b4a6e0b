/* digest - SHA-256 (FIPS 180-4), its hex form and comparison. */
#ifndef FLEET_COMMON_DIGEST_H
#define FLEET_COMMON_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/scope.h"

enum { DIGEST_SIZE = 32, DIGEST_HEX_SIZE = 65 };

/* All zero means "none", such as the head of an empty history. */
struct digest {
    uint8_t bytes[DIGEST_SIZE];
};

struct digest digest_of(const void *bytes, size_t length);
struct digest digest_of_text(const char *text);

bool digest_equal(const struct digest *a, const struct digest *b);
int digest_compare(const struct digest *a, const struct digest *b);
bool digest_is_none(const struct digest *digest);

/* 64 lower-case hex digits and a NUL. */
void digest_to_hex(const struct digest *digest, char hex[DIGEST_HEX_SIZE]);

/* Exactly 64 lower-case hex digits; false otherwise. */
bool digest_from_hex(const char *hex, struct digest *digest);

/* A digest in pieces. */
struct hasher;
struct hasher *hasher_new(void) MUST_USE;
void hasher_free(struct hasher *hasher);
AUTO_DEFINE(hasher)
void hasher_add(struct hasher *hasher, const void *bytes, size_t length);
/* Yields the digest of what was added and starts afresh. */
struct digest hasher_finish(struct hasher *hasher);

/* Any bytes as lower-case hex with a NUL: text has 2 * length + 1 bytes. */
void hex_encode(const void *bytes, size_t length, char *text);
/* Exactly 2 * length lower-case hex digits; false otherwise. */
bool hex_decode(const char *text, void *bytes, size_t length);

#endif
