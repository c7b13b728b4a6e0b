/* fleet init - the beginning of a project: an inventory and a folder for migrations. */
#include <string.h>
#include <sys/stat.h>

#include "common/file.h"
#include "common/memory.h"
#include "common/name.h"
#include "orchestrator/command.h"
#include "orchestrator/commands/all.h"
#include "plans/migrations.h"

static const char inventory_text[] =
    "; The fleet: which databases there are, and who takes care of them.\n"
    "[fleet]\n"
    "name       = %s\n"
    "migrations = migrations\n"
    "state      = .fleet/state.db\n"
    "\n"
    "[env:dev]\n"
    "\n"
    "[target:dev]\n"
    "env    = dev\n"
    "agent  = local\n"
    "url    = sqlite:dev.db\n";

static bool write_inventory(const char *path, const char *name, struct error *err)
{
    AUTO(text) char *text = xasprintf(inventory_text, name);

    if (!file_create(path, text, strlen(text), 0644, err))
        return error_wrap(err, "an inventory is here already, or cannot be written");
    return true;
}

static int run_init(const struct invocation *invocation, struct error *err)
{
    const struct arguments *arguments = invocation->arguments;
    const char *name = arguments_value(arguments, "name");

    if (!arguments_expect(arguments, 0, 1, "DIRECTORY", err))
        return STATUS_USAGE;
    const char *directory = arguments_operand(arguments, 0);
    if (directory == NULL)
        directory = ".";
    name = name != NULL ? name : "shop";
    if (!name_is_valid(name)) {
        error_set(err, ERROR_USAGE, "--name %s: a name is [a-z0-9][a-z0-9._-]*, at most 63 long",
                  name);
        return STATUS_USAGE;
    }
    AUTO(text) char *inventory = xasprintf("%s/fleet.ini", directory);
    AUTO(text) char *migrations = xasprintf("%s/migrations", directory);
    AUTO(text) char *ignore = xasprintf("%s/.fleet/.gitignore", directory);
    AUTO(text) char *state = xasprintf("%s/.fleet", directory);
    if (!file_make_directory(migrations, 0755, err) || !write_inventory(inventory, name, err) ||
        !file_make_directory(state, 0700, err) || !file_write(ignore, "*\n", 2, 0644, err) ||
        !migrations_write_sum(migrations, err))
        return STATUS_FAILED;
    fprintf(invocation->terminal->out,
            "made %s and %s\nnext: fleet new NAME, write the SQL, fleet sum, fleet plan dev\n",
            inventory, migrations);
    return STATUS_DONE;
}

static const struct option_spec options[] = {
    {"name", 0, "NAME", false, "the fleet's name"},
};

const struct command command_init = {
    .name = "init",
    .operands = "[DIRECTORY]",
    .summary = "Make an inventory and a folder for migrations",
    .options = options,
    .option_count = COUNT_OF(options),
    .run = run_init,
};
