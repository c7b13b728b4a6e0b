#include "plans/lint/lint.h"

#include <string.h>

#include "common/list.h"
#include "plans/lint/pattern.h"
#include "plans/script.h"

struct linting {
    struct arena *arena;
    const struct lint_settings *settings;
    struct lint_finding *findings;
    size_t count;
};

struct names {
    const char **items;
    size_t count;
};

/* One script as one engine runs it. */
struct looking {
    struct linting *linting;
    const char *file;
    enum engine_kind engine;
    bool is_rendered; /* from a change: lines are not the file's */
    const struct directives *directives;
    struct names created;  /* tables and indexes, so far */
    struct names made;     /* in the whole script, also by a rename */
    struct names replaced; /* in the whole script: what gets its name by a rename */
    bool *used;            /* waivers */
};

static const struct waiver *find_waiver(const struct looking *looking, const char *rule)
{
    const struct directives *directives = looking->directives;

    for (size_t i = 0; i < directives->waiver_count; i++)
        if (strcmp(directives->waivers[i].rule, rule) == 0) {
            looking->used[i] = true;
            return &directives->waivers[i];
        }
    return NULL;
}

static void add(struct looking *looking, const struct lint_finding *finding)
{
    struct linting *linting = looking->linting;
    unsigned engine = 1u << looking->engine;

    for (size_t i = linting->count; i > 0; i--) {
        struct lint_finding *earlier = &linting->findings[i - 1];

        if (strcmp(earlier->file, finding->file) != 0)
            break;
        if (earlier->line == finding->line && strcmp(earlier->rule, finding->rule) == 0) {
            earlier->engines |= engine;
            return;
        }
    }
    linting->findings =
        list_room(linting->arena, linting->findings, linting->count, sizeof *linting->findings);
    linting->findings[linting->count] = *finding;
    linting->findings[linting->count++].engines = engine;
}

static void report(struct looking *looking, const struct lint_rule *rule, int line)
{
    const struct waiver *waiver = find_waiver(looking, rule->id);
    enum lint_severity severity = looking->linting->settings->severity[rule - lint_rules];

    if (severity == LINT_OFF)
        return;
    add(looking, &(struct lint_finding){.file = looking->file,
                                        .line = looking->is_rendered ? 0 : line,
                                        .rule = rule->id,
                                        .severity = waiver != NULL ? LINT_OFF : severity,
                                        .hazard = rule->hazard,
                                        .safer = rule->safer,
                                        .reason = waiver != NULL ? waiver->reason : NULL});
}

/* Without its schema a name may mean one that was made with it. */
static bool is_same_name(const char *one, const char *other)
{
    const char *left = strrchr(one, '.');
    const char *right = strrchr(other, '.');

    if (left != NULL && right != NULL)
        return strcmp(one, other) == 0;
    return strcmp(left != NULL ? left + 1 : one, right != NULL ? right + 1 : other) == 0;
}

static bool is_among(const char *name, const struct names *names)
{
    for (size_t i = 0; name != NULL && i < names->count; i++)
        if (is_same_name(names->items[i], name))
            return true;
    return false;
}

static bool concerns(const struct looking *looking, const struct lint_rule *rule, const char *table)
{
    if (rule->also_new)
        return true;
    if (is_among(table, &looking->created))
        return false;
    return !(rule->excuse == EXCUSE_MADE_AGAIN && is_among(table, &looking->made)) &&
           !(rule->excuse == EXCUSE_REPLACED && is_among(table, &looking->replaced));
}

static void match_rules(struct looking *looking, const struct lint_words *words, int line)
{
    struct arena *arena = looking->linting->arena;

    for (size_t i = 0; i < lint_rule_count; i++) {
        const struct lint_rule *rule = &lint_rules[i];

        if ((rule->engines & 1u << looking->engine) == 0)
            continue;
        for (size_t j = 0; j < LINT_PATTERNS_MAX && rule->patterns[j] != NULL; j++) {
            const char *table;

            if (!lint_pattern_matches(rule->patterns[j], words, arena, &table))
                continue;
            if (concerns(looking, rule, table))
                report(looking, rule, line);
            break;
        }
    }
}

