#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "inventory/waves.h"

static void amounts_are_counts_or_shares(void **state)
{
    (void)state;
    static const char *const malformed[] = {"",   "%",    "-1",  "1 %", "1.5",     "1.55%",
                                            "x1", "101%", "1%%", "1.%", "1000001", "99999999"};
    struct amount amount;

    assert_true(amount_parse("3", &amount));
    assert_false(amount.is_share);
    assert_int_equal(amount.value, 3);
    assert_true(amount_parse("0.5%", &amount));
    assert_true(amount.is_share);
    assert_int_equal(amount.value, 5);
    assert_true(amount_parse("100%", &amount));
    assert_int_equal(amount.value, 1000);
    for (size_t i = 0; i < COUNT_OF(malformed); i++)
        assert_false(amount_parse(malformed[i], &amount));
}

static void waves_grow_to_all_targets(void **state)
{
    (void)state;
    static const char *const good[] = {
        "100%", "1, 10%, 100%", "1,2,50%,100%", "*", "tier=canary, region=eu, *", "1, *"};

    for (size_t i = 0; i < COUNT_OF(good); i++) {
        struct error err = {0};

        assert_true(waves_check(good[i], &err));
    }
}

static void waves_that_leave_out_or_repeat_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *part;
    } cases[] = {
        {"1, 10%", "end the list with 100%"},
        {"tier=canary", "end the list with *"},
        {"10%, 5%, 100%", "'5%' is no larger"},
        {"5, 5, 100%", "'5' is no larger"},
        {"10%, 20, 100%", "a count after a share"},
        {"100%, 100%", "follows one that has all"},
        {"*, tier=canary", "follows one that has all"},
        {"1, tier=canary, *", "not by both"},
        {"0, 100%", "'0' has no target"},
        {"1,, 100%", "'' is not a wave"},
        {"canary, *", "'canary' is not a wave"},
        {"=x, *", "'=x' is not a wave"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct error err = {0};

        assert_false(waves_check(cases[i].text, &err));
        assert_non_null(strstr(err.message, cases[i].part));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(amounts_are_counts_or_shares),
        cmocka_unit_test(waves_grow_to_all_targets),
        cmocka_unit_test(waves_that_leave_out_or_repeat_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
