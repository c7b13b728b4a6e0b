/*
 * window - when a rollout may run: "Mon-Thu 09:00-16:00 Europe/Berlin".
 *
 * Days are Mon to Sun, alone, as ranges or several ("Mon-Wed,Fri"); a time past the other means
 * over midnight; the zone is one of the IANA database (tzdata), so that daylight saving is right.
 */
#ifndef FLEET_INVENTORY_WINDOW_H
#define FLEET_INVENTORY_WINDOW_H

#include <stdbool.h>

#include "common/error.h"

/* Checks the form and, where zones, the directory of the zone files, is there, that the zone is. */
bool window_check(const char *text, const char *zones, struct error *err) MUST_USE;

#endif
