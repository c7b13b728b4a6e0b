/*
 * migration_file - the names of the files in a folder of migrations.
 *
 *   <version>_<name>.change.sql
 *   <version>_<name>[.<engine>].{up,down}.sql      repeatable/<name>[.<engine>].{sql,down.sql}
 *
 * A version is digits, a name is letters, digits, "_" and "-" of ASCII.
 */
#ifndef FLEET_PLANS_MIGRATION_FILE_H
#define FLEET_PLANS_MIGRATION_FILE_H

#include <stdbool.h>

#include "common/buffer.h"
#include "common/engine_kind.h"
#include "common/error.h"
#include "plans/version.h"

enum script_kind { SCRIPT_UP, SCRIPT_DOWN, SCRIPT_CHANGE };

enum { MIGRATION_NAME_SIZE = 192 };

struct migration_file_name {
    char version[VERSION_SIZE]; /* "" for a repeatable */
    char name[MIGRATION_NAME_SIZE];
    bool for_one_engine;
    enum engine_kind engine; /* if for_one_engine */
    enum script_kind kind;
};

/* Splits the name of a versioned file, without a folder; false if it has another form. */
bool migration_file_name_parse(const char *file, struct migration_file_name *parts);

/* The same for the name of a versioned file or a repeatable, with the reason and, where one can be
   guessed, the name that was meant. ERROR_CONFIG. */
bool migration_file_name_read(const char *file, bool repeatable, struct migration_file_name *parts,
                              struct error *err) MUST_USE;

/* Appends the text as a name: anything that a name cannot have becomes one "_". Appends "migration"
   if nothing is left, and no more than a name can hold. */
void migration_name_clean(const char *text, struct buffer *out);

#endif
