#include "common/certificate.h"

#include <assert.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>
#include <time.h>

#include "common/buffer.h"
#include "common/file.h"
#include "common/openssl.h"

enum { PEM_FILE_MAX = 16 * 1024 * 1024 };

/* The only URI among the names; NULL if there is none or more than one. */
static const ASN1_IA5STRING *only_uri(const GENERAL_NAMES *names)
{
    const ASN1_IA5STRING *uri = NULL;

    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

        if (name->type != GEN_URI)
            continue;
        if (uri != NULL)
            return NULL;
        uri = name->d.uniformResourceIdentifier;
    }
    return uri;
}

bool certificate_uri(const X509 *certificate, char uri[IDENTITY_URI_SIZE], struct error *err)
{
    AUTO(general_names)
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    const ASN1_IA5STRING *only = only_uri(names);
    int length = only != NULL ? ASN1_STRING_length(only) : 0;

    ERR_clear_error();
    if (only == NULL)
        return error_set(err, ERROR_IDENTITY,
                         "the certificate does not have exactly one URI as a subject alternative "
                         "name");
    if (length <= 0 || length >= IDENTITY_URI_SIZE ||
        memchr(ASN1_STRING_get0_data(only), '\0', (size_t)length) != NULL)
        return error_set(err, ERROR_IDENTITY, "the certificate's URI is too long or holds a NUL");
    memcpy(uri, ASN1_STRING_get0_data(only), (size_t)length);
    uri[length] = '\0';
    return true;
}

bool certificate_identity(const X509 *certificate, struct identity *identity, struct error *err)
{
    char uri[IDENTITY_URI_SIZE];

    return certificate_uri(certificate, uri, err) && identity_parse(uri, identity, err);
}

int64_t certificate_not_after_ms(const X509 *certificate)
{
    struct tm utc;
    int done = ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &utc);

    return done == 1 ? (int64_t)timegm(&utc) * 1000 : 0;
}

void certificates_free(STACK_OF(X509) * certificates)
{
    sk_X509_pop_free(certificates, X509_free);
}

void revocations_free(STACK_OF(X509_CRL) * lists)
{
    sk_X509_CRL_pop_free(lists, X509_CRL_free);
}

/* Whether reading ended because there is no further PEM block, rather than at a broken one. */
static bool ended_cleanly(void)
{
    unsigned long reason = ERR_peek_last_error();
    bool clean =
        ERR_GET_LIB(reason) == ERR_LIB_PEM && ERR_GET_REASON(reason) == PEM_R_NO_START_LINE;

    if (clean)
        ERR_clear_error();
    return clean;
}

static BIO *open_pem(const char *path, struct buffer *bytes, struct error *err)
{
    if (!file_read(path, PEM_FILE_MAX, bytes, err))
        return NULL;
    return BIO_new_mem_buf(buffer_text(bytes), (int)bytes->length);
}

STACK_OF(X509) * certificates_load(const char *path, struct error *err)
{
    AUTO_BUFFER struct buffer bytes = {0};
    AUTO(bio) BIO *bio = open_pem(path, &bytes, err);
    AUTO(certificates) STACK_OF(X509) *certificates = sk_X509_new_null();
    X509 *certificate;

    if (bio == NULL)
        return NULL;
    while ((certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL)
        sk_X509_push(certificates, certificate);
    if (!ended_cleanly() || sk_X509_num(certificates) == 0) {
        openssl_error(err, ERROR_IDENTITY, "%s does not hold certificates in PEM", path);
        return NULL;
    }
    return TAKE(certificates);
}

STACK_OF(X509_CRL) * revocations_load(const char *path, struct error *err)
{
    AUTO_BUFFER struct buffer bytes = {0};
    AUTO(bio) BIO *bio = open_pem(path, &bytes, err);
    AUTO(revocations) STACK_OF(X509_CRL) *lists = sk_X509_CRL_new_null();
    X509_CRL *list;

    if (bio == NULL)
        return NULL;
    while ((list = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL)) != NULL)
        sk_X509_CRL_push(lists, list);
    if (!ended_cleanly() || sk_X509_CRL_num(lists) == 0) {
        openssl_error(err, ERROR_IDENTITY, "%s does not hold a revocation list in PEM", path);
        return NULL;
    }
    return TAKE(lists);
}
