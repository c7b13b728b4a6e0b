/*
 * desired - schema.sql: the schema that somebody wants, as portable DDL.
 *
 * CREATE TABLE, CREATE INDEX, and ALTER TABLE ... ADD CONSTRAINT for tables that refer to each
 * other.
 * "-- fleet: renamed-from OLD", on a line of its own before a CREATE TABLE or a column, says that
 * it had another name. Pure.
 */
#ifndef FLEET_PLANS_SCHEMA_DESIRED_H
#define FLEET_PLANS_SCHEMA_DESIRED_H

#include "plans/schema/diff.h"

struct desired {
    struct model model;
    struct renaming *renamings;
    size_t renaming_count;
};

/* All memory is the arena's. ERROR_SYNTAX or ERROR_CONFLICT with the line. */
bool desired_read(struct arena *arena, const char *text, size_t length, struct desired *desired,
                  struct error *err) MUST_USE;

#endif
