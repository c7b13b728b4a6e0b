#include "common/tls.h"

#include <stdlib.h>
#include <string.h>

#include "common/certificate.h"
#include "common/memory.h"
#include "common/openssl.h"

/* A resumed session repeats no check of the chain, so it must not live for long. */
enum { SESSION_SECONDS = 300 };

struct tls_identity {
    struct identity self;
    STACK_OF(X509) * chain; /* the own leaf first */
    EVP_PKEY *key;
    X509_STORE *store;
    STACK_OF(X509_CRL) * revocations; /* NULL for none */
};

void tls_identity_free(struct tls_identity *identity)
{
    if (identity == NULL)
        return;
    certificates_free(identity->chain);
    EVP_PKEY_free(identity->key);
    X509_STORE_free(identity->store);
    revocations_free(identity->revocations);
    free(identity);
}

static bool load_own(struct tls_identity *identity, const struct tls_files *files,
                     struct error *err)
{
    identity->chain = certificates_load(files->cert, err);
    if (identity->chain == NULL)
        return false;
    X509 *leaf = sk_X509_value(identity->chain, 0);
    if (!certificate_identity(leaf, &identity->self, err))
        return error_wrap(err, "%s", files->cert);
    identity->key = openssl_load_key(files->key, err);
    if (identity->key == NULL)
        return false;
    if (X509_check_private_key(leaf, identity->key) != 1)
        return openssl_error(err, ERROR_IDENTITY, "the key in %s is not that of the certificate %s",
                             files->key, files->cert);
    return true;
}

static bool load_trust(struct tls_identity *identity, const struct tls_files *files,
                       struct error *err)
{
    AUTO(certificates) STACK_OF(X509) *roots = certificates_load(files->ca, err);

    if (roots == NULL)
        return false;
    identity->store = X509_STORE_new();
    for (int i = 0; i < sk_X509_num(roots); i++)
        if (X509_STORE_add_cert(identity->store, sk_X509_value(roots, i)) != 1)
            return openssl_error(err, ERROR_IDENTITY, "cannot use the CA in %s", files->ca);
    if (files->crl == NULL)
        return true;
    identity->revocations = revocations_load(files->crl, err);
    if (identity->revocations == NULL)
        return false;
    for (int i = 0; i < sk_X509_CRL_num(identity->revocations); i++)
        if (X509_STORE_add_crl(identity->store, sk_X509_CRL_value(identity->revocations, i)) != 1)
            return openssl_error(err, ERROR_IDENTITY, "cannot use the revocation list in %s",
                                 files->crl);
    X509_STORE_set_flags(identity->store, X509_V_FLAG_CRL_CHECK);
    return true;
}

struct tls_identity *tls_identity_load(const struct tls_files *files, struct error *err)
{
    AUTO(tls_identity) struct tls_identity *identity = xcalloc(1, sizeof *identity);

    if (!load_own(identity, files, err) || !load_trust(identity, files, err))
        return NULL;
    return TAKE(identity);
}

const struct identity *tls_identity_self(const struct tls_identity *identity)
{
    return &identity->self;
}

int64_t tls_identity_not_after_ms(const struct tls_identity *identity)
{
    return certificate_not_after_ms(sk_X509_value(identity->chain, 0));
}

/* What both sides need: TLS 1.3, the own chain and key, and whom to trust. */
static bool configure(const struct tls_identity *identity, SSL_CTX *context, struct error *err)
{
    bool done = SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) == 1 &&
                SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) == 1 &&
                SSL_CTX_use_certificate(context, sk_X509_value(identity->chain, 0)) == 1 &&
                SSL_CTX_use_PrivateKey(context, identity->key) == 1;

    for (int i = 1; done && i < sk_X509_num(identity->chain); i++)
        done = SSL_CTX_add1_chain_cert(context, sk_X509_value(identity->chain, i)) == 1;
    if (!done)
        return openssl_error(err, ERROR_INTERNAL, "cannot set up TLS");
    SSL_CTX_set1_cert_store(context, identity->store);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    return true;
}

SSL_CTX *tls_server_context(const struct tls_identity *identity, struct error *err)
{
    static const unsigned char session_id_context[] = "fleet";
    AUTO(ssl_ctx) SSL_CTX *context = SSL_CTX_new(TLS_server_method());

    if (context == NULL) {
        openssl_error(err, ERROR_INTERNAL, "cannot set up TLS");
        return NULL;
    }
    if (!configure(identity, context, err))
        return NULL;
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_purpose(context, X509_PURPOSE_SSL_CLIENT);
    /* Without a context of its own OpenSSL refuses to resume sessions with client certificates. */
    SSL_CTX_set_session_id_context(context, session_id_context, sizeof session_id_context - 1);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context, 1);
    SSL_CTX_set_timeout(context, SESSION_SECONDS);
    return TAKE(context);
}

bool tls_configure_client(const struct tls_identity *identity, SSL_CTX *context, struct error *err)
{
    if (!configure(identity, context, err))
        return false;
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_purpose(context, X509_PURPOSE_SSL_SERVER);
    return true;
}

static bool is_revoked(const struct tls_identity *own, X509 *certificate)
{
    for (int i = 0; i < sk_X509_CRL_num(own->revocations); i++) {
        X509_CRL *list = sk_X509_CRL_value(own->revocations, i);
        X509_REVOKED *entry;

        if (X509_NAME_cmp(X509_CRL_get_issuer(list), X509_get_issuer_name(certificate)) == 0 &&
            X509_CRL_get0_by_cert(list, &entry, certificate) == 1)
            return true;
    }
    return false;
}

bool tls_peer_identity(const struct tls_identity *own, SSL *ssl, struct identity *peer,
                       struct error *err)
{
    X509 *leaf = SSL_get0_peer_certificate(ssl);
    struct identity read;

    if (leaf == NULL || SSL_get_verify_result(ssl) != X509_V_OK)
        return error_set(err, ERROR_IDENTITY, "the peer has no certificate that was verified");
    if (!certificate_identity(leaf, &read, err))
        return error_wrap(err, "the peer");
    if (strcmp(read.fleet, own->self.fleet) != 0)
        return error_set(err, ERROR_IDENTITY, "the peer belongs to the fleet %s, not to %s",
                         read.fleet, own->self.fleet);
    if (X509_cmp_current_time(X509_get0_notBefore(leaf)) > 0 ||
        X509_cmp_current_time(X509_get0_notAfter(leaf)) < 0)
        return error_set(err, ERROR_IDENTITY, "the certificate of %s has expired", read.name);
    if (is_revoked(own, leaf))
        return error_set(err, ERROR_IDENTITY, "the certificate of %s is revoked", read.name);
    *peer = read;
    return true;
}
