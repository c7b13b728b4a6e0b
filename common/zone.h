/*
 * zone - a time zone of the IANA database: how far its clocks are from UTC at an instant.
 *
 * Reads the compiled files that tzdata installs (TZif, RFC 9636) by itself: the C library knows one
 * zone per process, and another one only by changing TZ under the feet of other threads.
 */
#ifndef FLEET_COMMON_ZONE_H
#define FLEET_COMMON_ZONE_H

#include <stdint.h>

#include "common/error.h"
#include "common/memory.h"

/* Where tzdata keeps them. */
#define ZONE_DIRECTORY "/usr/share/zoneinfo"

struct zone;

/* name is one like Europe/Berlin, checked before. ERROR_CONFIG if there is no such zone, or its
   file has another form. */
struct zone *zone_load(const char *directory, const char *name, struct error *err) MUST_USE;
void zone_free(struct zone *zone);
AUTO_DEFINE(zone)

/* Seconds that its clocks are ahead of UTC at an instant in seconds since 1970. */
int64_t zone_offset(const struct zone *zone, int64_t instant);

#endif
