#include "authority.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/memory.h"

enum { DAY_S = 24 * 60 * 60 };

struct authority {
    char *directory;
    EVP_PKEY *key;
    X509 *certificate;
    long serial;
};

static FILE *create(const struct authority *authority, const char *name, const char *suffix)
{
    AUTO(text) char *path = xasprintf("%s/%s.%s", authority->directory, name, suffix);
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_int_equal(fchmod(fileno(file), 0600), 0);
    return file;
}

static void extend(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;

    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    assert_non_null(extension);
    assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

static X509 *blank(struct authority *authority, EVP_PKEY *key, const char *name, int days)
{
    X509 *certificate = X509_new();
    X509_NAME *subject = X509_get_subject_name(certificate);

    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++authority->serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate), days < 0 ? 2L * days * DAY_S : -DAY_S);
    X509_gmtime_adj(X509_getm_notAfter(certificate), (long)days * DAY_S);
    X509_set_pubkey(certificate, key);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1,
                               0);
    return certificate;
}

static void save(const struct authority *authority, const char *name, X509 *certificate,
                 EVP_PKEY *key)
{
    FILE *file = create(authority, name, "crt");

    assert_int_equal(PEM_write_X509(file, certificate), 1);
    fclose(file);
    file = create(authority, name, "key");
    assert_int_equal(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
    fclose(file);
}

struct authority *authority_new(const char *directory, const char *name)
{
    struct authority *authority = xcalloc(1, sizeof *authority);

    authority->directory = xstrdup(directory);
    authority->key = EVP_EC_gen("P-256");
    X509 *certificate = blank(authority, authority->key, name, 30);
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    extend(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE");
    extend(certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign");
    extend(certificate, certificate, NID_subject_key_identifier, "hash");
    assert_true(X509_sign(certificate, authority->key, EVP_sha256()) > 0);
    authority->certificate = certificate;
    save(authority, name, certificate, authority->key);
    return authority;
}

void authority_free(struct authority *authority)
{
    if (authority == NULL)
        return;
    X509_free(authority->certificate);
    EVP_PKEY_free(authority->key);
    free(authority->directory);
    free(authority);
}

long authority_issue(struct authority *authority, const char *name, const char *uri, int days)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = blank(authority, key, name, days);
    X509 *issuer = authority->certificate;
    AUTO(text) char *names = xasprintf("URI:%s", uri);

    X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
    extend(certificate, issuer, NID_basic_constraints, "critical,CA:FALSE");
    extend(certificate, issuer, NID_key_usage, "critical,digitalSignature");
    extend(certificate, issuer, NID_ext_key_usage, "serverAuth,clientAuth");
    extend(certificate, issuer, NID_authority_key_identifier, "keyid");
    extend(certificate, issuer, NID_subject_alt_name, names);
    assert_true(X509_sign(certificate, authority->key, EVP_sha256()) > 0);
    save(authority, name, certificate, key);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return authority->serial;
}

static void revoke(X509_CRL *list, long serial, const ASN1_TIME *when)
{
    X509_REVOKED *entry = X509_REVOKED_new();
    ASN1_INTEGER *number = ASN1_INTEGER_new();

    ASN1_INTEGER_set(number, serial);
    X509_REVOKED_set_serialNumber(entry, number);
    X509_REVOKED_set_revocationDate(entry, (ASN1_TIME *)(uintptr_t)when);
    X509_CRL_add0_revoked(list, entry);
    ASN1_INTEGER_free(number);
}

void authority_revoke(struct authority *authority, const char *name, const long *serials)
{
    X509_CRL *list = X509_CRL_new();
    ASN1_TIME *when = X509_gmtime_adj(NULL, -DAY_S);
    ASN1_TIME *next = X509_gmtime_adj(NULL, 30L * DAY_S);

    X509_CRL_set_version(list, X509_CRL_VERSION_2);
    X509_CRL_set_issuer_name(list, X509_get_subject_name(authority->certificate));
    X509_CRL_set1_lastUpdate(list, when);
    X509_CRL_set1_nextUpdate(list, next);
    for (; *serials != 0; serials++)
        revoke(list, *serials, when);
    assert_true(X509_CRL_sign(list, authority->key, EVP_sha256()) > 0);

    FILE *file = create(authority, name, "crl");
    assert_int_equal(PEM_write_X509_CRL(file, list), 1);
    fclose(file);
    ASN1_TIME_free(when);
    ASN1_TIME_free(next);
    X509_CRL_free(list);
}
