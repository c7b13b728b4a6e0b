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
        AUTO(arena) struct arena *arena = arena_new();
        struct waves waves;
        struct error err = {0};

        assert_true(waves_read(good[i], arena, &waves, &err));
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
        AUTO(arena) struct arena *arena = arena_new();
        struct waves waves;
        struct error err = {0};

        assert_false(waves_read(cases[i].text, arena, &waves, &err));
        assert_non_null(strstr(err.message, cases[i].part));
    }
}

/* The waves of targets as digits; every third is a canary, every other in eu. */
static void expect_waves(const char *text, size_t count, const char *expected)
{
    static const struct label canary_eu[] = {{"tier", "canary"}, {"region", "eu"}};
    AUTO(arena) struct arena *arena = arena_new();
    struct target *targets = arena_calloc(arena, count, sizeof *targets);
    const struct target **list = arena_calloc(arena, count, sizeof *list);
    size_t *wave_of = arena_calloc(arena, count, sizeof *wave_of);
    char *found = arena_calloc(arena, count + 1, 1);
    struct waves waves = {0};
    struct error err = {0};

    if (text != NULL)
        assert_true(waves_read(text, arena, &waves, &err));
    for (size_t i = 0; i < count; i++) {
        targets[i].labels = &canary_eu[i % 3 == 0 ? 0 : 1];
        targets[i].label_count = (size_t)(i % 3 == 0) + (size_t)(i % 2 == 0);
        list[i] = &targets[i];
    }
    size_t kept = waves_assign(&waves, list, count, wave_of);
    for (size_t i = 0; i < count; i++) {
        assert_in_range(wave_of[i], 0, kept - 1);
        found[i] = (char)('0' + wave_of[i]);
    }
    assert_string_equal(found, expected);
}

static void waves_are_cumulative_and_round_up(void **state)
{
    (void)state;
    expect_waves("1, 10%, 100%", 21, "011222222222222222222");
    expect_waves("1, 10%, 100%", 10, "0111111111");
    expect_waves("50%, 100%", 5, "00011");
    expect_waves("0.1%, 100%", 3, "011");
    expect_waves("2, 5, *", 7, "0011122");
}

static void waves_without_a_target_do_not_count(void **state)
{
    (void)state;
    expect_waves("1, 10%, 100%", 1, "0");
    expect_waves("10, 20, 100%", 3, "000");
    expect_waves("tier=none, *", 2, "00");
    expect_waves(NULL, 3, "000");
}

static void a_target_is_in_the_first_wave_that_has_its_label(void **state)
{
    (void)state;
    expect_waves("tier=canary, region=eu, *", 7, "0210120");
    expect_waves("region=eu, tier=canary, *", 7, "0201020");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(amounts_are_counts_or_shares),
        cmocka_unit_test(waves_grow_to_all_targets),
        cmocka_unit_test(waves_that_leave_out_or_repeat_are_refused),
        cmocka_unit_test(waves_are_cumulative_and_round_up),
        cmocka_unit_test(waves_without_a_target_do_not_count),
        cmocka_unit_test(a_target_is_in_the_first_wave_that_has_its_label),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
