#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/buffer.h"
#include "common/diagnostics.h"

static void every_fault_is_kept_in_order(void **state)
{
    (void)state;
    AUTO(diagnostics) struct diagnostics *faults = diagnostics_new();

    for (int i = 1; i <= 20; i++)
        diagnostics_add(faults, ERROR_CONFIG, "fleet.ini", i, "fault %d", i);
    assert_int_equal(diagnostics_count(faults), 20);
    for (size_t i = 0; i < 20; i++)
        assert_int_equal(diagnostics_at(faults, i)->line, i + 1);
}

static void one_error_stands_for_the_list(void **state)
{
    (void)state;
    AUTO(diagnostics) struct diagnostics *faults = diagnostics_new();
    struct error err = {0};

    assert_true(diagnostics_ok(faults, &err));
    diagnostics_add(faults, ERROR_CONFIG, "fleet.ini", 3, "unknown key");
    assert_false(diagnostics_ok(faults, &err));
    assert_string_equal(err.message, "unknown key");
    diagnostics_add(faults, ERROR_CONFIG, NULL, 0, "no targets");
    assert_false(diagnostics_ok(faults, &err));
    assert_string_equal(err.message, "2 errors, the first: unknown key");
    assert_int_equal(err.line, 3);
}

static void the_place_is_told_as_far_as_it_is_known(void **state)
{
    (void)state;
    AUTO(diagnostics) struct diagnostics *faults = diagnostics_new();
    static const char *const expected[] = {"a.ini:3: x", "a.ini: y", "z"};

    diagnostics_add(faults, ERROR_CONFIG, "a.ini", 3, "x");
    diagnostics_add(faults, ERROR_CONFIG, "a.ini", 0, "y");
    diagnostics_add(faults, ERROR_CONFIG, NULL, 0, "z");
    for (size_t i = 0; i < COUNT_OF(expected); i++) {
        AUTO_BUFFER struct buffer out = {0};

        error_describe(diagnostics_at(faults, i), &out);
        assert_string_equal(buffer_text(&out), expected[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fault_is_kept_in_order),
        cmocka_unit_test(one_error_stands_for_the_list),
        cmocka_unit_test(the_place_is_told_as_far_as_it_is_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
