#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/scope.h"

static void an_instant_reads_as_it_was_written(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t instant_ms;
    } known[] = {
        {"1970-01-01T00:00:00.000Z", 0},
        {"1969-12-31T23:59:59.999Z", -1},
        {"2026-03-01T08:30:00.250Z", INT64_C(1772353800250)},
        {"2024-02-29T23:59:59.001Z", INT64_C(1709251199001)},
        {"0000-01-01T00:00:00.000Z", INT64_C(-62167219200000)},
        {"9999-12-31T23:59:59.999Z", INT64_C(253402300799999)},
    };

    for (size_t i = 0; i < COUNT_OF(known); i++) {
        char text[TIMESTAMP_SIZE];
        int64_t instant_ms = 7;

        timestamp_format(known[i].instant_ms, text);
        assert_string_equal(text, known[i].text);
        assert_true(timestamp_parse(known[i].text, &instant_ms));
        assert_true(instant_ms == known[i].instant_ms);
    }
}

static void what_is_no_date_or_has_another_form_is_refused(void **state)
{
    (void)state;
    static const char *const malformed[] = {
        "",
        "2026-03-01",
        "2026-03-01T08:30:00Z",
        "2026-03-01 08:30:00.250Z",
        "2026-03-01T08:30:00.250",
        "2026-03-01T08:30:00.250+",
        "2026-03-01T08:30:00.250Z ",
        "2026-02-30T08:30:00.250Z",
        "2025-02-29T08:30:00.250Z",
        "2026-13-01T08:30:00.250Z",
        "2026-00-01T08:30:00.250Z",
        "2026-03-01T24:00:00.000Z",
        "2026-03-01T08:60:00.000Z",
        "2026-03-01T08:30:60.000Z",
        "+026-03-01T08:30:00.250Z",
        "9999-12-32T00:00:00.000Z",
    };

    for (size_t i = 0; i < COUNT_OF(malformed); i++) {
        int64_t instant_ms;

        if (timestamp_parse(malformed[i], &instant_ms))
            fail_msg("\"%s\" was taken for an instant", malformed[i]);
    }
}

static void a_duration_has_a_number_and_a_unit(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t duration_ms;
    } known[] = {
        {"250ms", 250},
        {"0s", 0},
        {"3s", 3000},
        {"5m", 300000},
        {"2h", 7200000},
        {"7d", 604800000},
        {"3650d", INT64_C(315360000000)},
    };
    static const char *const malformed[] = {
        "", "5", "m", "-1s", "1.5h", "5 m", "5m ", "3651d", "1y", "99999999999999999999ms", "5M",
    };

    for (size_t i = 0; i < COUNT_OF(known); i++) {
        int64_t duration_ms = -1;

        assert_true(duration_parse(known[i].text, &duration_ms));
        assert_true(duration_ms == known[i].duration_ms);
    }
    for (size_t i = 0; i < COUNT_OF(malformed); i++) {
        int64_t duration_ms;

        if (duration_parse(malformed[i], &duration_ms))
            fail_msg("\"%s\" was taken for a duration", malformed[i]);
    }
}

static void a_duration_shows_two_units_at_most(void **state)
{
    (void)state;
    static const struct {
        int64_t duration_ms;
        const char *text;
    } known[] = {
        {0, "0 ms"},
        {-5, "0 ms"},
        {340, "340 ms"},
        {12449, "12.4 s"},
        {59999, "59.9 s"},
        {185000, "3 min 05 s"},
        {INT64_C(7380000), "2 h 03 min"},
        {INT64_C(273600000), "3 d 04 h"},
    };

    for (size_t i = 0; i < COUNT_OF(known); i++) {
        char text[32];

        duration_format(known[i].duration_ms, text);
        assert_string_equal(text, known[i].text);
    }
}

static void the_monotonic_clock_does_not_go_back(void **state)
{
    (void)state;
    const struct clock *clock = clock_system();
    int64_t before = clock->monotonic_ms(clock);

    assert_true(clock->monotonic_ms(clock) >= before);
    assert_true(clock->wall_ms(clock) > INT64_C(1577836800000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_instant_reads_as_it_was_written),
        cmocka_unit_test(what_is_no_date_or_has_another_form_is_refused),
        cmocka_unit_test(a_duration_has_a_number_and_a_unit),
        cmocka_unit_test(a_duration_shows_two_units_at_most),
        cmocka_unit_test(the_monotonic_clock_does_not_go_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
