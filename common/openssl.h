/* openssl - owning pointers for OpenSSL's handles, and its errors in our words. */
#ifndef FLEET_COMMON_OPENSSL_H
#define FLEET_COMMON_OPENSSL_H

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "common/error.h"

/* NULL-safe frees under the names that AUTO looks for: AUTO(pkey) EVP_PKEY *key. */
#define OPENSSL_AUTO(name, type, release)       \
    static inline void name##_free(type *owned) \
    {                                           \
        release(owned);                         \
    }                                           \
    AUTO_DEFINE_FOR(name, type)

OPENSSL_AUTO(bio, BIO, BIO_free_all)
OPENSSL_AUTO(pkey, EVP_PKEY, EVP_PKEY_free)
OPENSSL_AUTO(md_ctx, EVP_MD_CTX, EVP_MD_CTX_free)
OPENSSL_AUTO(x509, X509, X509_free)
OPENSSL_AUTO(x509_req, X509_REQ, X509_REQ_free)
OPENSSL_AUTO(x509_crl, X509_CRL, X509_CRL_free)
OPENSSL_AUTO(x509_store, X509_STORE, X509_STORE_free)
OPENSSL_AUTO(x509_store_ctx, X509_STORE_CTX, X509_STORE_CTX_free)
OPENSSL_AUTO(general_names, GENERAL_NAMES, GENERAL_NAMES_free)
OPENSSL_AUTO(ssl_ctx, SSL_CTX, SSL_CTX_free)

/* Records a failure with the reason that OpenSSL queued first, and empties the queue. False. */
bool openssl_error(struct error *err, enum error_code code, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* The private key in a PEM file that its owner alone can read; anything else is refused. */
EVP_PKEY *openssl_load_key(const char *path, struct error *err) MUST_USE;

/* Creates the PEM file (PKCS #8, not encrypted) with mode 0600; an existing file is an error. */
bool openssl_save_key(const EVP_PKEY *key, const char *path, struct error *err) MUST_USE;

#endif
