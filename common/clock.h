/*
 * clock - the time as an argument, so that tests bring their own.
 *
 * Instants are milliseconds since 1970-01-01T00:00:00Z, durations are milliseconds of a
 * monotonic clock. Text is RFC 3339 in UTC with milliseconds: "2026-03-01T08:30:00.250Z".
 */
#ifndef FLEET_COMMON_CLOCK_H
#define FLEET_COMMON_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct clock {
    int64_t (*wall_ms)(const struct clock *clock);      /* UTC, may jump */
    int64_t (*monotonic_ms)(const struct clock *clock); /* never goes back */
    void *context;
};

/* The machine's own clocks. */
const struct clock *clock_system(void);

enum { TIMESTAMP_SIZE = 25 }; /* "2026-03-01T08:30:00.250Z" and its NUL */

/* The instant as RFC 3339 text; it must lie in the years 0 to 9999. */
void timestamp_format(int64_t instant_ms, char text[TIMESTAMP_SIZE]);

/* Strict: just the form above, a real date; false otherwise. */
bool timestamp_parse(const char *text, int64_t *instant_ms);

/* "250ms", "3s", "5m", "2h", "7d" to milliseconds; false if malformed or over 10 years. */
bool duration_parse(const char *text, int64_t *duration_ms);

/* A duration for a person: "340 ms", "12.4 s", "3 min 05 s". */
void duration_format(int64_t duration_ms, char text[32]);

#endif
