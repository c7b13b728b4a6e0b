/*
 * window - when a rollout may run: "Mon-Thu 09:00-16:00 Europe/Berlin".
 *
 * Days are Mon to Sun, alone, as ranges or several ("Mon-Wed,Fri"); a time past the other means
 * over midnight; the zone is one of the IANA database (tzdata), so that daylight saving is right.
 * The times are those that clocks on the wall show: what a clock skips in spring has no window, and
 * what it shows twice in autumn is in it twice.
 */
#ifndef FLEET_INVENTORY_WINDOW_H
#define FLEET_INVENTORY_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "common/clock.h"
#include "common/error.h"

/* Checks the form and, where zones, the directory of the zone files, is there, that the zone is. */
bool window_check(const char *text, const char *zones, struct error *err) MUST_USE;

struct window_view {
    bool is_open;
    int64_t opens_ms; /* when it is closed: when it opens next; -1 if not within a month */
    int64_t offset;   /* seconds that the zone is then ahead of UTC */
};

/* How a window stands at an instant; its zone is a file below zones. */
bool window_look(const char *text, const char *zones, int64_t now_ms, struct window_view *view,
                 struct error *err) MUST_USE;

/* ERROR_CANCELLED, saying when it opens, if it is closed now. NULL or "" is always open. */
bool window_require_open(const char *text, const struct clock *clock, struct error *err) MUST_USE;

#endif