static void note_name(struct arena *arena, const char *name, struct names *names)
{
    names->items = list_room(arena, names->items, names->count, sizeof *names->items);
    names->items[names->count++] = name;
}

/* The names that a statement gives, to what is new or to what had another. */
static void note_names(struct arena *arena, const struct lint_words *words, struct names *created,
                       struct names *replaced)
{
    static const char *const creations[] = {
        "CREATE GLOBAL|LOCAL? TEMP|TEMPORARY|UNLOGGED? TABLE IF? NOT? EXISTS? $t",
        "CREATE MATERIALIZED VIEW IF? NOT? EXISTS? $t",
        "CREATE UNIQUE? INDEX CONCURRENTLY? IF? NOT? EXISTS? $t ON"};
    static const char *const renames[] = {"ALTER TABLE IF? EXISTS? ONLY? $ RENAME TO $t",
                                          "RENAME TABLE|TABLES $ TO $t"};
    const char *name;

    for (size_t i = 0; i < COUNT_OF(creations); i++)
        if (lint_pattern_matches(creations[i], words, arena, &name))
            note_name(arena, name, created);
    for (size_t i = 0; i < COUNT_OF(renames); i++)
        if (lint_pattern_matches(renames[i], words, arena, &name)) {
            note_name(arena, name, created);
            if (replaced != NULL)
                note_name(arena, name, replaced);
        }
}

/* MySQL adds several columns in brackets: each is as if it stood alone. */
static void look_at_action(struct looking *looking, const struct lint_words *action, size_t head,
                           int line)
{
    struct arena *arena = looking->linting->arena;
    struct lint_words column = {.items = arena_calloc(arena, action->count, sizeof *column.items)};
    size_t at = head + 1; /* behind ADD */
    const char *table;

    if (!lint_pattern_matches("ALTER TABLE IF? EXISTS? ONLY? $t ADD COLUMN? (", action, arena,
                              &table)) {
        match_rules(looking, action, line);
        return;
    }
    at += strcmp(action->items[at].text, "COLUMN") == 0 ? 2 : 1;
    memcpy(column.items, action->items, (head + 1) * sizeof *column.items);
    column.count = head + 1;
    for (; at < action->count; at++) {
        struct lint_word word = action->items[at];
        bool ends = word.depth == 0 || (word.depth == 1 && strcmp(word.text, ",") == 0);

        word.depth--;
        if (!ends)
            column.items[column.count++] = word;
        if (ends && column.count > head + 1) {
            match_rules(looking, &column, line);
            column.count = head + 1;
        }
    }
}

/* ALTER TABLE with several actions is looked at action by action. */
static void look_at_actions(struct looking *looking, const struct lint_words *words, int line)
{
    struct arena *arena = looking->linting->arena;
    struct lint_words action = {.items = arena_calloc(arena, words->count, sizeof *action.items)};
    size_t head = 2;

    while (head < words->count && strcmp(words->items[head].text, "IF") == 0)
        head += 2; /* IF EXISTS */
    head += head < words->count && strcmp(words->items[head].text, "ONLY") == 0;
    head += 1;
    while (head < words->count && words->items[head].glued)
        head++;
    for (size_t at = head; at < words->count; at++) {
        size_t length = 0;

        while (at + length < words->count && !(strcmp(words->items[at + length].text, ",") == 0 &&
                                               words->items[at + length].depth == 0))
            length++;
        memcpy(action.items, words->items, head * sizeof *action.items);
        memcpy(action.items + head, words->items + at, length * sizeof *action.items);
        action.count = head + length;
        look_at_action(looking, &action, head, line);
        at += length;
    }
}

