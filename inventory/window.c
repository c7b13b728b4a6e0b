#include "inventory/window.h"

#include <ctype.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/memory.h"

enum { DAY_MINUTES = 24 * 60 };

static bool take_day(const char **text)
{
    static const char days[7][4] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

    for (size_t i = 0; i < COUNT_OF(days); i++) {
        if (strncmp(*text, days[i], 3) == 0) {
            *text += 3;
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
static bool take_days(const char **text)
{
    do {
        if (!take_day(text) || (take(text, '-') && !take_day(text)))
            return false;
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

static bool take_times(const char **text)
{
    int from, to;

    return take_time(text, &from) && take(text, '-') && take_time(text, &to) && from != to &&
           from < DAY_MINUTES;
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

bool window_check(const char *text, const char *zones, struct error *err)
{
    const char *zone = text;

    if (!take_days(&zone) || !take_spaces(&zone) || !take_times(&zone) || !take_spaces(&zone))
        return error_set(err, ERROR_CONFIG,
                         "'%s' is not DAYS FROM-TO ZONE, such as Mon-Thu 09:00-16:00 Europe/Berlin",
                         text);
    if (!zone_is_well_formed(zone) || !zone_is_known(zone, zones))
        return error_set(err, ERROR_CONFIG,
                         "'%s' is not a time zone that this machine knows; it is a name such as "
                         "Europe/Berlin or UTC",
                         zone);
    return true;
}
