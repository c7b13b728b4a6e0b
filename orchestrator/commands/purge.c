/* fleet purge - writes the migration that drops what earlier changes keep aside. */
#include <stdio.h>

#include "common/buffer.h"
#include "common/memory.h"
#include "orchestrator/commands/all.h"
#include "orchestrator/migration_folder.h"
#include "orchestrator/workspace.h"
#include "plans/schema/keep.h"
#include "plans/schema/print.h"
#include "plans/schema/replay.h"

static bool find_purge(const struct migrations *migrations, struct arena *arena,
                       const char *through, struct operations *purge, struct error *err)
{
    const struct migration *opaque;
    struct model model;

    if (through != NULL && migrations_find(migrations, through) == NULL)
        return error_set(err, ERROR_USAGE, "--through %s: no migration has that version", through);
    if (!replay_schema(arena, migrations->items, migrations->count, &model, &opaque, err))
        return false;
    *purge = keep_purge(&model, through);
    return true;
}

static bool write_change(const struct invocation *invocation, const char *directory,
                         const struct operations *purge, struct error *err)
{
    AUTO_BUFFER struct buffer text = {0};
    AUTO(text) char *path = NULL;

    buffer_append_text(&text, "-- fleet: irreversible it purges what earlier changes keep aside\n");
    for (size_t i = 0; i < purge->count; i++)
        print_operation(&purge->items[i], &text);
    if (!migration_folder_add_change(directory, invocation->clock, "purge", &text, &path, err))
        return false;
    fprintf(invocation->terminal->out, "%s\n", path);
    return true;
}

static int run_purge(const struct invocation *invocation, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    const char *through = arguments_value(invocation->arguments, "through");
    struct operations purge = {0};
    int status;

    if (!arguments_expect(invocation->arguments, 0, 0, "", err))
        return STATUS_USAGE;
    AUTO(workspace) struct workspace *workspace = workspace_open(invocation, &status, err);
    if (workspace == NULL)
        return status;
    const struct migrations *migrations = workspace_migrations(workspace, &status);
    if (migrations == NULL)
        return status;
    if (!find_purge(migrations, arena, through, &purge, err))
        return STATUS_FAILED;
    if (purge.count > 0)
        return write_change(invocation, migrations->directory, &purge, err) ? STATUS_DONE
                                                                            : STATUS_FAILED;
    fputs("nothing is kept aside\n", invocation->terminal->out);
    return STATUS_DONE;
}

static const struct option_spec options[] = {
    {"through", 0, "VERSION", false, "only what this version or an earlier one dropped"},
};

const struct command command_purge = {
    .name = "purge",
    .operands = "",
    .summary = "Write the migration that drops what is kept aside",
    .details =
        "What a change drops stays on the targets under another name, so that it can be taken\n"
        "back with its data. The migration that drops it for good has no way back: look at it,\n"
        "then fleet sum. An environment needs irreversible = allow for it.",
    .takes = TAKES_INVENTORY,
    .options = options,
    .option_count = COUNT_OF(options),
    .run = run_purge,
};
