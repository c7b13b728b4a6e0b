#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/digest.h"
#include "common/file.h"
#include "common/memory.h"
#include "common/signing.h"

static int enter_new_directory(void **state)
{
    char *directory = xstrdup("/tmp/fleet-test-XXXXXX");

    *state = directory;
    return mkdtemp(directory) != NULL && chdir(directory) == 0 ? 0 : -1;
}

static int remove_directory(void **state)
{
    AUTO(text) char *directory = *state;

    unlink("key.pem");
    return chdir("/") == 0 && rmdir(directory) == 0 ? 0 : -1;
}

/* RFC 8032, section 7.1, TEST 2 as PKCS #8 (RFC 8410). */
static const char rfc_key[] = "-----BEGIN PRIVATE KEY-----\n"
                              "MC4CAQAwBQYDK2VwBCIEIEzNCJso/5banbbDRuwRTg9bijGfNaumJNqM9u1PuKb7\n"
                              "-----END PRIVATE KEY-----\n";
static const char rfc_public[] = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
static const char rfc_signature[] =
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";

static void write_key(const char *text, mode_t mode)
{
    struct error err = {0};

    assert_true(file_write("key.pem", text, strlen(text), mode, &err));
}

static void a_signature_is_that_of_rfc_8032(void **state)
{
    (void)state;
    struct error err = {0};
    struct signature signature;
    char hex[2 * SIGNATURE_SIZE + 1];

    write_key(rfc_key, 0600);
    AUTO(signing_key) struct signing_key *key = signing_key_load("key.pem", &err);
    assert_non_null(key);
    struct public_key public_key = signing_key_public(key);
    public_key_to_hex(&public_key, hex);
    assert_string_equal(hex, rfc_public);
    assert_true(signing_key_sign(key, "\x72", 1, &signature, &err));
    hex_encode(signature.bytes, sizeof signature.bytes, hex);
    assert_string_equal(hex, rfc_signature);
    assert_true(signature_verify(&public_key, "\x72", 1, &signature));
}

static void a_signature_holds_for_its_key_and_bytes_alone(void **state)
{
    (void)state;
    struct error err = {0};
    AUTO(signing_key) struct signing_key *key = signing_key_generate(&err);
    AUTO(signing_key) struct signing_key *other = signing_key_generate(&err);
    struct public_key mine = signing_key_public(key);
    struct public_key theirs = signing_key_public(other);
    struct signature signature;

    assert_true(signing_key_sign(key, "plan", 4, &signature, &err));
    assert_true(signature_verify(&mine, "plan", 4, &signature));
    assert_false(signature_verify(&theirs, "plan", 4, &signature));
    assert_false(signature_verify(&mine, "plam", 4, &signature));
    assert_false(signature_verify(&mine, "plan", 3, &signature));
    signature.bytes[0] ^= 1;
    assert_false(signature_verify(&mine, "plan", 4, &signature));
}

static void a_saved_key_is_the_owner_s_alone_and_loads_again(void **state)
{
    (void)state;
    struct error err = {0};
    struct stat status;

    unlink("key.pem");
    AUTO(signing_key) struct signing_key *key = signing_key_generate(&err);
    assert_true(signing_key_save(key, "key.pem", &err));
    assert_int_equal(stat("key.pem", &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    AUTO(signing_key) struct signing_key *again = signing_key_load("key.pem", &err);
    assert_non_null(again);
    struct public_key one = signing_key_public(key);
    struct public_key other = signing_key_public(again);
    assert_memory_equal(one.bytes, other.bytes, sizeof one.bytes);
    assert_false(signing_key_save(key, "key.pem", &err));
    assert_int_equal(err.code, ERROR_IO);
}

static void assert_refused(const char *text, mode_t mode, const char *part)
{
    struct error err = {0};

    write_key(text, mode);
    assert_null(signing_key_load("key.pem", &err));
    assert_int_equal(err.code, ERROR_IDENTITY);
    assert_non_null(strstr(err.message, part));
}

static void a_key_that_others_can_read_or_of_another_kind_is_refused(void **state)
{
    (void)state;
    static const char damaged[] =
        "-----BEGIN PRIVATE KEY-----\n"
        "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg7S8j1Z5w3xq0eN5m\n"
        "-----END PRIVATE KEY-----\n";
    struct error err = {0};

    assert_refused(rfc_key, 0640, "chmod 0600");
    assert_refused(rfc_key, 0604, "chmod 0600");
    assert_refused(rfc_key, 0620, "chmod 0600");
    assert_refused("", 0600, "no private key");
    assert_refused(damaged, 0600, "no private key");
    assert_null(signing_key_load("missing.pem", &err));
    assert_int_equal(err.code, ERROR_IO);
}

static void a_public_key_is_64_hex_digits(void **state)
{
    (void)state;
    struct public_key key;
    char hex[PUBLIC_KEY_HEX_SIZE];

    assert_true(public_key_from_hex(rfc_public, &key));
    public_key_to_hex(&key, hex);
    assert_string_equal(hex, rfc_public);
    assert_false(public_key_from_hex(rfc_public + 1, &key));
    assert_false(public_key_from_hex("", &key));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signature_is_that_of_rfc_8032),
        cmocka_unit_test(a_signature_holds_for_its_key_and_bytes_alone),
        cmocka_unit_test(a_saved_key_is_the_owner_s_alone_and_loads_again),
        cmocka_unit_test(a_key_that_others_can_read_or_of_another_kind_is_refused),
        cmocka_unit_test(a_public_key_is_64_hex_digits),
    };

    return cmocka_run_group_tests(tests, enter_new_directory, remove_directory);
}
