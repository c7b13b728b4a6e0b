#include "plans/migration_facts.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/text.h"
#include "plans/script.h"

struct slot {
    struct migration_facts facts;
    struct diagnostics *faults;
    bool is_known;
};

struct fact_finder {
    const struct migrations *migrations;
    const char *environment;
    struct plan_builder *builder;
    struct slot *versioned; /* ENGINE_KIND_COUNT for each migration */
    struct slot *repeatables;
};

struct fact_finder *fact_finder_new(const struct migrations *migrations, const char *environment,
                                    struct plan_builder *builder)
{
    struct fact_finder *finder = xcalloc(1, sizeof *finder);

    finder->migrations = migrations;
    finder->environment = environment;
    finder->builder = builder;
    finder->versioned = xcalloc(migrations->count * ENGINE_KIND_COUNT, sizeof(struct slot));
    finder->repeatables =
        xcalloc(migrations->repeatable_count * ENGINE_KIND_COUNT, sizeof(struct slot));
    return finder;
}

static void free_slots(struct slot *slots, size_t count)
{
    for (size_t i = 0; i < count; i++)
        diagnostics_free(slots[i].faults);
    free(slots);
}

void fact_finder_free(struct fact_finder *finder)
{
    if (finder == NULL)
        return;
    free_slots(finder->versioned, finder->migrations->count * ENGINE_KIND_COUNT);
    free_slots(finder->repeatables, finder->migrations->repeatable_count * ENGINE_KIND_COUNT);
    free(finder);
}

/* A migration's scripts as they were parsed; down is empty if there is no file. */
struct parsed {
    const struct migration_script *up_file;
    const struct migration_script *down_file; /* NULL if there is none */
    struct script up;
    struct script down;
};

static bool parse(struct arena *arena, enum engine_kind engine, const struct migration_script *file,
                  struct script *script, struct diagnostics *faults)
{
    if (file->fault != NULL) {
        diagnostics_add(faults, ERROR_UNSUPPORTED, file->file, file->fault_line, "%s", file->fault);
        return false;
    }
    return script_parse(arena, engine, file->file, file->sql, file->length, script, faults);
}

static bool runs_in(const struct directives *directives, const char *environment)
{
    for (size_t i = 0; i < directives->environment_count; i++)
        if (strcmp(directives->environments[i], environment) == 0)
            return true;
    return directives->environment_count == 0;
}

static struct plan_part part_of(struct fact_finder *finder, const struct migration_script *file)
{
    return (struct plan_part){
        .file = arena_strdup(plan_builder_arena(finder->builder), file->file),
        .script = plan_builder_script(finder->builder, file->sql, file->length),
    };
}

static const char *irreversible_reason(struct fact_finder *finder, const struct parsed *parsed)
{
    AUTO_BUFFER struct buffer reason = {0};
    const char *given = parsed->up.directives.irreversible;

    if (given == NULL)
        given = parsed->down.directives.irreversible;
    if (given == NULL)
        return NULL;
    buffer_append_text(&reason, "it says that it is irreversible: ");
    text_append_escaped(&reason, given, strnlen(given, 200), false);
    return arena_strdup(plan_builder_arena(finder->builder), reason.bytes);
}

/* An up script that runs nothing is taken back by running nothing; any other one needs a down
   script that runs something, or says that nothing is to be undone. */
static void find_way_back(struct fact_finder *finder, const struct parsed *parsed,
                          struct plan_step *step)
{
    bool up_is_empty = parsed->up.count == 0;

    step->no_way_back = irreversible_reason(finder, parsed);
    if (step->no_way_back != NULL)
        return;
    if (parsed->down_file == NULL && !up_is_empty)
        step->no_way_back = "there is no down script";
    else if (parsed->down_file == NULL)
        step->undo = step->run;
    else if (parsed->down.count == 0 && !up_is_empty && !parsed->down.directives.nothing_to_undo)
        step->no_way_back = "its down script is empty";
    else
        step->undo = part_of(finder, parsed->down_file);
}

static void find(struct fact_finder *finder, const struct migration *migration,
                 enum engine_kind engine, struct slot *slot)
{
    AUTO(arena) struct arena *arena = arena_new();
    AUTO(diagnostics) struct diagnostics *faults = diagnostics_new();
    struct arena *texts = plan_builder_arena(finder->builder);
    struct parsed parsed = {.up_file = migration->up[engine], .down_file = migration->down[engine]};
    bool is_sound = parse(arena, engine, parsed.up_file, &parsed.up, faults);

    slot->is_known = true;
    slot->facts.runs_here = !is_sound || runs_in(&parsed.up.directives, finder->environment);
    slot->facts.step = (struct plan_step){
        .version = arena_strdup(texts, migration->version),
        .name = arena_strdup(texts, migration->name),
        .direction = migration->version[0] == '\0' ? DIRECTION_REPEAT : DIRECTION_UP,
        .source_sha256 = parsed.up_file->sha256,
    };
    if (parsed.down_file != NULL)
        is_sound &= parse(arena, engine, parsed.down_file, &parsed.down, faults);
    if (is_sound) {
        slot->facts.step.run = part_of(finder, parsed.up_file);
        find_way_back(finder, &parsed, &slot->facts.step);
    } else {
        slot->faults = TAKE(faults);
        slot->facts.faults = slot->faults;
    }
}

const struct migration_facts *fact_finder_versioned(struct fact_finder *finder, size_t index,
                                                    enum engine_kind engine)
{
    struct slot *slot = &finder->versioned[index * ENGINE_KIND_COUNT + (size_t)engine];

    if (!slot->is_known)
        find(finder, &finder->migrations->items[index], engine, slot);
    return &slot->facts;
}

const struct migration_facts *fact_finder_repeatable(struct fact_finder *finder, size_t index,
                                                     enum engine_kind engine)
{
    struct slot *slot = &finder->repeatables[index * ENGINE_KIND_COUNT + (size_t)engine];

    if (!slot->is_known)
        find(finder, &finder->migrations->repeatables[index], engine, slot);
    return &slot->facts;
}
