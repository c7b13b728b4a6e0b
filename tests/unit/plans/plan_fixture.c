#include "plan_fixture.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "plans/plan_builder.h"

const struct applied_set nothing_applied = {.id = {{1}}};

struct plan_header fixture_header(void)
{
    return (struct plan_header){
        .fleet = "shop",
        .environment = "test",
        .author = "ann \"a\" \\ \t\x01 ü",
        .created_ms = 1000,
        .expires_ms = 2000,
        .finish_by_ms = 3000,
        .rollback_until_ms = 4000,
        .nonce = "000102030405060708090a0b0c0d0e0f",
        .inventory = digest_of_text("inventory"),
    };
}

static struct plan_part part(struct plan_builder *builder, const char *file, const char *sql)
{
    return (struct plan_part){file, plan_builder_script(builder, sql, strlen(sql))};
}

static const struct plan_recipe *first_recipe(struct plan_builder *builder)
{
    struct plan_step steps[] = {
        {.version = "1",
         .name = "users",
         .direction = DIRECTION_UP,
         .run = part(builder, "1_users.up.sql", "CREATE TABLE users (\n\tname TEXT -- \"ü\"\r\n)"),
         .undo = part(builder, "1_users.down.sql", "DROP TABLE users")},
        {.version = "",
         .name = "names",
         .direction = DIRECTION_REPEAT,
         .run = part(builder, "repeatable/names.sql", "CREATE VIEW names AS SELECT '\xff\xfe'"),
         .undo = part(builder, "repeatable/names.down.sql", "DROP VIEW names")},
    };

    steps[0].source_sha256 = steps[0].run.script->sha256;
    steps[1].source_sha256 = steps[1].run.script->sha256;
    return plan_builder_recipe(builder, ENGINE_SQLITE, steps, COUNT_OF(steps));
}

static const struct plan_recipe *second_recipe(struct plan_builder *builder)
{
    struct plan_step steps[] = {
        {.version = "1", .name = "users", .direction = DIRECTION_BASELINE},
        {.version = "02",
         .name = "empty",
         .direction = DIRECTION_UP,
         .run = part(builder, "02_empty.up.sql", ""),
         .undo = part(builder, "02_empty.down.sql", "-- fleet: nothing-to-undo\n")},
    };

    steps[0].source_sha256 = digest_of_text("x");
    steps[1].source_sha256 = digest_of_text("");
    return plan_builder_recipe(builder, ENGINE_POSTGRESQL, steps, COUNT_OF(steps));
}

struct plan *fixture_plan(size_t targets)
{
    AUTO(plan_builder) struct plan_builder *builder = plan_builder_new();
    const struct plan_recipe *recipes[] = {first_recipe(builder), second_recipe(builder)};
    struct plan_target *all = arena_calloc(plan_builder_arena(builder), targets, sizeof *all);
    struct plan_header header = fixture_header();

    for (size_t i = 0; i < targets; i++) {
        const struct plan_recipe *recipe = recipes[i % 2];

        all[i] = (struct plan_target){
            .name = arena_printf(plan_builder_arena(builder), "t-%03zu", targets - 1 - i),
            .agent = "local",
            .engine = recipe->engine,
            .recipe = recipe,
        };
    }
    return plan_builder_seal(builder, &header, all, targets);
}

struct signing_key *fixture_key(void)
{
    struct error err = {0};
    struct signing_key *key = signing_key_generate(&err);

    assert(key != NULL);
    return key;
}

void folder_open(struct folder *folder)
{
    *folder = (struct folder){.arena = arena_new()};
    folder->migrations = (struct migrations){
        .directory = "migrations", .items = folder->items, .repeatables = folder->repeatables};
}

void folder_close(struct folder *folder)
{
    arena_free(folder->arena);
}

static const struct migration_script *script(struct folder *folder, const char *file,
                                             const char *sql)
{
    struct migration_script *made = arena_calloc(folder->arena, 1, sizeof *made);

    *made = (struct migration_script){
        .file = file, .sql = sql, .length = strlen(sql), .sha256 = digest_of_text(sql)};
    return made;
}

static void fill(struct folder *folder, struct migration *migration, const char *up,
                 const char *down)
{
    const char *joint = migration->version[0] != '\0' ? "_" : "repeatable/";
    const char *stem =
        arena_printf(folder->arena, "%s%s%s", migration->version, joint, migration->name);
    const struct migration_script *up_script =
        script(folder, arena_printf(folder->arena, "%s.up.sql", stem), up);
    const struct migration_script *down_script =
        down == NULL ? NULL
                     : script(folder, arena_printf(folder->arena, "%s.down.sql", stem), down);

    for (int engine = 0; engine < ENGINE_KIND_COUNT; engine++) {
        migration->up[engine] = up_script;
        migration->down[engine] = down_script;
    }
}

struct migration *folder_add(struct folder *folder, const char *version, const char *name,
                             const char *up, const char *down)
{
    assert(folder->migrations.count < COUNT_OF(folder->items));
    struct migration *migration = &folder->items[folder->migrations.count++];

    *migration = (struct migration){.version = version, .name = name};
    fill(folder, migration, up, down);
    return migration;
}

struct migration *folder_add_repeatable(struct folder *folder, const char *name, const char *up,
                                        const char *down)
{
    assert(folder->migrations.repeatable_count < COUNT_OF(folder->repeatables));
    struct migration *migration = &folder->repeatables[folder->migrations.repeatable_count++];

    *migration = (struct migration){.version = "", .name = name};
    fill(folder, migration, up, down);
    return migration;
}

static struct applied applied_of(const struct folder *folder, const char *version)
{
    struct applied applied = {.version = version,
                              .name = "unknown",
                              .source_sha256 = digest_of_text("unknown"),
                              .plan = digest_of_text("earlier plan")};

    for (size_t i = 0; i < folder->migrations.count; i++) {
        if (strcmp(folder->items[i].version, version) == 0) {
            applied.name = folder->items[i].name;
            applied.source_sha256 = folder->items[i].up[ENGINE_SQLITE]->sha256;
        }
    }
    return applied;
}

/* Any id will do, as long as sets that differ have different ones. */
static void identify(struct applied_set *set)
{
    char text[512] = "set";
    size_t used = strlen(text);

    for (size_t i = 0; i < set->count; i++)
        used +=
            (size_t)snprintf(text + used, sizeof text - used, ":%s/%s/%02x", set->items[i].version,
                             set->items[i].name, set->items[i].source_sha256.bytes[0]);
    set->id = digest_of_text(text);
}

struct applied_set *folder_applied(struct folder *folder, size_t count, ...)
{
    struct applied_set *set = arena_calloc(folder->arena, 1, sizeof *set);
    struct applied *items = arena_calloc(folder->arena, count, sizeof *items);
    va_list versions;

    va_start(versions, count);
    for (size_t i = 0; i < count; i++)
        items[i] = applied_of(folder, va_arg(versions, const char *));
    va_end(versions);
    set->items = items;
    set->count = count;
    identify(set);
    return set;
}

void folder_apply_repeatable(struct folder *folder, struct applied_set *set, const char *name,
                             const char *up)
{
    struct applied *items = arena_calloc(folder->arena, set->count + 1, sizeof *items);

    if (set->count > 0)
        memcpy(items, set->items, set->count * sizeof *items);
    items[set->count] = (struct applied){.version = "",
                                         .name = name,
                                         .source_sha256 = digest_of_text(up),
                                         .plan = digest_of_text("earlier plan")};
    set->items = items;
    set->count++;
    identify(set);
}
