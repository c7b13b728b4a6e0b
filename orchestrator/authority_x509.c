#include "orchestrator/authority_x509.h"

#include <ctype.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "common/digest.h"
#include "common/file.h"
#include "common/memory.h"
#include "common/openssl.h"

#define HOUR_MS (INT64_C(60) * 60 * 1000)
#define TEN_YEARS_MS (3650L * 24L * HOUR_MS)

/* NIST SP 800-57: below 112 bits of strength a key is not to be used any more. */
enum { REQUEST_MAX = 64 * 1024, STRENGTH_LEAST = 112, SERIAL_SIZE = (SERIAL_HEX_SIZE - 1) / 2 };

EVP_PKEY *authority_x509_key(struct error *err)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");

    if (key == NULL)
        openssl_error(err, ERROR_INTERNAL, "cannot generate a P-256 key");
    return key;
}

void authority_x509_serial(const struct random_source *random, char hex[SERIAL_HEX_SIZE])
{
    unsigned char serial[SERIAL_SIZE];

    random->fill(random, serial, sizeof serial);
    /* Positive, as RFC 5280 demands, and always of this length. */
    serial[0] = (unsigned char)((serial[0] & 0x7f) | 0x40);
    hex_encode(serial, sizeof serial, hex);
}

static bool set_serial(ASN1_INTEGER *serial, const char *hex)
{
    BIGNUM *number = NULL;
    bool done = BN_hex2bn(&number, hex) > 0 && BN_to_ASN1_INTEGER(number, serial) != NULL;

    BN_free(number);
    return done;
}

static bool set_times(X509 *certificate, int64_t now_ms, int64_t not_after_ms)
{
    return ASN1_TIME_set(X509_getm_notBefore(certificate), (now_ms - HOUR_MS) / 1000) != NULL &&
           ASN1_TIME_set(X509_getm_notAfter(certificate), not_after_ms / 1000) != NULL;
}

static bool set_common_name(X509 *certificate, const char *text)
{
    return X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                                      (const unsigned char *)text, -1, -1, 0) == 1;
}

struct extension {
    int nid;
    const char *value;
};

static bool add_extensions(X509 *certificate, X509 *issuer, const struct extension *extensions,
                           size_t count)
{
    X509V3_CTX context;

    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    for (size_t i = 0; i < count; i++) {
        X509_EXTENSION *extension =
            X509V3_EXT_nconf_nid(NULL, &context, extensions[i].nid, extensions[i].value);
        bool done = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;

        X509_EXTENSION_free(extension);
        if (!done)
            return false;
    }
    return true;
}

/* Takes the value, which may be NULL after a failure. */
static bool add_name(GENERAL_NAMES *names, int type, ASN1_STRING *value)
{
    GENERAL_NAME *name = value != NULL ? GENERAL_NAME_new() : NULL;

    if (name == NULL) {
        ASN1_STRING_free(value);
        return false;
    }
    GENERAL_NAME_set0_value(name, type, value);
    return sk_GENERAL_NAME_push(names, name) > 0;
}

static bool add_text_name(GENERAL_NAMES *names, int type, const char *text)
{
    ASN1_IA5STRING *value = ASN1_IA5STRING_new();

    ASN1_STRING_set(value, text, -1);
    return add_name(names, type, value);
}

static bool is_dns_name(const char *text)
{
    size_t length = strlen(text);

    return length > 0 && length <= 253 && isalnum((unsigned char)text[0]) &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") ==
               length;
}

static bool add_host(GENERAL_NAMES *names, const char *host, struct error *err)
{
    ASN1_OCTET_STRING *address = a2i_IPADDRESS(host);

    if (address != NULL)
        return add_name(names, GEN_IPADD, address) ||
               openssl_error(err, ERROR_INTERNAL, "cannot add the address %s", host);
    if (!is_dns_name(host))
        return error_set(err, ERROR_CONFIG, "\"%.253s\" is neither an IP address nor a DNS name",
                         host);
    return add_text_name(names, GEN_DNS, host) ||
           openssl_error(err, ERROR_INTERNAL, "cannot add the name %s", host);
}

