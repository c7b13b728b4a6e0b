#include "plans/migrations.h"

#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/list.h"
#include "common/memory.h"
#include "plans/folder.h"
#include "plans/schema/replay.h"
#include "plans/version.h"

/* What migrations_load hands out is the first member. */
struct document {
    struct migrations migrations;
    struct arena *arena;
};

/* Files by what they belong to: repeatables last, then by version and name, ups before downs,
   scripts for every engine before those for one. */
static int compare_places(const void *a, const void *b)
{
    const struct folder_file *left = *(const struct folder_file *const *)a;
    const struct folder_file *right = *(const struct folder_file *const *)b;
    int order = (int)left->repeatable - (int)right->repeatable;

    if (order == 0 && !left->repeatable)
        order = version_compare(left->parts.version, right->parts.version);
    if (order == 0)
        order = strcmp(left->parts.version, right->parts.version);
    if (order == 0)
        order = strcmp(left->parts.name, right->parts.name);
    if (order == 0)
        order = (int)left->parts.kind - (int)right->parts.kind;
    if (order == 0)
        order = (int)left->parts.for_one_engine - (int)right->parts.for_one_engine;
    return order;
}

static bool belong_together(const struct folder_file *a, const struct folder_file *b)
{
    return a->repeatable == b->repeatable && strcmp(a->parts.version, b->parts.version) == 0 &&
           strcmp(a->parts.name, b->parts.name) == 0;
}

struct grouping {
    struct arena *arena;
    const char *directory;
    struct diagnostics *faults;
    const struct folder_file **files; /* in the order of compare_places */
    size_t count;
};

static void add_fault(const struct grouping *grouping, const struct folder_file *file,
                      const char *reason)
{
    diagnostics_add(grouping->faults, ERROR_CONFIG,
                    arena_printf(grouping->arena, "%s/%s", grouping->directory, file->script.file),
                    0, "%s", reason);
}

/* Gives the script to the engines that it is for; specific ones come later and so prevail. */
static void assign(const struct folder_file *file, const struct migration_script **slots)
{
    for (int i = 0; i < ENGINE_KIND_COUNT; i++) {
        if (!file->parts.for_one_engine || (int)file->parts.engine == i)
            slots[i] = &file->script;
    }
}

/* A down for all engines goes with whichever have an up. */
static void assign_down(const struct grouping *grouping, const struct folder_file *file,
                        struct migration *migration)
{
    const struct migration_script *slots[ENGINE_KIND_COUNT] = {0};
    bool used = false;

    assign(file, slots);
    for (int i = 0; i < ENGINE_KIND_COUNT; i++) {
        if (slots[i] != NULL && migration->up[i] != NULL) {
            migration->down[i] = slots[i];
            used = true;
        }
    }
    if (!used)
        add_fault(grouping, file, "a down script without an up script");
}

static bool has_scripts(const struct migration *migration)
{
    for (int i = 0; i < ENGINE_KIND_COUNT; i++)
        if (migration->up[i] != NULL)
            return true;
    return false;
}

static void add_change(const struct grouping *grouping, const struct folder_file *file,
                       struct migration *migration)
{
    if (file->parts.for_one_engine)
        add_fault(grouping, file, "a portable change is for every engine: leave the engine out");
    else if (has_scripts(migration))
        add_fault(grouping, file,
                  "a portable change has its way up and down: it cannot have .up.sql too");
    else
        migration->change = &file->script;
}

static void add_file(const struct grouping *grouping, const struct folder_file *file,
                     struct migration *migration)
{
    switch (file->parts.kind) {
    case SCRIPT_UP:
        assign(file, migration->up);
        break;
    case SCRIPT_DOWN:
        assign_down(grouping, file, migration);
        break;
    case SCRIPT_CHANGE:
        add_change(grouping, file, migration);
        break;
    }
}

/* One migration from the files at *next, which is moved past them. */
static struct migration take_migration(const struct grouping *grouping, size_t *next)
{
    const struct folder_file *first = grouping->files[*next];
    struct migration migration = {.version = first->parts.version, .name = first->parts.name};

    while (*next < grouping->count && belong_together(grouping->files[*next], first))
        add_file(grouping, grouping->files[(*next)++], &migration);
    return migration;
}

/* Two migrations with one version would have no order. */
static void check_versions(const struct grouping *grouping)
{
    for (size_t i = 1; i < grouping->count; i++) {
        const struct folder_file *before = grouping->files[i - 1];
        const struct folder_file *file = grouping->files[i];

        if (!file->repeatable && !belong_together(before, file) &&
            version_compare(before->parts.version, file->parts.version) == 0)
            add_fault(grouping, file,
                      arena_printf(grouping->arena,
                                   "the version equals that of %s; give it another",
                                   before->script.file));
    }
}

