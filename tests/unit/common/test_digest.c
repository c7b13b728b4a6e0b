#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <string.h>

#include "common/digest.h"

static void sha_256_of_known_texts(void **state)
{
    (void)state;
    /* FIPS 180-4 examples, and the empty text. */
    static const char *const known[][2] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };

    for (size_t i = 0; i < COUNT_OF(known); i++) {
        struct digest digest = digest_of_text(known[i][0]);
        char hex[DIGEST_HEX_SIZE];

        digest_to_hex(&digest, hex);
        assert_string_equal(hex, known[i][1]);
    }
}

static void pieces_hash_like_the_whole_and_a_hasher_starts_afresh(void **state)
{
    (void)state;
    AUTO(hasher) struct hasher *hasher = hasher_new();
    struct digest whole = digest_of_text("abc");

    for (int round = 0; round < 2; round++) {
        hasher_add(hasher, "a", 1);
        hasher_add(hasher, "", 0);
        hasher_add(hasher, "bc", 2);
        struct digest pieces = hasher_finish(hasher);
        assert_true(digest_equal(&pieces, &whole));
    }
}

static void hex_is_64_lower_case_digits_and_nothing_else(void **state)
{
    (void)state;
    char hex[DIGEST_HEX_SIZE];
    struct digest digest = digest_of_text("abc");
    struct digest again;

    digest_to_hex(&digest, hex);
    assert_true(digest_from_hex(hex, &again));
    assert_true(digest_equal(&digest, &again));
    hex[0] = 'B';
    assert_false(digest_from_hex(hex, &again));
    hex[0] = 'g';
    assert_false(digest_from_hex(hex, &again));
    assert_false(digest_from_hex(hex + 1, &again));
    assert_false(digest_from_hex("", &again));
}

static void no_digest_is_all_zero(void **state)
{
    (void)state;
    struct digest digest = {0};

    assert_true(digest_is_none(&digest));
    digest.bytes[31] = 1;
    assert_false(digest_is_none(&digest));
}

static void *hash_many(void *context)
{
    struct digest *digest = context;

    for (int i = 0; i < 200; i++)
        *digest = digest_of_text("abc");
    return NULL;
}

static void threads_hash_side_by_side(void **state)
{
    (void)state;
    pthread_t threads[8];
    struct digest digests[8];
    struct digest expected = digest_of_text("abc");

    for (size_t i = 0; i < COUNT_OF(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hash_many, &digests[i]), 0);
    for (size_t i = 0; i < COUNT_OF(threads); i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_true(digest_equal(&digests[i], &expected));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_hash_side_by_side),
        cmocka_unit_test(sha_256_of_known_texts),
        cmocka_unit_test(pieces_hash_like_the_whole_and_a_hasher_starts_afresh),
        cmocka_unit_test(hex_is_64_lower_case_digits_and_nothing_else),
        cmocka_unit_test(no_digest_is_all_zero),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
