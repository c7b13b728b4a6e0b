/*
 * folder - the files of a folder of migrations, read and held against fleet.sum.
 *
 * What the files mean together is for migrations.h.
 */
#ifndef FLEET_PLANS_FOLDER_H
#define FLEET_PLANS_FOLDER_H

#include "common/arena.h"
#include "common/diagnostics.h"
#include "plans/migration_file.h"
#include "plans/migrations.h"
#include "plans/sum.h"

/* No script of a person's comes near; what does was put there by mistake. */
enum { SCRIPT_SIZE_MAX = 8 * 1024 * 1024 };

struct folder_file {
    struct migration_file_name parts;
    bool repeatable;
    struct migration_script script;
};

struct folder {
    const struct folder_file *files; /* sorted by path */
    size_t count;
    bool has_sum;   /* fleet.sum was asked for and could be read … */
    struct sum sum; /* … with this in it */
};

/* Reads all; faults are added, and what is sound is there even so. Faults name files as
   "<directory>/<path>". */
void folder_read(struct arena *arena, const char *directory, enum sum_check check,
                 struct folder *folder, struct diagnostics *faults);

/* Adds a fault for each file that is not as fleet.sum has it, if that could be read. */
void folder_check_sum(const char *directory, const struct folder *folder,
                      struct diagnostics *faults);

#endif
