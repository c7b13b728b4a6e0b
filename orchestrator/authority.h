/*
 * authority - the built-in certificate authority: a directory with a key, and what it issued.
 *
 *   ca.key      P-256, PKCS #8, mode 0600
 *   ca.crt      the self-signed certificate, ten years
 *   ca.crl      the revocation list (RFC 5280, version 2); agents and operators get it as a file
 * when it changes, so it stays valid for as long as the CA index       one line a certificate:
 * serial, not-after, revoked-at or "-", identity
 *
 * The authority decides every name; of a request it takes the public key alone, after checking
 * that the requester holds the private one. Agents get serverAuth, operators clientAuth, nobody
 * both. Serial numbers are 128 random bits. NotBefore is an hour ago, for clocks that are late.
 * A certificate is in the index before it is in anyone's hands. A lock on the directory keeps two
 * commands from working on it at once.
 */
#ifndef FLEET_ORCHESTRATOR_AUTHORITY_H
#define FLEET_ORCHESTRATOR_AUTHORITY_H

#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/clock.h"
#include "common/error.h"
#include "common/identity.h"
#include "common/random.h"

/* What all calls need. */
struct authority {
    const char *directory;
    const struct clock *clock;
    const struct random_source *random;
};

/* Makes the directory and its four files; an existing authority is an error. */
bool authority_init(const struct authority *authority, const char *fleet,
                    struct error *err) MUST_USE;

struct certificate_order {
    struct identity identity; /* its fleet is the authority's */
    /* Further names: IP addresses in their text form, everything else DNS names. */
    const char *const *hosts;
    size_t host_count;
    int days;              /* 1 to 825; never longer than the CA's own */
    const char *request;   /* a PEM certificate request, or NULL to make a key too */
    const char *cert_path; /* written with mode 0644 */
    const char *key_path;  /* created with mode 0600; NULL with a request */
};

/* Issues one certificate. With a request an existing cert_path is replaced (that is a renewal);
   without one both files must be new. ERROR_IDENTITY, ERROR_CONFIG, ERROR_IO. */
bool authority_issue(const struct authority *authority, const struct certificate_order *order,
                     struct error *err) MUST_USE;

/*
 * Revokes by serial (32 hex digits), by identity URI, or by name (all that go by that name), and
 * writes the list anew. *count says how many were not revoked before; ERROR_CONFIG when nothing
 * goes by that name.
 */
bool authority_revoke(const struct authority *authority, const char *which, size_t *count,
                      struct error *err) MUST_USE;

enum { SERIAL_HEX_SIZE = 33 };

struct issued_certificate {
    char serial[SERIAL_HEX_SIZE];
    struct identity identity;
    int64_t not_after_ms;
    int64_t revoked_ms; /* 0 if it is not revoked */
};

/* All that was issued, oldest first; the list is the arena's. */
bool authority_list(const struct authority *authority, struct arena *arena,
                    const struct issued_certificate **list, size_t *count,
                    struct error *err) MUST_USE;

#endif
