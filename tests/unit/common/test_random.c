#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "common/random.h"

static void fill_with_a5(const struct random_source *source, void *bytes, size_t length)
{
    (void)source;
    memset(bytes, 0xa5, length);
}

static void a_fake_source_decides_what_comes_out(void **state)
{
    (void)state;
    const struct random_source fake = {.fill = fill_with_a5};
    char text[9];

    random_hex(&fake, 4, text);
    assert_string_equal(text, "a5a5a5a5");
    assert_true(random_u32(&fake) == UINT32_C(0xa5a5a5a5));
}

static void the_system_does_not_repeat_itself(void **state)
{
    (void)state;
    char one[33];
    char other[33];

    random_hex(random_system(), 16, one);
    random_hex(random_system(), 16, other);
    assert_int_equal(strlen(one), 32);
    assert_string_not_equal(one, other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fake_source_decides_what_comes_out),
        cmocka_unit_test(the_system_does_not_repeat_itself),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
