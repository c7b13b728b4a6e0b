/* migration_folder - the files of the migrations' folder, and the version that comes next. */
#ifndef FLEET_ORCHESTRATOR_MIGRATION_FOLDER_H
#define FLEET_ORCHESTRATOR_MIGRATION_FOLDER_H

#include "common/buffer.h"
#include "common/clock.h"
#include "plans/migration_file.h"
#include "plans/version.h"

/* False ends it, with err. */
typedef bool (*migration_file_function)(void *context, const char *file,
                                        const struct migration_file_name *parts, struct error *err);

/* Calls the function for each migration file of the folder. */
bool migration_folder_each(const char *directory, migration_file_function function, void *context,
                           struct error *err) MUST_USE;

/* The present time in UTC, or the version after the newest if that lies ahead of the clock. */
bool migration_folder_next(const char *directory, const struct clock *clock,
                           char version[VERSION_SIZE], struct error *err) MUST_USE;

/* Creates VERSION_NAME.change.sql of the next version with the text. *path is the caller's to free.
   ERROR_USAGE if the name cannot be a migration's. */
bool migration_folder_add_change(const char *directory, const struct clock *clock, const char *name,
                                 const struct buffer *text, char **path,
                                 struct error *err) MUST_USE;

#endif
