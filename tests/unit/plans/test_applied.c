#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "plans/applied.h"

static void the_newest_is_the_greatest_version_not_the_last_row(void **state)
{
    (void)state;
    const struct applied items[] = {
        {.version = "9"}, {.version = "20250101"}, {.version = "10"}, {.version = "", .name = "v"}};
    const struct applied_set set = {.items = items, .count = 4};

    assert_string_equal(applied_newest(&set)->version, "20250101");
    assert_int_equal(applied_count_versions(&set), 3);
}

static void repeatables_alone_have_no_newest(void **state)
{
    (void)state;
    const struct applied items[] = {{.version = "", .name = "v"}};
    const struct applied_set set = {.items = items, .count = 1};

    assert_null(applied_newest(&set));
    assert_int_equal(applied_count_versions(&set), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_is_the_greatest_version_not_the_last_row),
        cmocka_unit_test(repeatables_alone_have_no_newest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
