#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "plans/digest_table.h"

static struct digest key_of(size_t number)
{
    return digest_of(&number, sizeof number);
}

static void the_first_number_under_a_key_stays(void **state)
{
    (void)state;
    AUTO(digest_table) struct digest_table *table = digest_table_new();
    struct digest key = key_of(1);

    assert_int_equal(digest_table_intern(table, &key, 7), 7);
    assert_int_equal(digest_table_intern(table, &key, 8), 7);
}

static void all_keys_are_found_after_it_has_grown(void **state)
{
    (void)state;
    AUTO(digest_table) struct digest_table *table = digest_table_new();
    size_t number = 0;

    for (size_t i = 0; i < 1000; i++) {
        struct digest key = key_of(i);

        assert_false(digest_table_find(table, &key, &number));
        assert_int_equal(digest_table_intern(table, &key, i), i);
    }
    for (size_t i = 0; i < 1000; i++) {
        struct digest key = key_of(i);

        assert_true(digest_table_find(table, &key, &number));
        assert_int_equal(number, i);
    }
}

static void keys_with_equal_beginnings_stay_apart(void **state)
{
    (void)state;
    AUTO(digest_table) struct digest_table *table = digest_table_new();
    struct digest a = {{1}};
    struct digest b = {{1}};

    b.bytes[DIGEST_SIZE - 1] = 1;
    assert_int_equal(digest_table_intern(table, &a, 1), 1);
    assert_int_equal(digest_table_intern(table, &b, 2), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_number_under_a_key_stays),
        cmocka_unit_test(all_keys_are_found_after_it_has_grown),
        cmocka_unit_test(keys_with_equal_beginnings_stay_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
