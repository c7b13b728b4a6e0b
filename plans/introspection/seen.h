/*
 * seen - a model as an engine can tell it again.
 *
 * Some things are one on an engine: SQLite keeps a DATE as TEXT, MySQL has no unique index beside a
 * UNIQUE. What an engine tells of a schema (found.h) is to be compared with what is wanted as that
 * engine sees it. Pure.
 */
#ifndef FLEET_PLANS_INTROSPECTION_SEEN_H
#define FLEET_PLANS_INTROSPECTION_SEEN_H

#include "common/engine_kind.h"
#include "plans/schema/model.h"

/* Changes the model in its place. */
void seen_on(enum engine_kind engine, struct model *model);

#endif
