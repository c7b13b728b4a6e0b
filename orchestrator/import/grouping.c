#include "orchestrator/import/grouping.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "orchestrator/import/versions.h"
#include "plans/migration_file.h"
#include "plans/script.h"

static const char directive[] = "-- fleet: no-transaction\n";
static const char byte_order_mark[] = "\xef\xbb\xbf";

/* The pieces of one direction by engine; the last is for every engine. */
struct side {
    const struct piece *at[EVERY_ENGINE + 1];
};

/* One migration while it is put together. */
struct group {
    const struct piece *first;
    struct side up;
    struct side down;
};

static int compare_pieces(const void *a, const void *b, void *context)
{
    const struct piece *left = a;
    const struct piece *right = b;
    const struct import_tool *tool = context;
    int order = (int)left->repeatable - (int)right->repeatable;

    if (order != 0)
        return order;
    if (left->repeatable)
        return strcmp(left->key, right->key);
    if (tool->compare != NULL)
        return tool->compare(left->key, right->key);
    return (left->rank > right->rank) - (left->rank < right->rank);
}

static void place(struct reading *reading, struct group *group, const struct piece *piece)
{
    struct side *side = piece->down ? &group->down : &group->up;
    const struct piece **slot = &side->at[piece->engine];

    if (*slot != NULL)
        reading_fault(reading, piece->path, 0,
                      arena_printf(reading->arena, "the version is that of %s too", (*slot)->path));
    else
        *slot = piece;
}

static bool is_empty(const struct side *side)
{
    for (size_t i = 0; i < COUNT_OF(side->at); i++) {
        if (side->at[i] != NULL)
            return false;
    }
    return true;
}

static bool runs_on(const struct side *up, int engine)
{
    return up->at[engine] != NULL || (up->at[EVERY_ENGINE] != NULL && engine != EVERY_ENGINE) ||
           (engine == EVERY_ENGINE && !is_empty(up));
}

/* A way back from nowhere is of no use. */
static void drop_lone_downs(struct reading *reading, struct group *group)
{
    for (int i = 0; i <= EVERY_ENGINE; i++) {
        if (group->down.at[i] != NULL && !runs_on(&group->up, i)) {
            reading_note(reading, group->down.at[i]->path,
                         "a down script without an up script was left out");
            group->down.at[i] = NULL;
        }
    }
}

static bool are_equal(const struct piece *a, const struct piece *b)
{
    return a != NULL && b != NULL && a->length == b->length &&
           a->no_transaction == b->no_transaction && memcmp(a->bytes, b->bytes, a->length) == 0;
}

/* What every engine has in the same bytes is one script for all. */
static void merge(struct side *side)
{
    const struct piece *common = side->at[0];

    for (int i = 0; i < EVERY_ENGINE; i++) {
        if (!are_equal(common, side->at[i]))
            return;
    }
    if (side->at[EVERY_ENGINE] != NULL)
        return;
    memset(side->at, 0, sizeof side->at);
    side->at[EVERY_ENGINE] = common;
}

static struct group *collect(struct reading *reading, const struct import_tool *tool, size_t *count)
{
    struct group *groups = arena_calloc(reading->arena, reading->count, sizeof *groups);
    size_t made = 0;

    for (size_t i = 0; i < reading->count;) {
        const struct piece *first = &reading->pieces[i];
        struct group *group = &groups[made];

        *group = (struct group){.first = first};
        for (; i < reading->count &&
               compare_pieces(first, &reading->pieces[i], (void *)(uintptr_t)tool) == 0;
             i++)
            place(reading, group, &reading->pieces[i]);
        drop_lone_downs(reading, group);
        merge(&group->up);
        merge(&group->down);
        made += !is_empty(&group->up);
    }
    *count = made;
    return groups;
}

static const char *file_name(struct arena *arena, const struct import_migration *migration,
                             const struct piece *piece, int engine)
{
    const char *infix = engine == EVERY_ENGINE ? "" : engine_kind_name((enum engine_kind)engine);
    const char *dot = engine == EVERY_ENGINE ? "" : ".";

    if (piece->repeatable)
        return arena_printf(arena, "repeatable/%s%s%s%s.sql", migration->name, dot, infix,
                            piece->down ? ".down" : "");
    return arena_printf(arena, "%s_%s%s%s.%s.sql", migration->version, migration->name, dot, infix,
                        piece->down ? "down" : "up");
}

