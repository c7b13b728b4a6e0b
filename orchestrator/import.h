/*
 * import - another tool's folder of migrations as ours.
 *
 * The SQL keeps its bytes; where the other tool has a setting of ours (no transaction), a directive
 * line goes before them. Versions stay where their number order is the other tool's order, else
 * they are padded or numbered anew; fleet-import.json records what they were. Folders with one
 * subfolder per engine become one folder with engine infixes. docs/import.md tells it for people.
 *
 * Whether the other tool has applied a version is for its own history on a target to say; what such
 * an answer means for the folder is import_judge's to say, which is pure.
 */
#ifndef FLEET_ORCHESTRATOR_IMPORT_H
#define FLEET_ORCHESTRATOR_IMPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/diagnostics.h"
#include "common/engine_kind.h"
#include "common/error.h"
#include "common/foreign.h"

struct import_script {
    const char *file;   /* what it becomes, below our folder */
    const char *source; /* where it came from, below the other folder */
    const char *added;  /* directive lines that go before the bytes; "" if none */
    const char *bytes;  /* as the source has them: its file, or its section of a file */
    size_t length;
};

struct import_migration {
    const char *version;        /* ours; "" for a repeatable */
    const char *name;           /* ours */
    const char *source_version; /* what the other tool's history calls it; for sqitch the change */
    const char *source_name;
    bool engines[ENGINE_KIND_COUNT]; /* those that it has an up script for */
    const struct import_script *scripts;
    size_t script_count;
};

struct import_tool;

struct import {
    const struct import_tool *tool;
    const struct import_migration *migrations; /* in order; repeatables come last */
    size_t count;
    size_t repeatable_count; /* of count */
};

/*
 * Reads a folder. tool is a name, or NULL to find out. What was left out (a Java migration, a
 * verify script) is added to notes, whose codes mean nothing. NULL when there is any fault; all of
 * them are then in faults.
 */
struct import *import_read(const char *directory, const char *tool, struct diagnostics *notes,
                           struct diagnostics *faults) MUST_USE;
void import_free(struct import *import);
AUTO_DEFINE(import)

enum foreign_tool import_tool_of(const struct import *import);

/* Writes the migrations, fleet-import.json and fleet.sum into a folder, which is made if it is not
   there and may not have any migration yet. */
bool import_write(const struct import *import, const char *directory, struct error *err) MUST_USE;

struct import_verdict {
    size_t applied; /* that many migrations for this engine are applied, from the first one on */
    const struct import_migration *newest; /* the last of them; NULL if there is none */
};

/*
 * What the history of one target means. ERROR_CONFLICT where it cannot stand for a state of ours: a
 * version that failed or is dirty, one still applied that the folder does not have, or one that is
 * missing below a newer one.
 */
bool import_judge(const struct import *import, enum engine_kind engine,
                  const struct foreign_history *history, struct import_verdict *verdict,
                  struct error *err) MUST_USE;

#endif
