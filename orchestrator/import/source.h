/* source - the files of another tool's folder, read at once, so that its reader is pure. */
#ifndef FLEET_ORCHESTRATOR_IMPORT_SOURCE_H
#define FLEET_ORCHESTRATOR_IMPORT_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/arena.h"
#include "common/diagnostics.h"
#include "common/engine_kind.h"

/* OTHER_ENGINE is one that is not ours: what is for it is for nobody here. */
enum { EVERY_ENGINE = ENGINE_KIND_COUNT, OTHER_ENGINE };

struct source_file {
    const char *path;  /* below the folder */
    const char *inner; /* the same without the engine's folder, where there is one */
    int engine;        /* of the engine's folder, OTHER_ENGINE or EVERY_ENGINE */
    const char *bytes; /* with a NUL after them; NULL if the file is none that a tool reads */
    size_t length;
    bool used; /* a tool's reader knows what it is */
};

struct source {
    struct source_file *files; /* by path */
    size_t count;
};

/* Hidden files and folders are passed over. */
void source_read(struct arena *arena, const char *directory, struct source *source,
                 struct diagnostics *faults);

/* The file with that inner path for the engine, or NULL. */
struct source_file *source_find(const struct source *source, int engine, const char *inner);

/* The engine that goes by such a name in other tools ("postgres", "sqlite3"); OTHER_ENGINE for
   "cockroach" and the like. */
bool source_engine_from_name(const char *name, size_t length, int *engine);

/* Takes ".ENGINE" off the end of a name in place, if it ends in one; else leaves engine alone. */
void source_take_engine(char *name, int *engine);

/* The part of a path after its last "/". */
const char *source_base_name(const char *path);

#endif
