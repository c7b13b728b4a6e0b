#include "common/openssl.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"

enum { KEY_FILE_MAX = 64 * 1024 };

bool openssl_error(struct error *err, enum error_code code, const char *format, ...)
{
    unsigned long reason = ERR_get_error();
    const char *words = reason != 0 ? ERR_reason_error_string(reason) : NULL;
    char what[512];
    va_list args;

    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    ERR_clear_error();
    if (words == NULL)
        return error_set(err, code, "%s", what);
    return error_set(err, code, "%s: %s", what, words);
}

/* Looks at the file that is open, not at what the name means a moment later. */
static bool is_private(int descriptor, const char *path, struct error *err)
{
    struct stat status;

    if (fstat(descriptor, &status) != 0)
        return error_set_errno(err, errno, "cannot read %s", path);
    if (!S_ISREG(status.st_mode) || status.st_size > KEY_FILE_MAX)
        return error_set(err, ERROR_IDENTITY, "%s is not a key file", path);
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return error_set(err, ERROR_IDENTITY,
                         "%s is open to others than its owner (mode %04o): run chmod 0600 on it",
                         path, (unsigned)status.st_mode & 07777);
    return true;
}

/* Without this OpenSSL would ask on the terminal for the password of an encrypted key. */
static int no_password(char *bytes, int size, int writing, void *context)
{
    (void)bytes, (void)size, (void)writing, (void)context;
    return -1;
}

EVP_PKEY *openssl_load_key(const char *path, struct error *err)
{
    AUTO_FD int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    char bytes[KEY_FILE_MAX];

    if (descriptor < 0) {
        error_set_errno(err, errno, "cannot read %s", path);
        return NULL;
    }
    if (!is_private(descriptor, path, err))
        return NULL;
    ssize_t length = read(descriptor, bytes, sizeof bytes);
    if (length < 0) {
        error_set_errno(err, errno, "cannot read %s", path);
        return NULL;
    }
    AUTO(bio) BIO *bio = BIO_new_mem_buf(bytes, (int)length);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
    OPENSSL_cleanse(bytes, (size_t)length);
    if (key == NULL)
        openssl_error(err, ERROR_IDENTITY, "%s holds no private key in PEM without a password",
                      path);
    return key;
}

bool openssl_save_key(const EVP_PKEY *key, const char *path, struct error *err)
{
    AUTO(bio) BIO *bio = BIO_new(BIO_s_secmem());
    char *bytes;

    if (bio == NULL || PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1)
        return openssl_error(err, ERROR_INTERNAL, "cannot encode the key for %s", path);
    long length = BIO_get_mem_data(bio, &bytes);
    return file_create(path, bytes, (size_t)length, 0600, err);
}
