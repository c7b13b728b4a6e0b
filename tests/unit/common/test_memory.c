#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

static void copies_are_the_caller_s(void **state)
{
    (void)state;
    AUTO(text) char *whole = xstrdup("secret");
    AUTO(text) char *part = xstrndup("secret", 3);
    AUTO(text) char *made = xasprintf("%s/%d", "a", 7);

    assert_string_equal(whole, "secret");
    assert_string_equal(part, "sec");
    assert_string_equal(made, "a/7");
}

static void arrays_grow_and_keep_what_they_hold(void **state)
{
    (void)state;
    int *numbers = xcalloc(2, sizeof *numbers);

    assert_int_equal(numbers[0] | numbers[1], 0);
    numbers[1] = 7;
    numbers = xreallocarray(numbers, 1000, sizeof *numbers);
    assert_int_equal(numbers[1], 7);
    free(numbers);
}

static void nothing_can_be_freed(void **state)
{
    (void)state;
    void *none = xcalloc(0, 8);

    assert_non_null(none);
    free(none);
    text_free(NULL);
    secret_free(NULL);
    AUTO(secret) char *secret = xstrdup("hunter2");
    assert_string_equal(secret, "hunter2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_are_the_caller_s),
        cmocka_unit_test(arrays_grow_and_keep_what_they_hold),
        cmocka_unit_test(nothing_can_be_freed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
