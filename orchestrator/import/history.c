/* What another tool's history says about the migrations of its folder. */
#include <string.h>

#include "common/arena.h"
#include "orchestrator/import.h"
#include "orchestrator/import/tools.h"

/* Which of the import's migrations an engine has applied, by index. */
struct fold {
    const struct import *import;
    enum engine_kind engine;
    const struct foreign_history *history;
    bool *applied;
};

static size_t versioned(const struct import *import)
{
    return import->count - import->repeatable_count;
}

static bool same_version(const struct import *import, const char *a, const char *b)
{
    if (import->tool->compare != NULL)
        return import->tool->compare(a, b) == 0;
    return strcmp(a, b) == 0;
}

/* A change may stand in a plan more than once: one that is in the wanted state is meant first. */
static bool find(const struct fold *fold, const char *version, bool applied, size_t *index)
{
    bool found = false;

    for (size_t i = 0; i < versioned(fold->import); i++) {
        if (!same_version(fold->import, fold->import->migrations[i].source_version, version))
            continue;
        *index = i;
        found = true;
        if (fold->applied[i] == applied)
            break;
    }
    return found;
}

static bool is_reverted_later(const struct fold *fold, const struct foreign_row *row)
{
    const struct foreign_row *end = fold->history->rows + fold->history->row_count;

    for (const struct foreign_row *later = row + 1; later < end; later++)
        if (later->state == FOREIGN_REVERTED &&
            same_version(fold->import, later->version, row->version))
            return true;
    return false;
}

/* A row of a version that the folder does not have is fine if nothing of it is left. */
static bool apply_unknown(struct fold *fold, const struct foreign_row *row, struct error *err)
{
    const struct import_tool *tool = fold->import->tool;

    if (row->state == FOREIGN_REVERTED || is_reverted_later(fold, row) ||
        (tool->origin != NULL && strcmp(row->version, tool->origin) == 0))
        return true;
    if (row->state != FOREIGN_REACHED || !tool->reaches_between)
        return error_set(err, ERROR_CONFLICT,
                         "%s's history has version %s, which the folder does not have",
                         foreign_tool_name(tool->kind), row->version);
    for (size_t i = 0; i < versioned(fold->import); i++)
        if (tool->compare(fold->import->migrations[i].source_version, row->version) < 0)
            fold->applied[i] = true;
    return true;
}

static bool apply_row(struct fold *fold, const struct foreign_row *row, struct error *err)
{
    const char *tool = foreign_tool_name(fold->import->tool->kind);
    bool reverted = row->state == FOREIGN_REVERTED;
    size_t index;

    if (row->state == FOREIGN_DIRTY || row->state == FOREIGN_FAILED)
        return error_set(err, ERROR_CONFLICT,
                         "%s's history says that version %s is %s: repair it with %s first", tool,
                         row->version, foreign_state_name(row->state), tool);
    if (!find(fold, row->version, reverted, &index))
        return apply_unknown(fold, row, err);
    fold->applied[index] = !reverted;
    if (row->state == FOREIGN_REACHED)
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
                             foreign_tool_name(fold->import->tool->kind));
        if (fold->applied[i]) {
            verdict->applied++;
            verdict->newest = migration;
        } else if (missing == NULL) {
            missing = migration;
        }
    }
    return true;
}

bool import_judge(const struct import *import, enum engine_kind engine,
                  const struct foreign_history *history, struct import_verdict *verdict,
                  struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct fold fold = {
        .import = import,
        .engine = engine,
        .history = history,
        .applied = arena_calloc(arena, import->count, sizeof *fold.applied),
    };

    *verdict = (struct import_verdict){0};
    for (size_t i = 0; i < history->row_count; i++)
        if (!apply_row(&fold, &history->rows[i], err))
            return false;
    return conclude(&fold, verdict, err);
}
