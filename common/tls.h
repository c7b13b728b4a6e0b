/*
 * tls - contexts for mutual TLS 1.3, and the identity of the peer.
 *
 * Both sides present a certificate, checked against the fleet's CA and its revocation list.
 * Nothing below TLS 1.3 is spoken. A context is made from files at start or reload and is
 * immutable afterwards; connections keep the one they began with.
 */
#ifndef FLEET_COMMON_TLS_H
#define FLEET_COMMON_TLS_H

#include <openssl/ssl.h>
#include <stdbool.h>

#include "common/error.h"
#include "common/identity.h"

struct tls_files {
    const char *cert; /* PEM, leaf first */
    const char *key;  /* PEM; refused when group or others can read it */
    const char *ca;   /* PEM, one or several */
    const char *crl;  /* PEM, or NULL for none */
};

/* One side's certificate, key, CA and revocation list, parsed once. */
struct tls_identity;
struct tls_identity *tls_identity_load(const struct tls_files *files, struct error *err) MUST_USE;
void tls_identity_free(struct tls_identity *identity);
AUTO_DEFINE(tls_identity)

/* Whom the own certificate names. */
const struct identity *tls_identity_self(const struct tls_identity *identity);
/* When the own certificate expires, in milliseconds since 1970 UTC. */
int64_t tls_identity_not_after_ms(const struct tls_identity *identity);

/* A server's context: demands a client certificate, resumption with a short lifetime. */
SSL_CTX *tls_server_context(const struct tls_identity *identity, struct error *err) MUST_USE;

/*
 * Puts certificate, key, store and TLS 1.3 on a client's context, as curl's
 * CURLOPT_SSL_CTX_FUNCTION hands it over. The chain, its purpose and revocation are verified;
 * no DNS name is: an agent is known by its URI, which the caller compares after the handshake
 * (tls_peer_identity). So CURLOPT_SSL_VERIFYHOST must be 0, while CURLOPT_SSL_VERIFYPEER stays 1.
 */
bool tls_configure_client(const struct tls_identity *identity, SSL_CTX *context,
                          struct error *err) MUST_USE;

/* Who the peer is: from the one URI name of its leaf, of the same fleet as ours, and not expired
   or revoked by now (a resumed session does not recheck that by itself). ERROR_IDENTITY. */
bool tls_peer_identity(const struct tls_identity *own, SSL *ssl, struct identity *peer,
                       struct error *err) MUST_USE;

#endif
