/* authority_x509 - the certificates and lists that the authority signs, without its files. */
#ifndef FLEET_ORCHESTRATOR_AUTHORITY_X509_H
#define FLEET_ORCHESTRATOR_AUTHORITY_X509_H

#include <openssl/x509.h>

#include "orchestrator/authority.h"

/* A fresh P-256 key. */
EVP_PKEY *authority_x509_key(struct error *err) MUST_USE;

/* Random and not zero; its text form goes to hex. */
void authority_x509_serial(const struct random_source *random, char hex[SERIAL_HEX_SIZE]);

/* The self-signed certificate of an authority: ten years, an hour ago to begin with. */
X509 *authority_x509_root(EVP_PKEY *key, const char *fleet, const char *serial, int64_t now_ms,
                          struct error *err) MUST_USE;

struct leaf_terms {
    const struct issued_certificate *entry; /* serial, identity and end */
    const char *const *hosts;
    size_t host_count;
    int64_t now_ms;
};

/* A certificate for the public key, signed by the issuer. ERROR_CONFIG for a host that is neither
   an address nor a DNS name. */
X509 *authority_x509_leaf(const struct leaf_terms *terms, EVP_PKEY *subject_key, X509 *issuer,
                          EVP_PKEY *issuer_key, struct error *err) MUST_USE;

/* The public key of a PEM certificate request whose own signature holds; a weak key is refused. */
EVP_PKEY *authority_x509_request_key(const char *path, struct error *err) MUST_USE;

/* The list of what is revoked, with a number higher than any list's before it. */
X509_CRL *authority_x509_revocations(const struct issued_certificate *entries, size_t count,
                                     int64_t number, int64_t now_ms, X509 *issuer,
                                     EVP_PKEY *issuer_key, struct error *err) MUST_USE;

#endif
