#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/scope.h"
#include "plans/version.h"

static int sign(int value)
{
    return (value > 0) - (value < 0);
}

static void versions_order_by_number_not_by_text(void **state)
{
    (void)state;
    static const struct {
        const char *a;
        const char *b;
        int order;
    } cases[] = {
        {"7", "7", 0},
        {"007", "7", 0},
        {"0", "000", 0},
        {"9", "10", -1},
        {"10", "9", 1},
        {"0009", "10", -1},
        {"20240101000000", "20240101000001", -1},
        {"18446744073709551615", "18446744073709551616", -1},
        {"99999999999999999999", "100000000000000000000", -1},
        {"0", "1", -1},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(sign(version_compare(cases[i].a, cases[i].b)), cases[i].order);
        assert_int_equal(sign(version_compare(cases[i].b, cases[i].a)), -cases[i].order);
    }
}

static void a_version_is_one_to_63_digits(void **state)
{
    (void)state;
    static const char *const malformed[] = {"", "1a", "a", "-1", "+1", " 1", "1 ", "1.2", "1_2"};
    char longest[VERSION_SIZE + 1];

    for (size_t i = 0; i < COUNT_OF(malformed); i++)
        assert_false(version_is_valid(malformed[i]));
    assert_true(version_is_valid("0"));
    assert_true(version_is_valid("20240101120000123456"));
    memset(longest, '9', sizeof longest);
    longest[VERSION_SIZE - 1] = '\0';
    assert_true(version_is_valid(longest));
    longest[VERSION_SIZE - 1] = '9';
    longest[VERSION_SIZE] = '\0';
    assert_false(version_is_valid(longest));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions_order_by_number_not_by_text),
        cmocka_unit_test(a_version_is_one_to_63_digits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