static void group(struct grouping *grouping, struct migrations *migrations)
{
    struct migration *items = arena_calloc(grouping->arena, grouping->count, sizeof *items);
    size_t next = 0;
    size_t made = 0;

    while (next < grouping->count && !grouping->files[next]->repeatable)
        items[made++] = take_migration(grouping, &next);
    replay_changes(grouping->arena, grouping->directory, items, made, grouping->faults);
    migrations->items = items;
    migrations->count = made;
    while (next < grouping->count)
        items[made++] = take_migration(grouping, &next);
    migrations->repeatables = items + migrations->count;
    migrations->repeatable_count = made - migrations->count;
}

static void load(struct document *document, const char *directory, enum sum_check check,
                 struct diagnostics *faults)
{
    struct arena *arena = document->arena;
    struct folder folder;

    document->migrations.directory = arena_strdup(arena, directory);
    folder_read(arena, directory, check, &folder, faults);
    folder_check_sum(directory, &folder, faults);
    struct grouping grouping = {
        .arena = arena,
        .directory = directory,
        .faults = faults,
        .files = arena_calloc(arena, folder.count, sizeof *grouping.files),
        .count = folder.count,
    };
    for (size_t i = 0; i < folder.count; i++)
        grouping.files[i] = &folder.files[i];
    if (folder.count > 0)
        qsort(grouping.files, folder.count, sizeof *grouping.files, compare_places);
    check_versions(&grouping);
    group(&grouping, &document->migrations);
}

const struct migrations *migrations_load(const char *directory, enum sum_check check,
                                         struct diagnostics *faults)
{
    size_t faults_before = diagnostics_count(faults);
    struct document *document = xcalloc(1, sizeof *document);

    document->arena = arena_new();
    load(document, directory, check, faults);
    if (diagnostics_count(faults) == faults_before)
        return &document->migrations;
    migrations_free(&document->migrations);
    return NULL;
}

void migrations_free(const struct migrations *migrations)
{
    struct document *document = (struct document *)(uintptr_t)migrations;

    if (document == NULL)
        return;
    arena_free(document->arena);
    free(document);
}

bool migrations_write_sum(const char *directory, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    AUTO(diagnostics) struct diagnostics *faults = diagnostics_new();
    AUTO(text) char *path = xasprintf("%s/fleet.sum", directory);
    struct buffer text AUTO_BUFFER = {0};
    struct folder folder;

    folder_read(arena, directory, SUM_IGNORED, &folder, faults);
    if (!diagnostics_ok(faults, err))
        return false;
    struct sum_entry *entries = arena_calloc(arena, folder.count, sizeof *entries);
    for (size_t i = 0; i < folder.count; i++)
        entries[i] = (struct sum_entry){.path = folder.files[i].script.file,
                                        .sha256 = folder.files[i].script.sha256};
    sum_write(&(struct sum){.entries = entries, .count = folder.count}, &text);
    return file_write(path, buffer_text(&text), text.length, 0644, err);
}

static int compare_version(const void *key, const void *element)
{
    const struct migration *migration = element;

    return version_compare(key, migration->version);
}

const struct migration *migrations_find(const struct migrations *migrations, const char *version)
{
    if (migrations->count == 0)
        return NULL;
    return bsearch(version, migrations->items, migrations->count, sizeof *migrations->items,
                   compare_version);
}

/* A script that more than one target or engine has is reported for the first of them only. */
static bool was_reported(const struct applied_script *applied, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (version_compare(applied[i].version, applied[index].version) == 0 &&
            digest_equal(&applied[i].sha256, &applied[index].sha256))
            return true;
    }
    return false;
}

void migrations_check_applied(const struct migrations *migrations,
                              const struct applied_script *applied, size_t count,
                              struct diagnostics *faults)
{
    for (size_t i = 0; i < count; i++) {
        if (applied[i].version[0] == '\0')
            continue;
        const struct migration *migration = migrations_find(migrations, applied[i].version);
        const struct migration_script *up =
            migration != NULL ? migration->up[applied[i].engine] : NULL;
        bool same = up != NULL && (digest_is_none(&applied[i].sha256) ||
                                   digest_equal(&up->sha256, &applied[i].sha256));
        if (same || was_reported(applied, i))
            continue;
        AUTO(text)
        char *path = xasprintf("%s/%s", migrations->directory, up != NULL ? up->file : "");
        if (up != NULL)
            diagnostics_add(faults, ERROR_CONFLICT, path, 0,
                            "targets have applied this file with other bytes: restore them, and "
                            "put the change into a new migration");
        else
            diagnostics_add(faults, ERROR_CONFLICT, migrations->directory, 0,
                            "targets have applied %s_%s (%s), which is missing here: restore its "
                            "files",
                            applied[i].version, applied[i].name,
                            engine_kind_name(applied[i].engine));
    }
}
