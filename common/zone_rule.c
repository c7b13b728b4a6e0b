#include "common/zone_rule.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

enum { HOUR = 3600, DAY = 24 * HOUR, OFFSET_HOURS = 24, RULE_HOURS = 167, MIDNIGHT_PLUS_TWO = 2 };

static bool take(const char **text, char character)
{
    if (**text != character)
        return false;
    ++*text;
    return true;
}

static bool take_number(const char **text, int least, int most, int *number)
{
    int value = 0;

    if (!isdigit((unsigned char)**text))
        return false;
    for (int digits = 0; isdigit((unsigned char)**text) && digits < 4; digits++, ++*text)
        value = 10 * value + (**text - '0');
    *number = value;
    return value >= least && value <= most;
}

/* "CET" or "<+03>" */
static bool take_name(const char **text)
{
    const char *start = *text;

    if (take(text, '<')) {
        *text += strcspn(*text, ">");
        return take(text, '>');
    }
    while (isalpha((unsigned char)**text))
        ++*text;
    return *text - start >= 3;
}

/* "-1", "5:30", "+03:00:00", in seconds. */
static bool take_time(const char **text, int hours_most, int64_t *seconds)
{
    int parts[3] = {0};
    bool negative = take(text, '-');

    if (!negative)
        (void)take(text, '+');
    if (!take_number(text, 0, hours_most, &parts[0]))
        return false;
    for (int i = 1; i < 3 && take(text, ':'); i++)
        if (!take_number(text, 0, 59, &parts[i]))
            return false;
    *seconds = (int64_t)parts[0] * HOUR + (int64_t)parts[1] * 60 + parts[2];
    if (negative)
        *seconds = -*seconds;
    return true;
}

static bool take_day(const char **text, struct zone_change *change)
{
    if (take(text, 'M')) {
        change->kind = ZONE_DAY_WEEK;
        return take_number(text, 1, 12, &change->month) && take(text, '.') &&
               take_number(text, 1, 5, &change->week) && take(text, '.') &&
               take_number(text, 0, 6, &change->weekday);
    }
    change->kind = take(text, 'J') ? ZONE_DAY_NO_LEAP : ZONE_DAY_OF_YEAR;
    return take_number(text, change->kind == ZONE_DAY_NO_LEAP, 365, &change->day);
}

/* ",M3.5.0/3"; at two o'clock unless it says otherwise. */
static bool take_change(const char **text, struct zone_change *change)
{
    change->time = (int64_t)MIDNIGHT_PLUS_TWO * HOUR;
    return take(text, ',') && take_day(text, change) &&
           (!take(text, '/') || take_time(text, RULE_HOURS, &change->time));
}

bool zone_rule_parse(const char *text, struct zone_rule *rule)
{
    *rule = (struct zone_rule){0};
    /* POSIX counts what is to be added to reach UTC. */
    if (!take_name(&text) || !take_time(&text, OFFSET_HOURS, &rule->standard))
        return false;
    rule->standard = -rule->standard;
    if (*text == '\0')
        return true;
    rule->has_daylight = true;
    rule->daylight = rule->standard + HOUR;
    if (!take_name(&text))
        return false;
    if (*text != ',') {
        if (!take_time(&text, OFFSET_HOURS, &rule->daylight))
            return false;
        rule->daylight = -rule->daylight;
    }
    return take_change(&text, &rule->begin) && take_change(&text, &rule->end) && *text == '\0';
}

/* Days since 1970 of a day of a year, from 0 in the month and in the year. */
static int64_t day_number(int year, int month, int day)
{
    struct tm date = {.tm_year = year - 1900, .tm_mon = month, .tm_mday = day + 1};

    return timegm(&date) / DAY;
}

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int64_t day_of(const struct zone_change *change, int year)
{
    if (change->kind == ZONE_DAY_OF_YEAR)
        return day_number(year, 0, change->day);
    if (change->kind == ZONE_DAY_NO_LEAP)
        return day_number(year, 0, change->day - 1 + (change->day >= 60 && is_leap(year)));
    int64_t first = day_number(year, change->month - 1, 0);
    int64_t next_month = day_number(year, change->month, 0);
    int64_t weekday = ((first + 4) % 7 + 7) % 7; /* 1970 began on a Thursday */
    int64_t day = first + (change->weekday - weekday + 7) % 7 + 7 * (int64_t)(change->week - 1);
    return day < next_month ? day : day - 7;
}

/* offset is that of the clocks which show the change's time. */
static int64_t instant_of(const struct zone_change *change, int year, int64_t offset)
{
    return day_of(change, year) * DAY + change->time - offset;
}

int64_t zone_rule_offset(const struct zone_rule *rule, int64_t instant)
{
    const time_t standard_time = instant + rule->standard;
    struct tm date;

    if (!rule->has_daylight)
        return rule->standard;
    (void)gmtime_r(&standard_time, &date);
    int64_t begin = instant_of(&rule->begin, date.tm_year + 1900, rule->standard);
    int64_t end = instant_of(&rule->end, date.tm_year + 1900, rule->daylight);
    /* South of the equator it lasts over the new year. */
    bool is_daylight =
        begin < end ? instant >= begin && instant < end : !(instant >= end && instant < begin);
    return is_daylight ? rule->daylight : rule->standard;
}
