#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_are_days_times_and_a_zone),
        cmocka_unit_test(malformed_windows_are_refused),
        IN_NEW_DIRECTORY(a_zone_must_be_one_that_the_machine_knows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
