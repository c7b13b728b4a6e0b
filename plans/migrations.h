/*
 * migrations - the folder of migrations: which there are, with which scripts for which engine.
 *
 * plans/migration_file.h has the names of the files. A script for an engine goes before the one for
 * all. fleet.sum pins the SHA-256 of every file's bytes: a file that differs, is missing there or
 * gone from the folder is a fault. Migrations come ordered by version; two with equal version are a
 * fault. Hidden files and README… are left alone; any other file is a fault.
 */
#ifndef FLEET_PLANS_MIGRATIONS_H
#define FLEET_PLANS_MIGRATIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/diagnostics.h"
#include "common/digest.h"
#include "common/engine_kind.h"
#include "plans/migration_file.h"

struct migration_script {
    const char *file; /* its path below the folder */
    const char *sql;
    size_t length;
    struct digest sha256; /* of the file's bytes, also where sql was rendered from them */
    const char *fault;    /* why the engine cannot have it, which has no sql then; or NULL */
    int fault_line;       /* of the file */
};

struct migration {
    const char *version; /* as the file has it; "" for a repeatable */
    const char *name;
    /* For each engine what runs there; NULL if the migration has nothing for it. */
    const struct migration_script *up[ENGINE_KIND_COUNT];
    const struct migration_script *down[ENGINE_KIND_COUNT];
    /* The portable change that up and down were rendered from, as its file has it; or NULL. */
    const struct migration_script *change;
};

struct migrations {
    const char *directory;
    const struct migration *items; /* versioned, by version */
    size_t count;
    const struct migration *repeatables; /* by name */
    size_t repeatable_count;
};

/* How strictly fleet.sum is held. */
enum sum_check { SUM_REQUIRED, SUM_IGNORED };

/* NULL when there is any fault; all of them are then in faults. */
const struct migrations *migrations_load(const char *directory, enum sum_check check,
                                         struct diagnostics *faults) MUST_USE;
void migrations_free(const struct migrations *migrations);
AUTO_DEFINE_FOR(migrations, const struct migrations)

/* Writes fleet.sum for the folder's present files; see docs/migrations.md for its format. What must
   not change has to be checked before, with migrations_check_applied. */
bool migrations_write_sum(const char *directory, struct error *err) MUST_USE;

/* A script that some target has applied, as its history tells. */
struct applied_script {
    const char *version; /* "" for a repeatable, which may change */
    const char *name;
    enum engine_kind engine;
    struct digest sha256; /* of the up script's bytes; none if it is not known */
};

/* Adds a fault for each that is missing among the migrations or has other bytes there: it must be
   restored, and never be pinned again. Each file is reported once. */
void migrations_check_applied(const struct migrations *migrations,
                              const struct applied_script *applied, size_t count,
                              struct diagnostics *faults);

/* The migration with that version (007 is 7), or NULL. */
const struct migration *migrations_find(const struct migrations *migrations, const char *version);

#endif
