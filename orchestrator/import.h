/*
 * import - another tool's folder of migrations as ours.
 *
 * The SQL keeps its bytes; where the other tool has a setting of ours (no transaction), a directive
 * line goes before them. Versions stay where their number order is the other tool's order, else
 * they are padded or numbered anew; fleet-import.json records what they were. Folders with one
 * subfolder per engine become one folder with engine infixes. docs/import.md tells it for people.
 *
 * Whether the other tool has applied a version is for its own history to say: import_history_query
 * asks it, import_judge reads the answer. Both are pure.
 */
#ifndef FLEET_ORCHESTRATOR_IMPORT_H
#define FLEET_ORCHESTRATOR_IMPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/diagnostics.h"
#include "common/engine_kind.h"
#include "common/error.h"

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

/* The tools' names, for help and suggestions; NULL past the last. */
const char *import_tool_name(size_t index);

/*
 * Reads a folder. tool is a name, or NULL to find out. What was left out (a Java migration, a
 * verify script) is added to notes, whose codes mean nothing. NULL when there is any fault; all of
 * them are then in faults.
 */
struct import *import_read(const char *directory, const char *tool, struct diagnostics *notes,
                           struct diagnostics *faults) MUST_USE;
void import_free(struct import *import);
AUTO_DEFINE(import)

/* Writes the migrations, fleet-import.json and fleet.sum into a folder, which is made if it is not
   there and may not have any migration yet. */
bool import_write(const struct import *import, const char *directory, struct error *err) MUST_USE;

/*
 * The query that lists what the tool has applied on an engine, in two columns for import_judge;
 * release with text_free. table is the name of its history table, or NULL for its usual one; the
 * only characters that it may have are letters, digits, "_" and ".". ERROR_UNSUPPORTED where the
 * history cannot be asked through the target's connection.
 */
char *import_history_query(const struct import *import, enum engine_kind engine, const char *table,
                           struct error *err) MUST_USE;

/* One row of that query; version may be NULL, as for Flyway's repeatables. */
struct import_row {
    const char *version;
    const char *state;
};

struct import_verdict {
    size_t applied; /* that many migrations for this engine are applied, from the first one on */
    const char *newest; /* our version of the last of them; NULL if there is none */
};

/*
 * What the rows of one target mean. ERROR_CONFLICT where they cannot stand for a state of ours: a
 * version that failed or is dirty, one that the folder does not have, or one that is missing below
 * a newer one.
 */
bool import_judge(const struct import *import, enum engine_kind engine,
                  const struct import_row *rows, size_t count, struct import_verdict *verdict,
                  struct error *err) MUST_USE;

#endif
