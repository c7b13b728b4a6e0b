/*
 * mysql_introspect - canonical lines from what SHOW CREATE says. Pure, so that it is tested without
 * a server.
 */
#ifndef FLEET_AGENTS_ENGINES_MYSQL_INTROSPECT_H
#define FLEET_AGENTS_ENGINES_MYSQL_INTROSPECT_H

#include "common/buffer.h"

/* A line for each part of a CREATE TABLE as SHOW CREATE TABLE writes it, with newlines. */
void mysql_canonical_table(const char *name, const char *sql, struct buffer *out);

/* One line for a view, trigger, routine, event or sequence, without its definer. settings are the
   sql_mode that it runs under, or NULL. */
void mysql_canonical_object(const char *kind, const char *name, const char *sql,
                            const char *settings, struct buffer *out);

/* Appends sql without `database`. before tables, functions and sequences of that very database. */
void mysql_strip_database(const char *database, const char *sql, struct buffer *out);

#endif
