/* sqlite_introspect - the canonical lines of an SQLite schema, from the SQL that it keeps. */
#ifndef FLEET_AGENTS_ENGINES_SQLITE_INTROSPECT_H
#define FLEET_AGENTS_ENGINES_SQLITE_INTROSPECT_H

#include <stdbool.h>

#include "agents/engine.h"

/* As engine.introspect. */
bool sqlite_introspect(struct session *session, struct buffer *out, struct error *err) MUST_USE;
bool sqlite_describe(struct session *session, enum object_kind kind, const char *name,
                     const char *of, struct buffer *out, struct error *err) MUST_USE;

/*
 * Appends the lines of one object of sqlite_schema, each with a newline. A table is one line for
 * itself and one for each definition between its parentheses; anything else is one line. Comments,
 * space, letter case of names and needless quotes do not matter.
 */
void sqlite_canonical_object(const char *type, const char *name, const char *sql,
                             struct buffer *out);

#endif
