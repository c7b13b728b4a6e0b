/* schema_side - one of two schemas that are compared: of the migrations, a file or a target. */
#ifndef FLEET_ORCHESTRATOR_SCHEMA_SIDE_H
#define FLEET_ORCHESTRATOR_SCHEMA_SIDE_H

#include "orchestrator/workspace.h"
#include "plans/introspection/found.h"
#include "plans/schema/desired.h"

struct schema_side {
    const char *name;            /* "the migrations", the target's, the file's path */
    const struct target *target; /* NULL if it is none */
    const char *lines;           /* of a target: agents/engine.h introspect */
    struct found schema;         /* without what is kept aside */
    struct renaming *renamings;  /* of a file */
    size_t renaming_count;
};

/* What the folder's migrations make. ERROR_UNSUPPORTED if one of them is in SQL of the engines.
   False with *status set: said already. */
bool schema_side_of_migrations(struct workspace *workspace, struct arena *arena,
                               struct schema_side *side, int *status, struct error *err) MUST_USE;

/* What stands in schema.sql beside the inventory. */
bool schema_side_of_desired(struct workspace *workspace, struct arena *arena,
                            struct schema_side *side, struct error *err) MUST_USE;

/* What a target has, which its agent is asked for. */
bool schema_side_of_target(struct workspace *workspace, const struct target *target,
                           struct arena *arena, struct schema_side *side,
                           struct error *err) MUST_USE;

/* Of the target of that name, or, where none is called so, of the file. */
bool schema_side_of(struct workspace *workspace, const char *name, struct arena *arena,
                    struct schema_side *side, struct error *err) MUST_USE;

/* What the engine of one cannot tell apart is taken for what the other says. */
void schema_sides_meet(struct schema_side *one, struct schema_side *other);

/* A comment for each part that is outside: -- table "t", column "c": why */
void schema_side_print_outside(const struct schema_side *side, struct buffer *out);

#endif