static void add_scripts(struct reading *reading, const struct side *side,
                        struct import_migration *migration, struct import_script *scripts)
{
    size_t mark = strlen(byte_order_mark);

    for (int i = 0; i <= EVERY_ENGINE; i++) {
        const struct piece *piece = side->at[i];

        if (piece == NULL)
            continue;
        if (piece->no_transaction && piece->length >= mark &&
            memcmp(piece->bytes, byte_order_mark, mark) == 0)
            reading_fault(reading, piece->path, 1,
                          "a directive must go before the byte order mark here; remove the mark");
        scripts[migration->script_count++] = (struct import_script){
            .file = file_name(reading->arena, migration, piece, i),
            .source = piece->path,
            .added = piece->no_transaction ? directive : "",
            .bytes = piece->bytes,
            .length = piece->length,
        };
    }
}

static const char *clean_name(struct arena *arena, const char *text)
{
    struct buffer name AUTO_BUFFER = {0};

    migration_name_clean(text, &name);
    return arena_copy(arena, buffer_text(&name), name.length);
}

static struct import_migration make(struct reading *reading, const struct group *group,
                                    const char *version)
{
    struct import_script *scripts =
        arena_calloc(reading->arena, 2 * COUNT_OF(group->up.at), sizeof *scripts);
    struct import_migration migration = {
        .version = version,
        .name = clean_name(reading->arena, group->first->name),
        .source_version = group->first->key,
        .source_name = group->first->name,
        .scripts = scripts,
    };

    for (int i = 0; i < EVERY_ENGINE; i++)
        migration.engines[i] = runs_on(&group->up, i);
    add_scripts(reading, &group->up, &migration, scripts);
    add_scripts(reading, &group->down, &migration, scripts);
    return migration;
}

/* Names of repeatables may become equal when what a name cannot have is taken out. */
static void check_repeatables(struct reading *reading, const struct import *import)
{
    size_t first = import->count - import->repeatable_count;

    for (size_t i = first; i < import->count; i++) {
        for (size_t j = first; j < i; j++) {
            if (strcmp(import->migrations[i].name, import->migrations[j].name) == 0)
                reading_fault(reading, import->migrations[i].scripts[0].source, 0,
                              arena_printf(reading->arena,
                                           "its name would be that of %s: rename it",
                                           import->migrations[j].scripts[0].source));
        }
    }
}

/* Such a script ran outside a transaction so far, and cannot run in one. */
static void find_transactionless(struct reading *reading)
{
    for (size_t i = 0; i < reading->count; i++) {
        struct piece *piece = &reading->pieces[i];
        enum engine_kind engine =
            piece->engine == EVERY_ENGINE ? ENGINE_POSTGRESQL : (enum engine_kind)piece->engine;

        piece->no_transaction =
            piece->no_transaction || script_needs_autocommit(engine, piece->bytes, piece->length);
    }
}

void group_pieces(struct reading *reading, const struct import_tool *tool, struct import *import)
{
    size_t count;
    size_t versioned = 0;

    if (tool->finds_transactionless)
        find_transactionless(reading);
    if (reading->count > 0)
        qsort_r(reading->pieces, reading->count, sizeof *reading->pieces, compare_pieces,
                (void *)(uintptr_t)tool);
    struct group *groups = collect(reading, tool, &count);
    const char **originals = arena_calloc(reading->arena, count, sizeof *originals);
    while (versioned < count && !groups[versioned].first->repeatable) {
        originals[versioned] = groups[versioned].first->number;
        versioned++;
    }
    const char *const *versions = versions_assign(reading->arena, originals, versioned);
    struct import_migration *migrations = arena_calloc(reading->arena, count, sizeof *migrations);
    for (size_t i = 0; i < count; i++)
        migrations[i] = make(reading, &groups[i], i < versioned ? versions[i] : "");
    import->tool = tool;
    import->migrations = migrations;
    import->count = count;
    import->repeatable_count = count - versioned;
    check_repeatables(reading, import);
}
