#include "orchestrator/schema_side.h"

#include "common/file.h"
#include "orchestrator/schemas.h"
#include "plans/introspection/resolve.h"
#include "plans/schema/keep.h"
#include "plans/schema/replay.h"

enum { SCHEMA_FILE_MAX = 64 * 1024 * 1024 };

bool schema_side_of_migrations(struct workspace *workspace, struct arena *arena,
                               struct schema_side *side, int *status, struct error *err)
{
    const struct migrations *migrations = workspace_migrations(workspace, status);
    const struct migration *opaque;

    if (migrations == NULL)
        return false;
    *status = STATUS_FAILED;
    *side = (struct schema_side){.name = "the migrations"};
    if (!replay_schema(arena, migrations->items, migrations->count, &side->schema.model, &opaque,
                       err))
        return false;
    keep_hide(&side->schema.model);
    return opaque == NULL ||
           error_set(
               err, ERROR_UNSUPPORTED,
               "migration %s_%s is in SQL of the engines, so what it makes is not known here: "
               "name a target that has all migrations (--from TARGET)",
               opaque->version, opaque->name);
}

static bool read_file(const char *path, struct arena *arena, struct schema_side *side,
                      struct error *err)
{
    AUTO_BUFFER struct buffer text = {0};
    struct desired desired;

    if (!file_read(path, SCHEMA_FILE_MAX, &text, err))
        return false;
    if (!desired_read(arena, buffer_text(&text), text.length, &desired, err)) {
        error_at_file(err, path, err->line);
        return false;
    }
    *side = (struct schema_side){.name = path,
                                 .schema = {.model = desired.model},
                                 .renamings = desired.renamings,
                                 .renaming_count = desired.renaming_count};
    return true;
}

bool schema_side_of_desired(struct workspace *workspace, struct arena *arena,
                            struct schema_side *side, struct error *err)
{
    const char *directory = workspace_inventory(workspace)->directory;

    return read_file(arena_printf(arena, "%s/schema.sql", directory), arena, side, err);
}

static void take_lines(struct arena *arena, const struct target_schema *schema,
                       struct schema_side *side)
{
    size_t length = schema->lines.length;

    *side = (struct schema_side){.name = schema->target->name, .target = schema->target};
    side->lines = arena_copy(arena, buffer_text(&schema->lines), length);
    found_read(arena, schema->target->engine, side->lines, length, &side->schema);
    keep_hide(&side->schema.model);
}

bool schema_side_of_target(struct workspace *workspace, const struct target *target,
                           struct arena *arena, struct schema_side *side, struct error *err)
{
    const struct inventory *inventory = workspace_inventory(workspace);
    const struct selection selection = {.targets = &target, .count = 1};
    struct dispatcher *dispatcher = workspace_dispatcher(workspace, &selection, err);

    if (dispatcher == NULL)
        return false;
    AUTO(schemas) struct schemas *schemas = schemas_take(dispatcher, inventory, &selection, err);
    if (schemas == NULL)
        return false;
    if (schemas->items[0].answer.error.code != ERROR_NONE) {
        *err = schemas->items[0].answer.error;
        return false;
    }
    take_lines(arena, &schemas->items[0], side);
    return true;
}

bool schema_side_of(struct workspace *workspace, const char *name, struct arena *arena,
                    struct schema_side *side, struct error *err)
{
    const struct target *target = inventory_target(workspace_inventory(workspace), name);

    return target != NULL ? schema_side_of_target(workspace, target, arena, side, err)
                          : read_file(name, arena, side, err);
}

void schema_sides_meet(struct schema_side *one, struct schema_side *other)
{
    if (one->target != NULL)
        resolve(one->target->engine, &one->schema.model, &other->schema.model);
    if (other->target != NULL)
        resolve(other->target->engine, &other->schema.model, &one->schema.model);
}

void schema_side_print_outside(const struct schema_side *side, struct buffer *out)
{
    for (size_t i = 0; i < side->schema.outside_count; i++) {
        const struct outside *outside = &side->schema.outside[i];

        buffer_append_text(out, "-- ");
        if (outside->table != NULL)
            buffer_printf(out, "table \"%s\", ", outside->table);
        buffer_printf(out, "%s: %s\n", outside->part, outside->reason);
    }
}
