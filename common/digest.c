#include "common/digest.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

struct hasher {
    EVP_MD_CTX *context;
};

/* OpenSSL 3 looks an algorithm up by name each time that it is not handed a fetched one, which
   costs more than hashing a short text. Fetched once and kept: a constant, in effect. */
static EVP_MD *fetched;

static void must(int done)
{
    if (done != 1) {
        fputs("fleet: OpenSSL offers no SHA-256\n", stderr);
        abort();
    }
}

static void fetch(void)
{
    fetched = EVP_MD_fetch(NULL, "SHA256", NULL);
    must(fetched != NULL);
}

static const EVP_MD *sha256(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, fetch);
    return fetched;
}

struct digest digest_of(const void *bytes, size_t length)
{
    struct digest digest;

    must(EVP_Digest(bytes, length, digest.bytes, NULL, sha256(), NULL));
    return digest;
}

struct digest digest_of_text(const char *text)
{
    return digest_of(text, strlen(text));
}

bool digest_equal(const struct digest *a, const struct digest *b)
{
    return digest_compare(a, b) == 0;
}

int digest_compare(const struct digest *a, const struct digest *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes);
}

bool digest_is_none(const struct digest *digest)
{
    static const struct digest none;

    return digest_equal(digest, &none);
}

void digest_to_hex(const struct digest *digest, char hex[DIGEST_HEX_SIZE])
{
    hex_encode(digest->bytes, sizeof digest->bytes, hex);
}

bool digest_from_hex(const char *hex, struct digest *digest)
{
    return hex_decode(hex, digest->bytes, sizeof digest->bytes);
}

struct hasher *hasher_new(void)
{
    struct hasher *hasher = xcalloc(1, sizeof *hasher);

    hasher->context = EVP_MD_CTX_new();
    must(hasher->context != NULL);
    must(EVP_DigestInit_ex2(hasher->context, sha256(), NULL));
    return hasher;
}

void hasher_free(struct hasher *hasher)
{
    if (hasher == NULL)
        return;
    EVP_MD_CTX_free(hasher->context);
    free(hasher);
}

void hasher_add(struct hasher *hasher, const void *bytes, size_t length)
{
    must(EVP_DigestUpdate(hasher->context, bytes, length));
}

struct digest hasher_finish(struct hasher *hasher)
{
    struct digest digest;

    must(EVP_DigestFinal_ex(hasher->context, digest.bytes, NULL));
    must(EVP_DigestInit_ex2(hasher->context, NULL, NULL));
    return digest;
}

void hex_encode(const void *bytes, size_t length, char *text)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *byte = bytes;

    for (size_t i = 0; i < length; i++) {
        *text++ = digits[byte[i] >> 4];
        *text++ = digits[byte[i] & 15];
    }
    *text = '\0';
}

/* 0 to 15, or -1 for what is no lower-case hex digit. */
static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

bool hex_decode(const char *text, void *bytes, size_t length)
{
    unsigned char *byte = bytes;

    if (strlen(text) != 2 * length)
        return false;
    for (size_t i = 0; i < length; i++) {
        int high = hex_value(text[2 * i]);
        int low = hex_value(text[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        byte[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}
