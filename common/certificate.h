/*
 * certificate - what we read from an X.509 certificate and from a revocation list.
 */
#ifndef FLEET_COMMON_CERTIFICATE_H
#define FLEET_COMMON_CERTIFICATE_H

#include <openssl/x509.h>
#include <stdint.h>

#include "common/error.h"
#include "common/identity.h"

/* The certificate's one URI subject alternative name. None, several, or a name with a NUL inside
   is ERROR_IDENTITY. Other kinds of names (DNS, IP) are passed over. */
bool certificate_uri(const X509 *certificate, char uri[IDENTITY_URI_SIZE],
                     struct error *err) MUST_USE;

/* The identity in that URI. */
bool certificate_identity(const X509 *certificate, struct identity *identity,
                          struct error *err) MUST_USE;

/* Milliseconds since 1970 UTC. */
int64_t certificate_not_after_ms(const X509 *certificate);

/* All certificates of a PEM file, at least one, in its order. NULL and ERROR_IDENTITY otherwise. */
STACK_OF(X509) * certificates_load(const char *path, struct error *err) MUST_USE;
void certificates_free(STACK_OF(X509) * certificates);
AUTO_DEFINE_FOR(certificates, STACK_OF(X509))

/* All revocation lists of a PEM file, at least one. */
STACK_OF(X509_CRL) * revocations_load(const char *path, struct error *err) MUST_USE;
void revocations_free(STACK_OF(X509_CRL) * lists);
AUTO_DEFINE_FOR(revocations, STACK_OF(X509_CRL))

#endif
