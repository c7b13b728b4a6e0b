/*
 * signing - Ed25519 keys and signatures (RFC 8032), for plans and orders.
 *
 * A private key lives in a PEM file (PKCS #8) that only its owner may read; a file that others
 * can read is refused. A public key is 64 hex digits wherever it is written.
 */
#ifndef FLEET_COMMON_SIGNING_H
#define FLEET_COMMON_SIGNING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

enum { PUBLIC_KEY_SIZE = 32, PUBLIC_KEY_HEX_SIZE = 65, SIGNATURE_SIZE = 64 };

struct public_key {
    uint8_t bytes[PUBLIC_KEY_SIZE];
};

struct signature {
    uint8_t bytes[SIGNATURE_SIZE];
};

struct signing_key;

struct signing_key *signing_key_generate(struct error *err) MUST_USE;
struct signing_key *signing_key_load(const char *path, struct error *err) MUST_USE;
/* Creates the file with mode 0600; an existing file is an error. */
bool signing_key_save(const struct signing_key *key, const char *path, struct error *err) MUST_USE;
void signing_key_free(struct signing_key *key);
AUTO_DEFINE(signing_key)

struct public_key signing_key_public(const struct signing_key *key);
bool signing_key_sign(const struct signing_key *key, const void *bytes, size_t length,
                      struct signature *signature, struct error *err) MUST_USE;

/* Whether the signature is the key's over these bytes. */
bool signature_verify(const struct public_key *key, const void *bytes, size_t length,
                      const struct signature *signature) MUST_USE;

void public_key_to_hex(const struct public_key *key, char hex[PUBLIC_KEY_HEX_SIZE]);
bool public_key_from_hex(const char *hex, struct public_key *key);

#endif
