/*
 * What another tool's history says. Its query gives, for each row, a version and one of these
 * states: "applied" and "reverted" are about the version, "reached" about it and all before it,
 * "dirty" and "failed" are for a person to put right.
 */
#include <string.h>

#include "common/arena.h"
#include "common/buffer.h"
#include "orchestrator/import.h"
#include "orchestrator/import/tools.h"

char *import_history_query(const struct import *import, enum engine_kind engine, const char *table,
                           struct error *err)
{
    static const char characters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.";
    const struct import_tool *tool = import->tool;
    const char *place = table != NULL ? table : tool->tables[engine];
    struct buffer query AUTO_BUFFER = {0};

    if (place == NULL) {
        error_set(err, ERROR_UNSUPPORTED,
                  "%s keeps its history of %s outside the target's database, so it cannot be asked",
                  tool->name, engine_kind_name(engine));
        return NULL;
    }
    if (*place == '\0' || strspn(place, characters) != strlen(place)) {
        error_set(err, ERROR_USAGE, "\"%s\" is not the name of a table", place);
        return NULL;
    }
    for (const char *p = tool->query; *p != '\0'; p++) {
        bool directive = *p == '%';

        p += directive;
        if (directive && *p == 's')
            buffer_append_text(&query, place);
        else
            buffer_append_char(&query, *p);
    }
    return buffer_take(&query);
}

/* Which of the import's migrations an engine has applied, by index. */
struct fold {
    const struct import *import;
    enum engine_kind engine;
    bool *applied;
};

static size_t versioned(const struct import *import)
{
    return import->count - import->repeatable_count;
}

static bool is_key(const struct import *import, size_t index, const char *version)
{
    const char *key = import->migrations[index].source_version;

    if (import->tool->compare != NULL)
        return import->tool->compare(key, version) == 0;
    return strcmp(key, version) == 0;
}

/* A change may stand in a plan more than once: one that is in the wanted state is meant first. */
static bool find(const struct fold *fold, const char *version, bool applied, size_t *index)
{
    bool found = false;

    for (size_t i = 0; i < versioned(fold->import); i++) {
        if (!is_key(fold->import, i, version))
            continue;
        *index = i;
        found = true;
        if (fold->applied[i] == applied)
            break;
    }
    return found;
}

static bool apply_row(struct fold *fold, const struct import_row *row, struct error *err)
{
    const char *tool = fold->import->tool->name;
    bool reverted = strcmp(row->state, "reverted") == 0;
    size_t index;

    if (strcmp(row->state, "dirty") == 0 || strcmp(row->state, "failed") == 0)
        return error_set(err, ERROR_CONFLICT,
                         "%s's history says that version %s is %s: repair it with %s first", tool,
                         row->version, row->state, tool);
    if (!find(fold, row->version, reverted, &index)) {
        const char *origin = fold->import->tool->origin;

        if (origin != NULL && strcmp(row->version, origin) == 0)
            return true;
        return error_set(err, ERROR_CONFLICT,
                         "%s's history has version %s, which the folder does not have", tool,
                         row->version);
    }
    fold->applied[index] = !reverted;
    if (strcmp(row->state, "reached") == 0)
        memset(fold->applied, true, index);
    return true;
}

/* Migrations that the engine has no script for count neither as applied nor as missing. */
static bool conclude(const struct fold *fold, struct import_verdict *verdict, struct error *err)
{
    const struct import_migration *missing = NULL;

    for (size_t i = 0; i < versioned(fold->import); i++) {
        const struct import_migration *migration = &fold->import->migrations[i];

        if (!migration->engines[fold->engine])
            continue;
        if (fold->applied[i] && missing != NULL)
            return error_set(err, ERROR_CONFLICT,
                             "version %s is not applied, though the later %s is: apply it with %s "
                             "first",
                             missing->source_version, migration->source_version,
                             fold->import->tool->name);
        if (fold->applied[i]) {
            verdict->applied++;
            verdict->newest = migration->version;
        } else if (missing == NULL) {
            missing = migration;
        }
    }
    return true;
}

bool import_judge(const struct import *import, enum engine_kind engine,
                  const struct import_row *rows, size_t count, struct import_verdict *verdict,
                  struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct fold fold = {
        .import = import,
        .engine = engine,
        .applied = arena_calloc(arena, import->count, sizeof *fold.applied),
    };

    *verdict = (struct import_verdict){0};
    for (size_t i = 0; i < count; i++) {
        if (rows[i].version != NULL && !apply_row(&fold, &rows[i], err))
            return false;
    }
    return conclude(&fold, verdict, err);
}
