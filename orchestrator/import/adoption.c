#include "orchestrator/import/adoption.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "plans/version.h"

static const struct {
    const char *name;
    enum style style;
} states[ADOPTION_STATE_COUNT] = {
    [ADOPTION_DUE] = {"due", STYLE_GOOD},
    [ADOPTION_DONE] = {"done", STYLE_PLAIN},
    [ADOPTION_NOTHING] = {"nothing", STYLE_WARN},
    [ADOPTION_CONFLICT] = {"conflict", STYLE_BAD},
    [ADOPTION_UNREACHABLE] = {"unreachable", STYLE_BAD},
};

static bool has_applied(const struct applied_set *set, const struct import_migration *migration)
{
    for (size_t i = 0; i < set->count; i++)
        if (version_is_valid(set->items[i].version) &&
            version_compare(set->items[i].version, migration->version) == 0)
            return true;
    return false;
}

static enum adoption_state judge(const struct import *import, const struct surveyed *item,
                                 struct import_verdict *verdict, struct error *err)
{
    const char *tool = foreign_tool_name(import_tool_of(import));

    if (!import_judge(import, item->target->engine, item->foreign, verdict, err))
        return ADOPTION_CONFLICT;
    if (verdict->newest == NULL)
        return ADOPTION_NOTHING;
    if (item->status.seq == 0)
        return ADOPTION_DUE;
    if (has_applied(item->applied, verdict->newest))
        return ADOPTION_DONE;
    error_set(err, ERROR_CONFLICT,
              "fleet has a history there, in which %s's version %s is missing: take it back with "
              "%s, then fleet apply brings it",
              tool, verdict->newest->source_version, tool);
    return ADOPTION_CONFLICT;
}

struct adoption *adoption_judge(const struct import *import, const struct survey *survey)
{
    AUTO(adoption) struct adoption *adoption = xcalloc(1, sizeof *adoption);

    adoption->arena = arena_new();
    adoption->import = import;
    adoption->survey = survey;
    adoption->items = arena_calloc(adoption->arena, survey->count, sizeof *adoption->items);
    adoption->each_to = arena_calloc(adoption->arena, survey->count, sizeof *adoption->each_to);
    for (size_t i = 0; i < survey->count; i++) {
        const struct surveyed *item = &survey->items[i];
        struct adopted *adopted = &adoption->items[i];

        if (item->reached)
            adopted->state = judge(import, item, &adopted->verdict, &adopted->error);
        else
            *adopted = (struct adopted){.state = ADOPTION_UNREACHABLE, .error = item->error};
        if (adopted->state == ADOPTION_DUE)
            adoption->each_to[i] = adopted->verdict.newest->version;
        adoption->counts[adopted->state]++;
    }
    return TAKE(adoption);
}

void adoption_free(struct adoption *adoption)
{
    if (adoption == NULL)
        return;
    arena_free(adoption->arena);
    free(adoption);
}

/* The first conflicts, and how many more there are. */
static void describe_conflicts(const struct adoption *adoption, struct buffer *out)
{
    enum { NAMED = 3 };
    size_t named = 0;

    for (size_t i = 0; i < adoption->survey->count && named < NAMED; i++)
        if (adoption->items[i].state == ADOPTION_CONFLICT)
            buffer_printf(out, "%s%s: %s", named++ > 0 ? "; " : "",
                          adoption->survey->items[i].target->name,
                          adoption->items[i].error.message);
    if (adoption->counts[ADOPTION_CONFLICT] > named)
        buffer_printf(out, "; and %zu more", adoption->counts[ADOPTION_CONFLICT] - named);
}

bool adoption_check(const struct adoption *adoption, struct error *err)
{
    const size_t *counts = adoption->counts;
    AUTO_BUFFER struct buffer conflicts = {0};

    if (counts[ADOPTION_CONFLICT] > 0) {
        describe_conflicts(adoption, &conflicts);
        return error_set(err, ERROR_CONFLICT,
                         "%zu of %zu targets cannot be taken, so nothing was marked on any: %s",
                         counts[ADOPTION_CONFLICT], adoption->survey->count,
                         buffer_text(&conflicts));
    }
    if (counts[ADOPTION_NOTHING] > 0 && counts[ADOPTION_DUE] + counts[ADOPTION_DONE] == 0)
        return error_set(err, ERROR_CONFLICT,
                         "%s has applied nothing on any of these targets; if its history has a "
                         "table of another name, say so with --history-table",
                         foreign_tool_name(import_tool_of(adoption->import)));
    return true;
}

static const struct report_column columns[] = {
    {.key = "target", .title = "TARGET"},
    {.key = "engine", .title = "ENGINE", .only_data = true},
    {.key = "state", .title = "STATE"},
    {.key = "source_version", .title = "ITS VERSION"},
    {.key = "version", .title = "VERSION"},
    {.key = "applied", .title = "APPLIED", .is_number = true},
    {.key = "detail", .title = "DETAIL"},
};

/* Why, where there is something to say beside the versions. */
static const char *detail_of(const struct surveyed *item, const struct adopted *adopted)
{
    if (adopted->error.code != ERROR_NONE)
        return adopted->error.message;
    return item->foreign->present ? NULL : "the tool has no table there";
}

static void report_item(struct report *report, const struct surveyed *item,
                        const struct adopted *adopted)
{
    const struct import_migration *newest = adopted->verdict.newest;

    report_row(report);
    report_text(report, item->target->name, STYLE_NAME);
    report_text(report, engine_kind_name(item->target->engine), STYLE_PLAIN);
    report_text(report, states[adopted->state].name, states[adopted->state].style);
    report_text(report, newest != NULL ? newest->source_version : NULL, STYLE_PLAIN);
    report_text(report, newest != NULL ? newest->version : NULL, STYLE_PLAIN);
    if (adopted->error.code == ERROR_NONE)
        report_number(report, (int64_t)adopted->verdict.applied);
    else
        report_text(report, NULL, STYLE_PLAIN);
    report_text(report, detail_of(item, adopted), STYLE_PLAIN);
}

void adoption_print(const struct adoption *adoption, enum report_form form,
                    const struct terminal *terminal)
{
    AUTO(report) struct report *report = report_new(columns, COUNT_OF(columns));

    for (size_t i = 0; i < adoption->survey->count; i++)
        report_item(report, &adoption->survey->items[i], &adoption->items[i]);
    report_print(report, "histories", form, terminal);
}

bool adoption_check_folder(const struct import *import, const struct migrations *migrations,
                           struct error *err)
{
    size_t count = import->count - import->repeatable_count;

    for (size_t i = 0; i < count; i++) {
        const struct import_migration *theirs = &import->migrations[i];
        const struct migration *ours = i < migrations->count ? &migrations->items[i] : NULL;

        if (ours == NULL || strcmp(ours->version, theirs->version) != 0 ||
            strcmp(ours->name, theirs->name) != 0)
            return error_set(err, ERROR_CONFIG,
                             "%s is not the import of that folder: %s_%s should be its migration "
                             "%zu, but %s%s%s is; fleet import without --baseline makes it",
                             migrations->directory, theirs->version, theirs->name, i + 1,
                             ours != NULL ? ours->version : "none", ours != NULL ? "_" : "",
                             ours != NULL ? ours->name : "");
    }
    return true;
}
