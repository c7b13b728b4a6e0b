#include "common/clock.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t read_clock(clockid_t id)
{
    struct timespec now;
    int failed = clock_gettime(id, &now);

    assert(failed == 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t system_wall_ms(const struct clock *clock)
{
    (void)clock;
    return read_clock(CLOCK_REALTIME);
}

static int64_t system_monotonic_ms(const struct clock *clock)
{
    (void)clock;
    return read_clock(CLOCK_MONOTONIC);
}

const struct clock *clock_system(void)
{
    static const struct clock system = {
        .wall_ms = system_wall_ms,
        .monotonic_ms = system_monotonic_ms,
    };

    return &system;
}

void timestamp_format(int64_t instant_ms, char text[TIMESTAMP_SIZE])
{
    int64_t milliseconds = (instant_ms % 1000 + 1000) % 1000;
    time_t seconds = (instant_ms - milliseconds) / 1000;
    struct tm utc;

    /* Modulo widths that the compiler can follow: the assert has checked the year. */
    if (gmtime_r(&seconds, &utc) == NULL)
        utc.tm_year = INT32_MAX - 1900;
    assert(utc.tm_year >= -1900 && utc.tm_year <= 9999 - 1900);
    snprintf(text, TIMESTAMP_SIZE, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ",
             (unsigned)(utc.tm_year + 1900) % 10000, (unsigned)(utc.tm_mon + 1) % 100,
             (unsigned)utc.tm_mday % 100, (unsigned)utc.tm_hour % 100, (unsigned)utc.tm_min % 100,
             (unsigned)utc.tm_sec % 100, (unsigned)milliseconds % 1000);
}

/* The number in width digits at text, which are there. */
static int digits(const char *text, int width)
{
    int number = 0;

    for (int i = 0; i < width; i++)
        number = number * 10 + (text[i] - '0');
    return number;
}

static bool has_form(const char *text, const char *form)
{
    for (; *form != '\0'; form++, text++)
        if (*form == '0' ? *text < '0' || *text > '9' : *text != *form)
            return false;
    return *text == '\0';
}

bool timestamp_parse(const char *text, int64_t *instant_ms)
{
    if (!has_form(text, "0000-00-00T00:00:00.000Z"))
        return false;
    struct tm utc = {
        .tm_year = digits(text, 4) - 1900,
        .tm_mon = digits(text + 5, 2) - 1,
        .tm_mday = digits(text + 8, 2),
        .tm_hour = digits(text + 11, 2),
        .tm_min = digits(text + 14, 2),
        .tm_sec = digits(text + 17, 2),
    };
    int64_t instant = (int64_t)timegm(&utc) * 1000 + digits(text + 20, 3);
    char again[TIMESTAMP_SIZE];

    /* timegm carries over what is no date (February 30), and then the text differs. */
    if (utc.tm_year > 9999 - 1900)
        return false;
    timestamp_format(instant, again);
    if (strcmp(again, text) != 0)
        return false;
    *instant_ms = instant;
    return true;
}

#define SECOND_MS INT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

bool duration_parse(const char *text, int64_t *duration_ms)
{
    static const struct {
        const char *name;
        int64_t length_ms;
    } units[] = {
        {"ms", 1}, {"s", SECOND_MS}, {"m", MINUTE_MS}, {"h", HOUR_MS}, {"d", DAY_MS},
    };
    const int64_t longest = 3650 * DAY_MS;
    int64_t count = 0;
    const char *unit = text;

    for (; *unit >= '0' && *unit <= '9'; unit++) {
        count = count * 10 + (*unit - '0');
        if (count > longest)
            return false;
    }
    if (unit == text)
        return false;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(units[i].name, unit) != 0 || count > longest / units[i].length_ms)
            continue;
        *duration_ms = count * units[i].length_ms;
        return true;
    }
    return false;
}

void duration_format(int64_t duration_ms, char text[32])
{
    static const struct {
        int64_t below_ms, big_ms, small_ms;
        const char *big, *small;
    } scales[] = {
        {HOUR_MS, MINUTE_MS, SECOND_MS, "min", "s"},
        {DAY_MS, HOUR_MS, MINUTE_MS, "h", "min"},
        {INT64_MAX, DAY_MS, HOUR_MS, "d", "h"},
    };
    int64_t left = duration_ms < 0 ? 0 : duration_ms;

    if (left < SECOND_MS) {
        snprintf(text, 32, "%d ms", (int)left);
        return;
    }
    if (left < MINUTE_MS) {
        snprintf(text, 32, "%d.%d s", (int)(left / SECOND_MS), (int)(left % SECOND_MS / 100));
        return;
    }
    size_t i = 0;
    while (left >= scales[i].below_ms)
        i++;
    snprintf(text, 32, "%" PRId64 " %s %02d %s", left / scales[i].big_ms, scales[i].big,
             (int)(left % scales[i].big_ms / scales[i].small_ms), scales[i].small);
}
