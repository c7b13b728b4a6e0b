#include "inventory/window.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/memory.h"
#include "common/zone.h"

enum { DAY_MINUTES = 24 * 60, WEEK = 7, MONTH_MINUTES = 31 * DAY_MINUTES, MINUTE_MS = 60 * 1000 };

static const char days[WEEK][4] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

struct window {
    bool days[WEEK]; /* from Monday */
    int from, to;    /* minutes of a day; to is below from where it is over midnight */
    const char *zone;
};

static bool take_day(const char **text, size_t *day)
{
    for (size_t i = 0; i < COUNT_OF(days); i++) {
        if (strncmp(*text, days[i], 3) == 0) {
            *text += 3;
            *day = i;
            return true;
        }
    }
    return false;
}

static bool take(const char **text, char character)
{
    if (**text != character)
        return false;
    ++*text;
    return true;
}

/* "Mon-Wed,Fri" */
static bool take_days(const char **text, bool chosen[WEEK])
{
    size_t first, last;

    do {
        if (!take_day(text, &first))
            return false;
        last = first;
        if (take(text, '-') && !take_day(text, &last))
            return false;
        for (size_t day = first; day != last; day = (day + 1) % WEEK)
            chosen[day] = true;
        chosen[last] = true;
    } while (take(text, ','));
    return true;
}

/* "09:00" up to "24:00", in minutes. */
static bool take_time(const char **text, int *minutes)
{
    const char *at = *text;

    for (int i = 0; i < 5; i++)
        if (i == 2 ? at[i] != ':' : !isdigit((unsigned char)at[i]))
            return false;
    int minute = (at[3] - '0') * 10 + at[4] - '0';
    *minutes = ((at[0] - '0') * 10 + at[1] - '0') * 60 + minute;
    *text += 5;
    return minute < 60 && *minutes <= DAY_MINUTES;
}

static bool take_spaces(const char **text)
{
    size_t spaces = strspn(*text, " \t");

    *text += spaces;
    return spaces > 0;
}

static bool take_times(const char **text, struct window *window)
{
    return take_time(text, &window->from) && take(text, '-') && take_time(text, &window->to) &&
           window->from != window->to && window->from < DAY_MINUTES;
}

/* The characters that zone names have; never a way out of the directory. */
static bool zone_is_well_formed(const char *zone)
{
    return isalpha((unsigned char)zone[0]) && strstr(zone, "..") == NULL &&
           zone[strspn(zone, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                             "0123456789_+-/")] == '\0';
}

static bool zone_is_known(const char *zone, const char *zones)
{
    AUTO(text) char *path = xasprintf("%s/%s", zones, zone);
    struct stat status;

    if (access(zones, F_OK) != 0)
        return true;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

static bool refuse_zone(const char *zone, struct error *err)
{
    return error_set(err, ERROR_CONFIG,
                     "'%s' is not a time zone that this machine knows; it is a name such as "
                     "Europe/Berlin or UTC",
                     zone);
}

/* The zone's name stays in the text. */
static bool read_window(const char *text, struct window *window, struct error *err)
{
    const char *at = text;

    *window = (struct window){0};
    if (!take_days(&at, window->days) || !take_spaces(&at) || !take_times(&at, window) ||
        !take_spaces(&at))
        return error_set(err, ERROR_CONFIG,
                         "'%s' is not DAYS FROM-TO ZONE, such as Mon-Thu 09:00-16:00 Europe/Berlin",
                         text);
    window->zone = at;
    return zone_is_well_formed(at) || refuse_zone(at, err);
}

bool window_check(const char *text, const char *zones, struct error *err)
{
    struct window window;

    return read_window(text, &window, err) &&
           (zone_is_known(window.zone, zones) || refuse_zone(window.zone, err));
}

/* By a local clock that shows so many minutes since 1970 began there. */
static bool is_open_at(const struct window *window, int64_t local)
{
    int64_t minute = ((local % DAY_MINUTES) + DAY_MINUTES) % DAY_MINUTES;
    int64_t day = (local - minute) / DAY_MINUTES + 3; /* 1970 began on a Thursday */
    bool today = window->days[((day % WEEK) + WEEK) % WEEK];
    bool yesterday = window->days[((day - 1) % WEEK + WEEK) % WEEK];

    if (window->from < window->to)
        return today && minute >= window->from && minute < window->to;
    return (today && minute >= window->from) || (yesterday && minute < window->to);
}

bool window_look(const char *text, const char *zones, int64_t now_ms, struct window_view *view,
                 struct error *err)
{
    struct window window;

    if (!read_window(text, &window, err))
        return false;
    AUTO(zone) struct zone *zone = zone_load(zones, window.zone, err);
    if (zone == NULL)
        return false;
    *view = (struct window_view){.opens_ms = -1};
    for (int64_t minute = now_ms / MINUTE_MS, end = minute + MONTH_MINUTES; minute < end;
         minute++) {
        int64_t offset = zone_offset(zone, minute * 60);

        if (!is_open_at(&window, minute + offset / 60))
            continue;
        view->is_open = minute == now_ms / MINUTE_MS;
        view->opens_ms = minute * MINUTE_MS;
        view->offset = offset;
        break;
    }
    return true;
}

/* "Mon 2026-11-30 09:00", as clocks there show it. */
static void print_local(int64_t instant_ms, int64_t offset, char text[TIMESTAMP_SIZE + 4])
{
    char local[TIMESTAMP_SIZE];
    int64_t local_ms = instant_ms + offset * 1000;

    timestamp_format(local_ms, local);
    size_t day = (size_t)((local_ms / MINUTE_MS / DAY_MINUTES + 3) % WEEK);
    snprintf(text, TIMESTAMP_SIZE + 4, "%s %.10s %.5s", days[day], local, local + 11);
}

bool window_require_open(const char *text, const struct clock *clock, struct error *err)
{
    char opens[TIMESTAMP_SIZE + 4] = "later than in a month";
    struct window_view view;

    if (text == NULL || text[0] == '\0')
        return true;
    if (!window_look(text, ZONE_DIRECTORY, clock->wall_ms(clock), &view, err))
        return false;
    if (view.is_open)
        return true;
    if (view.opens_ms >= 0)
        print_local(view.opens_ms, view.offset, opens);
    return error_set(err, ERROR_CANCELLED, "the window %s is closed; it opens %s there", text,
                     opens);
}
