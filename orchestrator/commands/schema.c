/* fleet schema dump - a target's schema as portable DDL. */
#include "common/buffer.h"
#include "orchestrator/commands/all.h"
#include "orchestrator/schema_side.h"
#include "plans/schema/print.h"

static int print_schema(const struct schema_side *side, const struct terminal *terminal)
{
    const struct found *schema = &side->schema;
    AUTO_BUFFER struct buffer text = {0};

    print_model(&schema->model, &text);
    fputs(buffer_text(&text), terminal->out);
    buffer_clear(&text);
    if (schema->outside_count > 0)
        buffer_printf(&text, "\n-- Outside of portable DDL, which has %zu of %zu tables whole:\n",
                      found_whole_tables(schema), schema->model.table_count);
    schema_side_print_outside(side, &text);
    terminal_put_untrusted(terminal->out, buffer_text(&text), true);
    return schema->outside_count > 0 ? STATUS_PENDING : STATUS_DONE;
}

static int run_dump(const struct invocation *invocation, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    AUTO_SELECTION struct selection selection = {0};
    struct schema_side side;
    int status;

    if (!arguments_expect(invocation->arguments, 1, 1, "TARGET", err))
        return STATUS_USAGE;
    AUTO(workspace) struct workspace *workspace = workspace_open(invocation, &status, err);
    if (workspace == NULL)
        return status;
    if (!workspace_select(workspace, OPERANDS_ARE_TARGETS, &selection, err))
        return STATUS_USAGE;
    if (!schema_side_of_target(workspace, selection.targets[0], arena, &side, err))
        return STATUS_FAILED;
    if (!arguments_has(invocation->arguments, "lines"))
        return print_schema(&side, invocation->terminal);
    fputs(side.lines, invocation->terminal->out);
    return STATUS_DONE;
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
