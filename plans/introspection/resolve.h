/*
 * resolve - what an engine cannot tell apart is taken for what another schema says of it.
 *
 * SQLite has one type for DATE and TEXT, and one name for A and a; MySQL has no unique index beside
 * a UNIQUE. Where a schema that was found could as well be the other one, it gets the other's
 * words, so that a comparison (plans/schema/diff.h) is about what differs. Pure.
 */
#ifndef FLEET_PLANS_INTROSPECTION_RESOLVE_H
#define FLEET_PLANS_INTROSPECTION_RESOLVE_H

#include "common/engine_kind.h"
#include "plans/schema/model.h"

/* found is of a target of the engine, and changed in its place. */
void resolve(enum engine_kind engine, struct model *found, const struct model *other);

#endif