static void look_at(struct looking *looking, const struct statement *statement)
{
    struct arena *arena = looking->linting->arena;
    const char *table;
    const struct lint_words words =
        lint_words_of(arena, looking->engine, statement->sql, statement->length);

    if (lint_pattern_matches("ALTER TABLE IF? EXISTS? ONLY? $t", &words, arena, &table))
        look_at_actions(looking, &words, statement->line);
    else
        match_rules(looking, &words, statement->line);
    note_names(arena, &words, &looking->created, NULL);
}

static void add_about_waiver(struct looking *looking, const char *id, enum lint_severity severity,
                             const struct waiver *waiver, const char *hazard, const char *safer)
{
    add(looking, &(struct lint_finding){
                     .file = looking->file,
                     .rule = id,
                     .severity = severity,
                     .hazard = arena_printf(looking->linting->arena, "%s %s", waiver->rule, hazard),
                     .safer = safer});
}

static void look_at_waivers(struct looking *looking)
{
    const struct directives *directives = looking->directives;

    for (size_t i = 0; i < directives->waiver_count; i++) {
        const struct waiver *waiver = &directives->waivers[i];
        const struct lint_rule *rule = lint_rule_find(waiver->rule);

        if (rule == NULL)
            add_about_waiver(looking, "unknown-waiver", LINT_WARNING, waiver, "is no rule",
                             "docs/lint.md has those that there are");
        else if (!looking->used[i] && (rule->engines & 1u << looking->engine) != 0)
            add_about_waiver(looking, "idle-waiver", LINT_NOTE, waiver, "is allowed and not done",
                             "take the directive out");
    }
}

static void add_unreadable(struct looking *looking, const struct migration_script *script,
                           const struct diagnostics *faults)
{
    struct arena *arena = looking->linting->arena;
    const struct error *first = diagnostics_count(faults) > 0 ? diagnostics_at(faults, 0) : NULL;
    int line = first != NULL ? first->line : script->fault_line;

    add(looking, &(struct lint_finding){
                     .file = looking->file,
                     .line = line,
                     .rule = "unreadable",
                     .severity = LINT_ERROR,
                     .hazard = first != NULL ? arena_strdup(arena, first->message) : script->fault,
                     .safer = "mend it: fleet plan refuses it too"});
}

static void look_at_script(struct linting *linting, const struct migration_script *script,
                           enum engine_kind engine, bool is_rendered)
{
    AUTO(diagnostics) struct diagnostics *faults = diagnostics_new();
    struct script parsed;

    if (script == NULL)
        return;
    struct looking looking = {
        .linting = linting,
        .file = script->file,
        .engine = engine,
        .is_rendered = is_rendered,
        .directives = &parsed.directives,
    };
    if (script->fault != NULL || !script_parse(linting->arena, engine, script->file, script->sql,
                                               script->length, &parsed, faults)) {
        add_unreadable(&looking, script, faults);
        return;
    }
    looking.used = arena_calloc(linting->arena, parsed.directives.waiver_count, sizeof(bool));
    for (size_t i = 0; i < parsed.count; i++) {
        const struct statement *statement = &parsed.statements[i];
        const struct lint_words words =
            lint_words_of(linting->arena, engine, statement->sql, statement->length);

        note_names(linting->arena, &words, &looking.made, &looking.replaced);
    }
    for (size_t i = 0; i < parsed.count; i++)
        look_at(&looking, &parsed.statements[i]);
    look_at_waivers(&looking);
}

static void look_at_migrations(struct linting *linting, const struct migration *items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (int engine = 0; engine < ENGINE_KIND_COUNT; engine++)
            if ((linting->settings->engines & 1u << engine) != 0)
                look_at_script(linting, items[i].up[engine], (enum engine_kind)engine,
                               items[i].change != NULL);
}

const struct lint_finding *lint_folder(struct arena *arena, const struct migrations *migrations,
                                       const struct lint_settings *settings, size_t *count)
{
    struct linting linting = {.arena = arena, .settings = settings};

    look_at_migrations(&linting, migrations->items, migrations->count);
    look_at_migrations(&linting, migrations->repeatables, migrations->repeatable_count);
    *count = linting.count;
    return linting.findings;
}
