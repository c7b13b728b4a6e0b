/*
 * outlook - what a statement asks of the table that it changes: room on the disk for a copy, and
 * whom it has to wait for.
 *
 * By its words alone, and as PostgreSQL, MySQL and SQLite do it by themselves: when in doubt it
 * asks for nothing, since what comes of it is refused. The engine fills in what it finds
 * (engine.h).
 */
#ifndef FLEET_AGENTS_OUTLOOK_H
#define FLEET_AGENTS_OUTLOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/engine_kind.h"

/* At most, beside what is there already. */
enum outlook_room {
    ROOM_NONE,
    ROOM_INDEX, /* for a new index: as much as the table without its indexes */
    ROOM_COPY   /* for the table again, with its indexes */
};

/* For whose end of the transaction it waits. Only where that can be told. */
enum outlook_wait {
    WAIT_NONE,
    WAIT_WRITERS,   /* of those who have changed rows of the table */
    WAIT_EVERYBODY, /* of those who have so much as read it */
    WAIT_SNAPSHOTS  /* of writers, and of whoever still sees the database as it was */
};

struct outlook {
    const char *table; /* or index, as the statement writes it; NULL: asks for nothing */
    enum outlook_room room;
    enum outlook_wait wait;
    /* As found; 0 where there is no such table. */
    int64_t table_bytes;
    int64_t index_bytes;
    const char *directory; /* of its files; NULL: on another host, or not told */
};

struct outlook outlook_of(struct arena *arena, enum engine_kind engine, const char *sql,
                          size_t length);

/* The table that the statement makes, as it is written; NULL if it makes none. */
const char *table_made_by(struct arena *arena, enum engine_kind engine, const char *sql,
                          size_t length);

/* The bytes that it may take. */
int64_t outlook_bytes(const struct outlook *outlook);

#endif
