/* imports - folders of other tools, for the tests of the import. */
#ifndef FLEET_TESTS_IMPORTS_H
#define FLEET_TESTS_IMPORTS_H

#include "orchestrator/import.h"
#include "scratch.h"

struct file {
    const char *name;
    const char *text;
};

static inline void put_all(const struct scratch *scratch, const struct file *files, size_t count)
{
    for (size_t i = 0; i < count; i++)
        scratch_put(scratch, files[i].name, files[i].text);
}

#define PUT(scratch, ...)                                         \
    do {                                                          \
        static const struct file files_[] = {__VA_ARGS__};        \
        put_all(scratch, files_, sizeof files_ / sizeof *files_); \
    } while (0)

/* Reads the folder; prints faults and fails if there are any. */
static inline struct import *read_folder(const struct scratch *scratch, struct diagnostics *notes)
{
    AUTO(diagnostics) struct diagnostics *faults = diagnostics_new();
    struct import *import = import_read(scratch->path, NULL, notes, faults);

    for (size_t i = 0; i < diagnostics_count(faults); i++)
        print_error("%s: %s\n", diagnostics_at(faults, i)->file,
                    diagnostics_at(faults, i)->message);
    assert_non_null(import);
    return import;
}

/* "users" is reworked after the tag. */
static const char sqitch_plan[] __attribute__((unused)) =
    "%syntax-version=1.0.0\n%project=shop\n\n"
    "users 2024-03-01T12:30:00Z A B <a@b.c> # adds\r\n"
    "items [users] 2024-03-01T12:30:05Z A B <a@b.c> # adds\n@v1 2024-03-02T00:00:00Z A <a@b>\n\n"
    "users [users@v1] 2024-03-03T00:00:00Z A B <a@b.c> # again\n"
    "views/totals 2024-03-04T00:00:00Z A B <a@b.c> # more\n";

#endif
