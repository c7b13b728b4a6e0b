#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/zone.h"
#include "directory.h"
#include "inventory/window.h"

static void windows_are_days_times_and_a_zone(void **state)
{
    (void)state;
    static const char *const good[] = {
        "Mon-Thu 09:00-16:00 Europe/Berlin",
        "Mon-Wed,Fri 00:00-24:00 UTC",
        "Sat-Sun   22:00-02:30  Etc/GMT+3",
    };

    for (size_t i = 0; i < COUNT_OF(good); i++) {
        struct error err = {0};

        assert_true(window_check(good[i], "/nonexistent/zoneinfo", &err));
    }
}

static void malformed_windows_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "Mon",
        "mon 09:00-16:00 UTC",
        "Mon- 09:00-16:00 UTC",
        "Mon, 09:00-16:00 UTC",
        "Mon 9:00-16:00 UTC",
        "Mon 09:60-16:00 UTC",
        "Mon 09:00-24:01 UTC",
        "Mon 24:00-09:00 UTC",
        "Mon 09:00-09:00 UTC",
        "Mon 09:00-16:00",
        "Mon 09:00-16:00 ../../etc/passwd",
        "Mon 09:00-16:00 /etc/passwd",
        "Mon 09:00-16:00 UTC please",
    };

    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct error err = {0};

        assert_false(window_check(bad[i], "/nonexistent/zoneinfo", &err));
        assert_int_equal(err.code, ERROR_CONFIG);
    }
}

static void a_zone_must_be_one_that_the_machine_knows(void **state)
{
    (void)state;
    struct error err = {0};

    assert_true(file_make_directory("Europe", 0700, &err));
    assert_true(directory_put("Europe/Berlin", "TZif", 0600));
    assert_true(window_check("Mon 09:00-16:00 Europe/Berlin", ".", &err));
    assert_false(window_check("Mon 09:00-16:00 Europe/Berlim", ".", &err));
    assert_non_null(strstr(err.message, "'Europe/Berlim' is not a time zone"));
    error_clear(&err);
    assert_false(window_check("Mon 09:00-16:00 Europe", ".", &err));
}

static int64_t instant(const char *text)
{
    int64_t ms = 0;

    assert_true(timestamp_parse(text, &ms));
    return ms;
}

static struct window_view look(const char *window, const char *now)
{
    struct window_view view;
    struct error err = {0};

    assert_true(window_look(window, ZONE_DIRECTORY, instant(now), &view, &err));
    return view;
}

static void a_window_follows_the_clocks_of_its_zone(void **state)
{
    (void)state;
    static const char berlin[] = "Mon-Thu 09:00-16:00 Europe/Berlin";
    static const struct {
        const char *window, *now, *opens; /* NULL: open */
    } cases[] = {
        /* Clocks went forward on Sunday, the 28th of March 2027. */
        {berlin, "2027-03-25T08:00:00.000Z", NULL},
        {berlin, "2027-03-25T07:59:59.999Z", "2027-03-25T08:00:00.000Z"},
        {berlin, "2027-03-25T14:59:59.999Z", NULL},
        {berlin, "2027-03-25T15:00:00.000Z", "2027-03-29T07:00:00.000Z"},
        {berlin, "2027-03-29T07:00:00.000Z", NULL},
        /* And back on the 31st of October. */
        {berlin, "2027-10-28T14:00:00.000Z", "2027-11-01T08:00:00.000Z"},
        {"Sat 22:00-02:00 UTC", "2027-03-28T01:59:00.000Z", NULL},
        {"Sat 22:00-02:00 UTC", "2027-03-28T02:00:00.000Z", "2027-04-03T22:00:00.000Z"},
        {"Sat 22:00-02:00 UTC", "2027-03-27T01:00:00.000Z", "2027-03-27T22:00:00.000Z"},
        {"Sat-Mon 00:00-24:00 UTC", "2027-03-28T12:00:00.000Z", NULL},
        {"Sat-Mon 00:00-24:00 UTC", "2027-03-30T00:00:00.000Z", "2027-04-03T00:00:00.000Z"},
        /* What the clocks skip has no window; what they show twice is in it twice. */
        {"Sun 02:00-03:00 Europe/Berlin", "2027-03-28T00:59:00.000Z", "2027-04-04T00:00:00.000Z"},
        {"Sun 02:00-02:30 Europe/Berlin", "2027-10-31T00:10:00.000Z", NULL},
        {"Sun 02:00-02:30 Europe/Berlin", "2027-10-31T01:10:00.000Z", NULL},
        {"Thu 00:00-01:00 UTC", "1970-01-01T00:30:00.000Z", NULL},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct window_view view = look(cases[i].window, cases[i].now);
        int64_t opens = instant(cases[i].opens != NULL ? cases[i].opens : cases[i].now);

        assert_int_equal(view.is_open, cases[i].opens == NULL);
        if (cases[i].opens != NULL)
            assert_int_equal(view.opens_ms, opens);
    }
}

static int64_t wall_ms(const struct clock *clock)
{
    return *(const int64_t *)clock->context;
}

static void a_closed_window_says_when_it_opens(void **state)
{
    (void)state;
    int64_t now = instant("2027-03-25T15:00:00.000Z");
    const struct clock clock = {.wall_ms = wall_ms, .context = &now};
    struct error err = {0};

    assert_true(window_require_open(NULL, &clock, &err));
    assert_true(window_require_open("", &clock, &err));
    assert_false(window_require_open("Mon-Thu 09:00-16:00 Europe/Berlin", &clock, &err));
    assert_int_equal(err.code, ERROR_CANCELLED);
    assert_non_null(strstr(err.message, "it opens Mon 2027-03-29 09:00 there"));
    now = instant("2027-03-29T07:00:00.000Z");
    assert_true(window_require_open("Mon-Thu 09:00-16:00 Europe/Berlin", &clock, &err));
    error_clear(&err);
    assert_false(window_require_open("Mon-Thu 09:00-16:00 Europe/Atlantis", &clock, &err));
    assert_int_equal(err.code, ERROR_CONFIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_are_days_times_and_a_zone),
        cmocka_unit_test(malformed_windows_are_refused),
        IN_NEW_DIRECTORY(a_zone_must_be_one_that_the_machine_knows),
        cmocka_unit_test(a_window_follows_the_clocks_of_its_zone),
        cmocka_unit_test(a_closed_window_says_when_it_opens),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
