#include "common/signing.h"

#include <assert.h>
#include <stdlib.h>

#include "common/digest.h"
#include "common/memory.h"
#include "common/openssl.h"

struct signing_key {
    EVP_PKEY *pkey;
    struct public_key public_key;
};

void signing_key_free(struct signing_key *key)
{
    if (key == NULL)
        return;
    EVP_PKEY_free(key->pkey);
    free(key);
}

static struct signing_key *wrap(EVP_PKEY *pkey)
{
    struct signing_key *key = xcalloc(1, sizeof *key);
    size_t length = sizeof key->public_key.bytes;

    key->pkey = pkey;
    int done = EVP_PKEY_get_raw_public_key(pkey, key->public_key.bytes, &length);
    assert(done == 1 && length == PUBLIC_KEY_SIZE);
    return key;
}

struct signing_key *signing_key_generate(struct error *err)
{
    EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");

    if (pkey == NULL) {
        openssl_error(err, ERROR_INTERNAL, "cannot generate an Ed25519 key");
        return NULL;
    }
    return wrap(pkey);
}

struct signing_key *signing_key_load(const char *path, struct error *err)
{
    AUTO(pkey) EVP_PKEY *pkey = openssl_load_key(path, err);

    if (pkey == NULL)
        return NULL;
    if (EVP_PKEY_get_id(pkey) != EVP_PKEY_ED25519) {
        error_set(err, ERROR_IDENTITY, "%s holds a key of another kind than Ed25519", path);
        return NULL;
    }
    return wrap(TAKE(pkey));
}

bool signing_key_save(const struct signing_key *key, const char *path, struct error *err)
{
    return openssl_save_key(key->pkey, path, err);
}

struct public_key signing_key_public(const struct signing_key *key)
{
    return key->public_key;
}

bool signing_key_sign(const struct signing_key *key, const void *bytes, size_t length,
                      struct signature *signature, struct error *err)
{
    AUTO(md_ctx) EVP_MD_CTX *context = EVP_MD_CTX_new();
    size_t size = sizeof signature->bytes;

    if (EVP_DigestSignInit(context, NULL, NULL, NULL, key->pkey) != 1 ||
        EVP_DigestSign(context, signature->bytes, &size, bytes, length) != 1)
        return openssl_error(err, ERROR_INTERNAL, "cannot sign");
    return true;
}

bool signature_verify(const struct public_key *key, const void *bytes, size_t length,
                      const struct signature *signature)
{
    AUTO(md_ctx) EVP_MD_CTX *context = EVP_MD_CTX_new();
    AUTO(pkey)
    EVP_PKEY *pkey =
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key->bytes, sizeof key->bytes);

    return pkey != NULL && EVP_DigestVerifyInit(context, NULL, NULL, NULL, pkey) == 1 &&
           EVP_DigestVerify(context, signature->bytes, sizeof signature->bytes, bytes, length) == 1;
}

void public_key_to_hex(const struct public_key *key, char hex[PUBLIC_KEY_HEX_SIZE])
{
    hex_encode(key->bytes, sizeof key->bytes, hex);
}

bool public_key_from_hex(const char *hex, struct public_key *key)
{
    return hex_decode(hex, key->bytes, sizeof key->bytes);
}
