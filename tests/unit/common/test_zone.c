#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/zone.h"
#include "common/zone_rule.h"
#include "directory.h"

static int64_t instant(const char *text)
{
    int64_t ms = 0;

    assert_true(timestamp_parse(text, &ms));
    return ms / 1000;
}

static int64_t hours_at(const char *rule_text, const char *time)
{
    struct zone_rule rule;

    assert_true(zone_rule_parse(rule_text, &rule));
    return zone_rule_offset(&rule, instant(time)) / 3600;
}

static void daylight_saving_begins_and_ends_by_the_rule(void **state)
{
    (void)state;
    static const char berlin[] = "CET-1CEST,M3.5.0,M10.5.0/3";
    static const char sydney[] = "AEST-10AEDT,M10.1.0,M4.1.0/3";
    static const char dublin[] = "IST-1GMT0,M10.5.0,M3.5.0/1";

    assert_int_equal(hours_at(berlin, "2027-03-28T00:59:59.000Z"), 1);
    assert_int_equal(hours_at(berlin, "2027-03-28T01:00:00.000Z"), 2);
    assert_int_equal(hours_at(berlin, "2027-10-31T00:59:59.000Z"), 2);
    assert_int_equal(hours_at(berlin, "2027-10-31T01:00:00.000Z"), 1);
    assert_int_equal(hours_at(sydney, "2027-01-01T00:00:00.000Z"), 11);
    assert_int_equal(hours_at(sydney, "2027-04-03T16:00:00.000Z"), 10);
    assert_int_equal(hours_at(sydney, "2027-10-02T15:59:59.000Z"), 10);
    assert_int_equal(hours_at(sydney, "2027-10-02T16:00:00.000Z"), 11);
    assert_int_equal(hours_at(dublin, "2027-07-01T00:00:00.000Z"), 1);
    assert_int_equal(hours_at(dublin, "2027-12-01T00:00:00.000Z"), 0);
}

static void days_of_a_year_may_count_the_29th_of_february_or_not(void **state)
{
    (void)state;
    /* The 1st of March, and the 60th day. */
    assert_int_equal(hours_at("AAA0BBB,J60/0,J200/0", "2028-02-29T12:00:00.000Z"), 0);
    assert_int_equal(hours_at("AAA0BBB,J60/0,J200/0", "2028-03-01T00:00:00.000Z"), 1);
    assert_int_equal(hours_at("AAA0BBB,59/0,200/0", "2028-02-29T00:00:00.000Z"), 1);
    assert_int_equal(hours_at("AAA0BBB,59/0,200/0", "2027-02-28T23:59:59.000Z"), 0);
    assert_int_equal(hours_at("<+0530>-5:30", "2027-01-01T00:00:00.000Z"), 5);
    assert_int_equal(hours_at("<-03>3", "2027-01-01T00:00:00.000Z"), -3);
}

static void malformed_rules_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "CE-1",
        "CET",
        "CET-25",
        "<CET-1",
        "CET-1X",
        "CET-1CEST",
        "CET-1CEST,M3",
        "CET-1CEST,M13.5.0,M10.5.0",
        "CET-1 x",
        "CET-1CEST,J0,J1",
        "CET-1CEST,M3.5.0,M10.5.0/3x",
    };
    struct zone_rule rule;

    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_false(zone_rule_parse(bad[i], &rule));
}

static void zones_come_from_the_machine_s_database(void **state)
{
    (void)state;
    struct error err = {0};
    AUTO(zone) struct zone *berlin = zone_load(ZONE_DIRECTORY, "Europe/Berlin", &err);
    AUTO(zone) struct zone *utc = zone_load(ZONE_DIRECTORY, "UTC", &err);

    assert_non_null(berlin);
    assert_non_null(utc);
    assert_int_equal(zone_offset(utc, 0), 0);
    assert_int_equal(zone_offset(berlin, instant("1975-07-01T00:00:00.000Z")), 3600);
    assert_int_equal(zone_offset(berlin, instant("1981-07-01T00:00:00.000Z")), 7200);
    assert_int_equal(zone_offset(berlin, instant("2090-07-01T00:00:00.000Z")), 7200);
    assert_int_equal(zone_offset(berlin, instant("2090-01-01T00:00:00.000Z")), 3600);
}

static void other_files_are_no_zones(void **state)
{
    (void)state;
    static const char *const contents[] = {"", "TZif",
                                           "TZif2 and then something that is no zone at all",
                                           "hello, this is not a zone but it is long enough"};
    struct error err = {0};

    assert_null(zone_load(".", "Europe/Berlin", &err));
    assert_non_null(strstr(err.message, "does not know the time zone Europe/Berlin"));
    for (size_t i = 0; i < COUNT_OF(contents); i++) {
        error_clear(&err);
        assert_true(directory_put("zone", contents[i], 0600));
        assert_null(zone_load(".", "zone", &err));
        assert_int_equal(err.code, ERROR_CONFIG);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(daylight_saving_begins_and_ends_by_the_rule),
        cmocka_unit_test(days_of_a_year_may_count_the_29th_of_february_or_not),
        cmocka_unit_test(malformed_rules_are_refused),
        cmocka_unit_test(zones_come_from_the_machine_s_database),
        IN_NEW_DIRECTORY(other_files_are_no_zones),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
