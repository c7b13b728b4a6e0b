#include "orchestrator/authority.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/pem.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/certificate.h"
#include "common/file.h"
#include "common/memory.h"
#include "common/openssl.h"
#include "orchestrator/authority_index.h"
#include "orchestrator/authority_x509.h"

#define DAY_MS (INT64_C(24) * 60 * 60 * 1000)

enum { DAYS_MAX = 825 };

static char *path_of(const struct authority *authority, const char *name)
{
    return xasprintf("%s/%s", authority->directory, name);
}

static int64_t now_ms(const struct authority *authority)
{
    return authority->clock->wall_ms(authority->clock);
}

/* The directory, open and locked until it is closed; -1 and err. */
static int lock_directory(const struct authority *authority, struct error *err)
{
    int descriptor = open(authority->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (descriptor >= 0 && flock(descriptor, LOCK_EX) == 0)
        return descriptor;
    error_set_errno(err, errno, "cannot open the authority's directory %s", authority->directory);
    if (descriptor >= 0)
        close(descriptor);
    return -1;
}

/* Certificates and lists are written the same way: encoded to memory, then put in place at once. */
static bool write_pem(BIO *bio, int encoded, const char *path, struct error *err)
{
    char *bytes;

    if (encoded != 1)
        return openssl_error(err, ERROR_INTERNAL, "cannot encode %s", path);
    long length = BIO_get_mem_data(bio, &bytes);
    return file_write(path, bytes, (size_t)length, 0644, err);
}

static bool write_certificate(const X509 *certificate, const char *path, struct error *err)
{
    AUTO(bio) BIO *bio = BIO_new(BIO_s_mem());

    return write_pem(bio, PEM_write_bio_X509(bio, certificate), path, err);
}

/* The authority's own key and certificate, under its lock. */
struct signer {
    int lock;
    EVP_PKEY *key;
    X509 *certificate;
    char fleet[NAME_SIZE];
};

static void signer_close(struct signer *signer)
{
    EVP_PKEY_free(signer->key);
    X509_free(signer->certificate);
    file_descriptor_close(&signer->lock);
}

#define AUTO_SIGNER __attribute__((cleanup(signer_close)))

static bool read_fleet(struct signer *signer, const char *path, struct error *err)
{
    static const char scheme[] = "spiffe://";
    char uri[IDENTITY_URI_SIZE];

    if (!certificate_uri(signer->certificate, uri, err))
        return error_wrap(err, "%s", path);
    const char *fleet = uri + sizeof scheme - 1;
    if (strncmp(uri, scheme, sizeof scheme - 1) != 0 || !name_is_valid(fleet))
        return error_set(err, ERROR_IDENTITY, "%s is not the certificate of a fleet's authority",
                         path);
    memcpy(signer->fleet, fleet, strlen(fleet) + 1);
    return true;
}

static bool signer_open(const struct authority *authority, struct signer *signer, struct error *err)
{
    AUTO(text) char *key_path = path_of(authority, "ca.key");
    AUTO(text) char *cert_path = path_of(authority, "ca.crt");

    signer->lock = lock_directory(authority, err);
    if (signer->lock < 0)
        return false;
    if (access(key_path, F_OK) != 0)
        return error_set(err, ERROR_CONFIG,
                         "there is no authority in %s: \"fleet ca init\" makes one",
                         authority->directory);
    signer->key = openssl_load_key(key_path, err);
    if (signer->key == NULL)
        return false;
    AUTO(certificates) STACK_OF(X509) *certificates = certificates_load(cert_path, err);
    if (certificates == NULL)
        return false;
    signer->certificate = sk_X509_shift(certificates);
    if (X509_check_private_key(signer->certificate, signer->key) != 1)
        return openssl_error(err, ERROR_IDENTITY, "%s and %s do not belong together", key_path,
                             cert_path);
    return read_fleet(signer, cert_path, err);
}

/* The number for the next list: one more than that of the list that is there. */
static bool next_list_number(const char *path, int64_t *number, struct error *err)
{
    if (access(path, F_OK) != 0) {
        *number = 1;
        return true;
    }
    AUTO(revocations) STACK_OF(X509_CRL) *lists = revocations_load(path, err);
    if (lists == NULL)
        return false;
    ASN1_INTEGER *before =
        X509_CRL_get_ext_d2i(sk_X509_CRL_value(lists, 0), NID_crl_number, NULL, NULL);
    *number = 0;
    bool done = before != NULL && ASN1_INTEGER_get_int64(number, before) == 1;
    ASN1_INTEGER_free(before);
    ++*number;
    return done || openssl_error(err, ERROR_IDENTITY, "%s has no list number", path);
}

static bool write_revocations(const struct authority *authority, const struct signer *signer,
                              const struct authority_index *index, struct error *err)
{
    AUTO(text) char *path = path_of(authority, "ca.crl");
    AUTO(bio) BIO *bio = BIO_new(BIO_s_mem());
    int64_t number;

    if (!next_list_number(path, &number, err))
        return false;
    AUTO(x509_crl)
    X509_CRL *list =
        authority_x509_revocations(index->entries, index->count, number, now_ms(authority),
                                   signer->certificate, signer->key, err);
    return list != NULL && write_pem(bio, PEM_write_bio_X509_CRL(bio, list), path, err);
}

/* The key comes last: without it the directory is no authority yet and may be begun again. */
static bool write_new(const struct authority *authority, const struct signer *signer,
                      struct error *err)
{
    static const struct authority_index empty;
    AUTO(text) char *key_path = path_of(authority, "ca.key");
    AUTO(text) char *cert_path = path_of(authority, "ca.crt");
    AUTO(text) char *index_path = path_of(authority, "index");

    return write_certificate(signer->certificate, cert_path, err) &&
           write_revocations(authority, signer, &empty, err) &&
           authority_index_write(&empty, index_path, err) &&
           openssl_save_key(signer->key, key_path, err);
}

bool authority_init(const struct authority *authority, const char *fleet, struct error *err)
{
    AUTO_SIGNER struct signer signer = {.lock = -1};
    AUTO(text) char *key_path = path_of(authority, "ca.key");
    char serial[SERIAL_HEX_SIZE];

    if (!name_is_valid(fleet))
        return error_set(err, ERROR_CONFIG, "\"%.64s\" is not a name for a fleet", fleet);
    if (!file_make_directory(authority->directory, 0700, err))
        return false;
    signer.lock = lock_directory(authority, err);
    if (signer.lock < 0)
        return false;
    if (access(key_path, F_OK) == 0)
        return error_set(err, ERROR_CONFIG, "%s exists already: this is an authority", key_path);
    signer.key = authority_x509_key(err);
    if (signer.key == NULL)
        return false;
    authority_x509_serial(authority->random, serial);
    signer.certificate = authority_x509_root(signer.key, fleet, serial, now_ms(authority), err);
    return signer.certificate != NULL && write_new(authority, &signer, err);
}

static bool check_order(const struct certificate_order *order, const struct signer *signer,
                        struct error *err)
{
    if (!name_is_valid(order->identity.name))
        return error_set(err, ERROR_CONFIG, "\"%.64s\" is not a name", order->identity.name);
    if (strcmp(order->identity.fleet, signer->fleet) != 0)
        return error_set(err, ERROR_CONFIG, "this is the authority of the fleet %s, not of %.64s",
                         signer->fleet, order->identity.fleet);
    if (order->days < 1 || order->days > DAYS_MAX)
        return error_set(err, ERROR_CONFIG, "a certificate lives for 1 to %d days, not %d",
                         DAYS_MAX, order->days);
    return true;
}

/* A renewal replaces the certificate; a new pair must not write over another one. */
static bool check_paths(const struct certificate_order *order, struct error *err)
{
    const char *const paths[] = {order->cert_path, order->key_path};

    for (size_t i = 0; order->request == NULL && i < COUNT_OF(paths); i++)
        if (access(paths[i], F_OK) == 0)
            return error_set(err, ERROR_IO, "%s exists already", paths[i]);
    return true;
}

static bool record(const struct authority *authority, const struct issued_certificate *entry,
                   struct error *err)
{
    AUTO_AUTHORITY_INDEX struct authority_index index = {0};
    AUTO(text) char *path = path_of(authority, "index");

    if (!authority_index_read(path, &index, err))
        return false;
    authority_index_add(&index, entry);
    return authority_index_write(&index, path, err);
}

static struct issued_certificate entry_for(const struct authority *authority,
                                           const struct certificate_order *order,
                                           const struct signer *signer)
{
    struct issued_certificate entry = {.identity = order->identity};
    int64_t ca_end_ms = certificate_not_after_ms(signer->certificate);

    authority_x509_serial(authority->random, entry.serial);
    entry.not_after_ms = now_ms(authority) + order->days * DAY_MS;
    if (entry.not_after_ms > ca_end_ms)
        entry.not_after_ms = ca_end_ms;
    return entry;
}

bool authority_issue(const struct authority *authority, const struct certificate_order *order,
                     struct error *err)
{
    AUTO_SIGNER struct signer signer = {.lock = -1};

    if (!signer_open(authority, &signer, err) || !check_order(order, &signer, err) ||
        !check_paths(order, err))
        return false;
    AUTO(pkey)
    EVP_PKEY *key = order->request != NULL ? authority_x509_request_key(order->request, err)
                                           : authority_x509_key(err);
    if (key == NULL)
        return false;
    struct issued_certificate entry = entry_for(authority, order, &signer);
    const struct leaf_terms terms = {&entry, order->hosts, order->host_count, now_ms(authority)};
    AUTO(x509)
    X509 *leaf = authority_x509_leaf(&terms, key, signer.certificate, signer.key, err);
    if (leaf == NULL || !record(authority, &entry, err))
        return false;
    if (order->request == NULL && !openssl_save_key(key, order->key_path, err))
        return false;
    return write_certificate(leaf, order->cert_path, err);
}

static bool goes_by(const struct issued_certificate *entry, const char *which)
{
    char uri[IDENTITY_URI_SIZE];

    identity_format(&entry->identity, uri);
    return strcmp(entry->serial, which) == 0 || strcmp(entry->identity.name, which) == 0 ||
           strcmp(uri, which) == 0;
}

/* False if nothing goes by that name; *count are those that were not revoked yet. */
static bool mark_revoked(struct authority_index *index, const char *which, int64_t time_ms,
                         size_t *count)
{
    bool found = false;

    *count = 0;
    for (size_t i = 0; i < index->count; i++) {
        struct issued_certificate *entry = &index->entries[i];

        if (!goes_by(entry, which))
            continue;
        found = true;
        if (entry->revoked_ms != 0)
            continue;
        entry->revoked_ms = time_ms;
        ++*count;
    }
    return found;
}

bool authority_revoke(const struct authority *authority, const char *which, size_t *count,
                      struct error *err)
{
    AUTO_SIGNER struct signer signer = {.lock = -1};
    AUTO_AUTHORITY_INDEX struct authority_index index = {0};
    AUTO(text) char *path = path_of(authority, "index");

    if (!signer_open(authority, &signer, err) || !authority_index_read(path, &index, err))
        return false;
    if (!mark_revoked(&index, which, now_ms(authority), count))
        return error_set(err, ERROR_CONFIG,
                         "no certificate was issued with the serial, identity or name \"%.200s\"",
                         which);
    /* The list is written even if nothing is new: an earlier try may have stopped before it. */
    return authority_index_write(&index, path, err) &&
           write_revocations(authority, &signer, &index, err);
}

bool authority_list(const struct authority *authority, struct arena *arena,
                    const struct issued_certificate **list, size_t *count, struct error *err)
{
    AUTO_AUTHORITY_INDEX struct authority_index index = {0};
    AUTO(text) char *path = path_of(authority, "index");

    if (!authority_index_read(path, &index, err))
        return false;
    struct issued_certificate *copy = arena_calloc(arena, index.count, sizeof *copy);
    if (index.count > 0)
        memcpy(copy, index.entries, index.count * sizeof *copy);
    *list = copy;
    *count = index.count;
    return true;
}
