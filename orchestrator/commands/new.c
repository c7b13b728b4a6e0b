/* fleet new - the next migration's empty files. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/file.h"
#include "common/memory.h"
#include "orchestrator/commands/all.h"
#include "orchestrator/migration_folder.h"
#include "orchestrator/workspace.h"
#include "plans/version.h"

static bool create(const struct invocation *invocation, const char *path, struct error *err)
{
    if (!file_create(path, "", 0, 0644, err))
        return false;
    fprintf(invocation->terminal->out, "%s\n", path);
    return true;
}

static bool create_pair(const struct invocation *invocation, const char *directory,
                        const char *version, const char *name, struct error *err)
{
    const char *engine = arguments_value(invocation->arguments, "engine");
    const char *dot = engine != NULL ? "." : "";
    struct migration_file_name parts;
    enum engine_kind kind;

    if (engine != NULL && !engine_kind_from_name(engine, &kind))
        return error_set(err, ERROR_USAGE, "--engine %s: expected postgresql, mysql or sqlite",
                         engine);
    engine = engine != NULL ? engine : "";
    AUTO(text) char *up = xasprintf("%s_%s%s%s.up.sql", version, name, dot, engine);
    AUTO(text) char *up_path = xasprintf("%s/%s", directory, up);
    AUTO(text)
    char *down_path = xasprintf("%s/%s_%s%s%s.down.sql", directory, version, name, dot, engine);
    if (!migration_file_name_parse(up, &parts) || strcmp(parts.name, name) != 0)
        return error_set(err, ERROR_USAGE,
                         "\"%s\" cannot be a migration's name: use letters, digits, _ and -", name);
    return create(invocation, up_path, err) && create(invocation, down_path, err);
}

struct renumbering {
    const struct invocation *invocation;
    const char *directory;
    const char *old_version;
    const char *new_version;
};

static bool renumber_one(void *context, const char *file, const struct migration_file_name *parts,
                         struct error *err)
{
    const struct renumbering *renumbering = context;

    if (version_compare(parts->version, renumbering->old_version) != 0)
        return true;
    AUTO(text) char *from = xasprintf("%s/%s", renumbering->directory, file);
    AUTO(text)
    char *to = xasprintf("%s/%s%s", renumbering->directory, renumbering->new_version,
                         file + strlen(parts->version));
    if (rename(from, to) != 0)
        return error_set_errno(err, errno, "cannot rename %s", from);
    fprintf(renumbering->invocation->terminal->out, "%s is now %s\n", from, to);
    return true;
}

/* Gives all files of a version that came too late a new, latest version. */
static bool renumber(const struct invocation *invocation, const char *directory, const char *file,
                     const char *version, struct error *err)
{
    const char *slash = strrchr(file, '/');
    struct migration_file_name parts;

    if (!migration_file_name_parse(slash != NULL ? slash + 1 : file, &parts))
        return error_set(err, ERROR_USAGE,
                         "--renumber %s: not a migration's file (VERSION_NAME.up.sql)", file);
    struct renumbering renumbering = {invocation, directory, parts.version, version};
    return migration_folder_each(directory, renumber_one, &renumbering, err);
}

static int run_new(const struct invocation *invocation, struct error *err)
{
    const struct arguments *arguments = invocation->arguments;
    const char *late = arguments_value(arguments, "renumber");
    size_t operands = late != NULL ? 0 : 1;
    char version[VERSION_SIZE];
    int status;

    if (!arguments_expect(arguments, operands, operands, "NAME", err))
        return STATUS_USAGE;
    AUTO(workspace) struct workspace *workspace = workspace_open(invocation, &status, err);
    if (workspace == NULL)
        return status;
    const char *directory = workspace_inventory(workspace)->migrations;
    if (!file_make_directory(directory, 0755, err) ||
        !migration_folder_next(directory, invocation->clock, version, err))
        return STATUS_FAILED;
    bool ok = late != NULL ? renumber(invocation, directory, late, version, err)
                           : create_pair(invocation, directory, version,
                                         arguments_operand(arguments, 0), err);
    return ok ? STATUS_DONE : STATUS_FAILED;
}

static const struct option_spec options[] = {
    {"engine", 0, "ENGINE", false, "make files for this engine only"},
    {"renumber", 0, "FILE", false, "give a migration that came late the latest version instead"},
};

const struct command command_new = {
    .name = "new",
    .operands = "NAME | --renumber FILE",
    .summary = "Make the files of the next migration",
    .details = "The version is the present time in UTC. Run fleet sum when the SQL is written.",
    .takes = TAKES_INVENTORY,
    .options = options,
    .option_count = COUNT_OF(options),
    .run = run_new,
};
