/* fleet schema dump - a target's schema as portable DDL. */
#include "orchestrator/commands/all.h"
#include "orchestrator/schemas.h"
#include "orchestrator/workspace.h"
#include "plans/introspection/found.h"
#include "plans/schema/keep.h"
#include "plans/schema/print.h"

static void print_outside(const struct found *found, struct buffer *out)
{
    if (found->outside_count == 0)
        return;
    buffer_printf(out, "\n-- Outside of portable DDL, which has %zu of %zu tables whole:\n",
                  found_whole_tables(found), found->model.table_count);
    for (size_t i = 0; i < found->outside_count; i++) {
        const struct outside *outside = &found->outside[i];

        buffer_append_text(out, "-- ");
        if (outside->table != NULL)
            buffer_printf(out, "table \"%s\", ", outside->table);
        buffer_printf(out, "%s: %s\n", outside->part, outside->reason);
    }
}

static int print_schema(const struct target_schema *schema, const struct terminal *terminal)
{
    AUTO(arena) struct arena *arena = arena_new();
    AUTO_BUFFER struct buffer text = {0};
    struct found found;

    found_read(arena, schema->target->engine, buffer_text(&schema->lines), schema->lines.length,
               &found);
    keep_hide(&found.model);
    print_model(&found.model, &text);
    print_outside(&found, &text);
    fputs(buffer_text(&text), terminal->out);
    return found.outside_count > 0 ? STATUS_PENDING : STATUS_DONE;
}

static int dump(struct workspace *workspace, const struct selection *selection,
                const struct invocation *invocation, struct error *err)
{
    struct dispatcher *dispatcher = workspace_dispatcher(workspace, selection, err);
    if (dispatcher == NULL)
        return STATUS_FAILED;
    AUTO(schemas)
    struct schemas *schemas =
        schemas_take(dispatcher, workspace_inventory(workspace), selection, err);
    if (schemas == NULL)
        return STATUS_FAILED;
    const struct target_schema *schema = &schemas->items[0];
    if (schema->answer.error.code != ERROR_NONE) {
        *err = schema->answer.error;
        return STATUS_FAILED;
    }
    if (!arguments_has(invocation->arguments, "lines"))
        return print_schema(schema, invocation->terminal);
    fputs(buffer_text(&schema->lines), invocation->terminal->out);
    return STATUS_DONE;
}

static int run_dump(const struct invocation *invocation, struct error *err)
{
    AUTO_SELECTION struct selection selection = {0};
    int status;

    if (!arguments_expect(invocation->arguments, 1, 1, "TARGET", err))
        return STATUS_USAGE;
    AUTO(workspace) struct workspace *workspace = workspace_open(invocation, &status, err);
    if (workspace == NULL)
        return status;
    if (!workspace_select(workspace, OPERANDS_ARE_TARGETS, &selection, err))
        return STATUS_USAGE;
    return dump(workspace, &selection, invocation, err);
}

static const struct option_spec options[] = {
    {"lines", 0, NULL, false, "the lines that the fingerprint is made of, as they are"},
};

const struct command command_schema_dump = {
    .name = "schema dump",
    .operands = "TARGET",
    .summary = "Print a target's schema as portable DDL",
    .details = "What portable DDL has no words for follows as comments, each with its reason;\n"
               "then the command ends with 3.",
    .takes = TAKES_SELECTOR,
    .options = options,
    .option_count = COUNT_OF(options),
    .run = run_dump,
};