static bool add_names(X509 *certificate, const char *uri, const char *const *hosts, size_t count,
                      struct error *err)
{
    AUTO(general_names) GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();

    if (!add_text_name(names, GEN_URI, uri))
        return openssl_error(err, ERROR_INTERNAL, "cannot add the name %s", uri);
    for (size_t i = 0; i < count; i++)
        if (!add_host(names, hosts[i], err))
            return false;
    if (X509_add1_ext_i2d(certificate, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) != 1)
        return openssl_error(err, ERROR_INTERNAL, "cannot add the name %s", uri);
    return true;
}

static bool bind(X509 *certificate, EVP_PKEY *key, X509 *issuer)
{
    return X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) == 1 &&
           X509_set_pubkey(certificate, key) == 1;
}

X509 *authority_x509_root(EVP_PKEY *key, const char *fleet, const char *serial, int64_t now_ms,
                          struct error *err)
{
    static const struct extension extensions[] = {
        {NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
        {NID_key_usage, "critical,keyCertSign,cRLSign"},
        {NID_subject_key_identifier, "hash"},
    };
    AUTO(x509) X509 *root = X509_new();
    AUTO(text) char *name = xasprintf("%s fleet CA", fleet);
    AUTO(text) char *uri = xasprintf("spiffe://%s", fleet);

    if (X509_set_version(root, X509_VERSION_3) != 1 ||
        !set_serial(X509_get_serialNumber(root), serial) ||
        !set_times(root, now_ms, now_ms + TEN_YEARS_MS) || !set_common_name(root, name) ||
        !bind(root, key, root) || !add_extensions(root, root, extensions, COUNT_OF(extensions))) {
        openssl_error(err, ERROR_INTERNAL, "cannot make the authority's certificate");
        return NULL;
    }
    if (!add_names(root, uri, NULL, 0, err))
        return NULL;
    if (X509_sign(root, key, EVP_sha256()) == 0) {
        openssl_error(err, ERROR_INTERNAL, "cannot sign the authority's certificate");
        return NULL;
    }
    return TAKE(root);
}

X509 *authority_x509_leaf(const struct leaf_terms *terms, EVP_PKEY *subject_key, X509 *issuer,
                          EVP_PKEY *issuer_key, struct error *err)
{
    const struct issued_certificate *entry = terms->entry;
    bool agent = entry->identity.role == ROLE_AGENT;
    const struct extension extensions[] = {
        {NID_basic_constraints, "critical,CA:FALSE"},
        {NID_key_usage, "critical,digitalSignature"},
        {NID_ext_key_usage, agent ? "serverAuth" : "clientAuth"},
        {NID_subject_key_identifier, "hash"},
        {NID_authority_key_identifier, "keyid:always"},
    };
    AUTO(x509) X509 *leaf = X509_new();
    char uri[IDENTITY_URI_SIZE];

    identity_format(&entry->identity, uri);
    if (X509_set_version(leaf, X509_VERSION_3) != 1 ||
        !set_serial(X509_get_serialNumber(leaf), entry->serial) ||
        !set_times(leaf, terms->now_ms, entry->not_after_ms) ||
        !set_common_name(leaf, entry->identity.name) || !bind(leaf, subject_key, issuer) ||
        !add_extensions(leaf, issuer, extensions, COUNT_OF(extensions))) {
        openssl_error(err, ERROR_INTERNAL, "cannot make the certificate of %s", uri);
        return NULL;
    }
    if (!add_names(leaf, uri, terms->hosts, terms->host_count, err))
        return NULL;
    if (X509_sign(leaf, issuer_key, EVP_sha256()) == 0) {
        openssl_error(err, ERROR_INTERNAL, "cannot sign the certificate of %s", uri);
        return NULL;
    }
    return TAKE(leaf);
}

EVP_PKEY *authority_x509_request_key(const char *path, struct error *err)
{
    AUTO_BUFFER struct buffer bytes = {0};

    if (!file_read(path, REQUEST_MAX, &bytes, err))
        return NULL;
    AUTO(bio) BIO *bio = BIO_new_mem_buf(buffer_text(&bytes), (int)bytes.length);
    AUTO(x509_req) X509_REQ *request = PEM_read_bio_X509_REQ(bio, NULL, NULL, NULL);
    AUTO(pkey) EVP_PKEY *key = request != NULL ? X509_REQ_get_pubkey(request) : NULL;
    if (key == NULL) {
        openssl_error(err, ERROR_IDENTITY, "%s is not a certificate request in PEM", path);
        return NULL;
    }
    if (X509_REQ_verify(request, key) != 1) {
        openssl_error(err, ERROR_IDENTITY, "the signature of the request %s does not hold", path);
        return NULL;
    }
    if (EVP_PKEY_get_security_bits(key) < STRENGTH_LEAST) {
        error_set(err, ERROR_IDENTITY, "the key of the request %s is too weak: use P-256", path);
        return NULL;
    }
    return TAKE(key);
}

static bool add_revoked(X509_CRL *list, const struct issued_certificate *entry)
{
    X509_REVOKED *revoked = X509_REVOKED_new();
    ASN1_INTEGER *serial = ASN1_INTEGER_new();
    ASN1_TIME *time = ASN1_TIME_set(NULL, entry->revoked_ms / 1000);
    bool done = revoked != NULL && time != NULL && set_serial(serial, entry->serial) &&
                X509_REVOKED_set_serialNumber(revoked, serial) == 1 &&
                X509_REVOKED_set_revocationDate(revoked, time) == 1 &&
                X509_CRL_add0_revoked(list, revoked) == 1;

    if (!done)
        X509_REVOKED_free(revoked);
    ASN1_INTEGER_free(serial);
    ASN1_TIME_free(time);
    return done;
}

static bool set_list_head(X509_CRL *list, X509 *issuer, int64_t number, int64_t now_ms)
{
    ASN1_TIME *made = ASN1_TIME_set(NULL, (now_ms - HOUR_MS) / 1000);
    ASN1_INTEGER *serial = ASN1_INTEGER_new();
    X509V3_CTX context;

    X509V3_set_ctx(&context, issuer, NULL, NULL, list, 0);
    X509_EXTENSION *key_id =
        X509V3_EXT_nconf_nid(NULL, &context, NID_authority_key_identifier, "keyid:always");
    bool done = made != NULL && key_id != NULL && ASN1_INTEGER_set_int64(serial, number) == 1 &&
                X509_CRL_set_version(list, X509_CRL_VERSION_2) == 1 &&
                X509_CRL_set_issuer_name(list, X509_get_subject_name(issuer)) == 1 &&
                X509_CRL_set1_lastUpdate(list, made) == 1 &&
                X509_CRL_set1_nextUpdate(list, X509_get0_notAfter(issuer)) == 1 &&
                X509_CRL_add_ext(list, key_id, -1) == 1 &&
                X509_CRL_add1_ext_i2d(list, NID_crl_number, serial, 0, X509V3_ADD_DEFAULT) == 1;

    X509_EXTENSION_free(key_id);
    ASN1_INTEGER_free(serial);
    ASN1_TIME_free(made);
    return done;
}

X509_CRL *authority_x509_revocations(const struct issued_certificate *entries, size_t count,
                                     int64_t number, int64_t now_ms, X509 *issuer,
                                     EVP_PKEY *issuer_key, struct error *err)
{
    AUTO(x509_crl) X509_CRL *list = X509_CRL_new();
    bool done = set_list_head(list, issuer, number, now_ms);

    for (size_t i = 0; done && i < count; i++)
        if (entries[i].revoked_ms != 0)
            done = add_revoked(list, &entries[i]);
    if (!done || X509_CRL_sort(list) != 1 || X509_CRL_sign(list, issuer_key, EVP_sha256()) == 0) {
        openssl_error(err, ERROR_INTERNAL, "cannot make the revocation list");
        return NULL;
    }
    return TAKE(list);
}
