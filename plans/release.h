/*
 * release - the part of a server's version that says what it understands and how it does it.
 *
 * "PostgreSQL 15.7" is of release "PostgreSQL 15", "MariaDB 10.11.6" of "MariaDB 10.11": updates
 * within one change neither syntax nor catalogs. SQLite is the agent's own library, not a server
 * that somebody upgrades between a plan and its run, so it has none.
 */
#ifndef FLEET_PLANS_RELEASE_H
#define FLEET_PLANS_RELEASE_H

#include <stddef.h>

#include "common/engine_kind.h"

/* How many bytes of a version name its release; 0 where there is none. */
size_t release_length(enum engine_kind engine, const char *version);

#endif
