/*
 * zone_rule - when daylight saving begins and ends each year: "CET-1CEST,M3.5.0,M10.5.0/3".
 *
 * The form of TZ in POSIX.1-2017, section 8.3, with the hours from -167 to 167 of RFC 9636.
 */
#ifndef FLEET_COMMON_ZONE_RULE_H
#define FLEET_COMMON_ZONE_RULE_H

#include <stdbool.h>
#include <stdint.h>

enum zone_day_kind {
    ZONE_DAY_WEEK,    /* M3.5.0: of a month, the week's weekday; week 5 is the last */
    ZONE_DAY_NO_LEAP, /* J60: of the year from 1, where February has 28 days */
    ZONE_DAY_OF_YEAR  /* 59: of the year from 0 */
};

struct zone_change {
    enum zone_day_kind kind;
    int month, week, weekday; /* of ZONE_DAY_WEEK; Sunday is 0 */
    int day;                  /* of the others */
    int64_t time;             /* seconds of that day's clock */
};

struct zone_rule {
    int64_t standard; /* seconds ahead of UTC */
    int64_t daylight; /* the same without daylight saving */
    bool has_daylight;
    struct zone_change begin, end; /* of it */
};

bool zone_rule_parse(const char *text, struct zone_rule *rule);

/* As zone_offset. */
int64_t zone_rule_offset(const struct zone_rule *rule, int64_t instant);

#endif
