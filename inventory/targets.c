#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buffer.h"
#include "common/memory.h"
#include "inventory/builder.h"

enum { TARGETS_LIMIT = 1000000 };

/* A target's section with what it refers to. */
struct draft {
    const struct found_section *found;
    struct target_section read;
    const struct environment_draft *environment;
    const struct inventory_agent *agent; /* NULL: local */
    enum engine_kind engine;
};

/* line 0 is the section's. */
PRINTF_LIKE(4, 5)
static void add_fault(const struct builder *builder, const struct draft *draft, int line,
                      const char *format, ...)
{
    char message[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    diagnostics_add(builder->faults, ERROR_CONFIG, draft->found->file,
                    line > 0 ? line : draft->found->section->line, "target '%s' %s",
                    draft->found->name, message);
}

/* Adds "names the unknown KIND 'NAME', did you mean …?" with the nearest of the inventory's. */
static void add_unknown(const struct builder *builder, const struct draft *draft,
                        const struct setting_text *name, int kind)
{
    AUTO_BUFFER struct buffer suggestion = {0};
    const char **names = xcalloc(builder->kind_counts[kind] + 1, sizeof *names);
    size_t count = 0;

    for (size_t i = 0; i < builder->found_count; i++)
        if (builder->found[i].kind == kind)
            names[count++] = builder->found[i].name;
    if (kind == SECTION_AGENT)
        names[count++] = "local";
    setting_suggest(&suggestion, name->text, names, count);
    free(names);
    add_fault(builder, draft, name->line, "names the unknown %s '%s'%s",
              kind == SECTION_AGENT ? "agent" : "environment", name->text,
              buffer_text(&suggestion));
}

static bool find_environment(const struct builder *builder, struct draft *draft)
{
    const struct setting_text *env = &draft->read.env;

    if (env->line == 0) {
        add_fault(builder, draft, 0, "has no env");
        return false;
    }
    draft->environment = name_index_find(builder->environment_index, env->text);
    if (draft->environment == NULL)
        add_unknown(builder, draft, env, SECTION_ENV);
    return draft->environment != NULL;
}

static bool is_local(const struct draft *draft)
{
    return draft->read.agent.line > 0 && strcmp(draft->read.agent.text, "local") == 0;
}

static bool find_agent(const struct builder *builder, struct draft *draft)
{
    const struct setting_text *agent = &draft->read.agent;

    if (agent->line == 0) {
        add_fault(builder, draft, 0, "has no agent; it is an agent's name, or local");
        return false;
    }
    if (is_local(draft))
        return true;
    draft->agent = name_index_find(builder->agent_index, agent->text);
    if (draft->agent == NULL)
        add_unknown(builder, draft, agent, SECTION_AGENT);
    return draft->agent != NULL;
}

/* What only the agent's own file may say of a target that an agent owns. */
static bool check_remote(const struct builder *builder, const struct draft *draft)
{
    const struct database_section *database = &draft->read.database;
    const struct {
        const char *key;
        int line;
    } keys[] = {
        {"url", database->url.line},
        {"schema", database->schema.line},
        {"password_file", database->password_file.line},
        {"password_env", database->password_env.line},
        {"password_command", database->password_command.line},
        {"init_sql", database->init_sql_line},
    };
    bool ok = true;

    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        if (keys[i].line == 0)
            continue;
        add_fault(builder, draft, keys[i].line,
                  "belongs to agent '%s', whose agent.ini holds its %s; take it out here",
                  draft->read.agent.text, keys[i].key);
        ok = false;
    }
    return ok;
}

static bool check_local(const struct builder *builder, const struct draft *draft)
{
    const struct policy_section *policy = &draft->environment->policy;
    const char *environment = draft->environment->environment->name;
    bool ok = draft->read.database.url.line > 0;

    if (!ok)
        add_fault(builder, draft, draft->read.agent.line,
                  "has agent = local and no url, such as url = sqlite:data/dev.db");
    if (policy->approvals > 0)
        add_fault(builder, draft, draft->read.agent.line,
                  "has agent = local, but [env:%s] demands approvals, which only an agent checks",
                  environment);
    if (policy->confirm_within_ms > 0)
        add_fault(builder, draft, draft->read.agent.line,
                  "has agent = local, but [env:%s] has confirm_within, which needs an agent that "
                  "stays",
                  environment);
    return ok && policy->approvals == 0 && policy->confirm_within_ms == 0;
}

static bool check_draft(const struct builder *builder, struct draft *draft)
{
    const struct database_place place = {draft->found->file, draft->found->name,
                                         draft->found->section->line};
    const struct database_section *database = &draft->read.database;
    bool ok = find_environment(builder, draft);

    if (!find_agent(builder, draft))
        ok = false;
    else if (draft->agent != NULL)
        ok &= check_remote(builder, draft);
    else if (ok)
        ok &= check_local(builder, draft);
    /* A url that is missing was told of, or is the agent's. */
    if (is_local(draft) && database->url.line == 0 && database->engine.line == 0)
        return false;
    return database_section_check(database, &place, &draft->engine, builder->faults) && ok;
}

/* Whether another target has the name, or the same database. */
static bool is_taken(const struct builder *builder, const struct draft *draft,
                     struct name_index *databases, const struct target *target)
{
    const struct target *other = name_index_add(builder->target_index, target->name, target);

    if (other != NULL) {
        add_fault(builder, draft, 0, "makes a second '%s'; the first is at %s:%d", target->name,
                  other->file, other->line);
        return true;
    }
    if (target->url == NULL)
        return false;
    const char *key = target->schema == NULL
                          ? target->url
                          : arena_printf(builder->arena, "%s\n%s", target->url, target->schema);
    other = name_index_add(databases, key, target);
    if (other == NULL)
        return false;
    add_fault(builder, draft, draft->read.database.url.line,
              "makes '%s' the same database as '%s' at %s:%d", target->name, other->name,
              other->file, other->line);
    return true;
}

static struct target target_of(const struct builder *builder, const struct draft *draft,
                               size_t index)
{
    const struct database_section *section = &draft->read.database;
    struct database database = database_section_at(section, draft->found->name, index,
                                                   builder->inventory->file, builder->arena);

    return (struct target){
        .name = database.name,
        .environment = draft->environment->environment,
        .agent = draft->agent,
        .engine = draft->engine,
        .labels = draft->read.labels.items,
        .label_count = draft->read.labels.count,
        .url = database.url,
        .schema = database.schema,
        .password = database.password,
        .init_sql = section->init_sql,
        .init_sql_count = section->init_sql_count,
        .file = draft->found->file,
        .line = draft->found->section->line,
    };
}

/* One fault per section is enough: its other targets would say the same. */
static void expand(struct builder *builder, const struct draft *draft, struct name_index *databases)
{
    size_t size = database_section_size(&draft->read.database);
    const char *bad = database_bad_name(&draft->read.database, draft->found->name, builder->arena);

    if (bad != NULL) {
        add_fault(builder, draft, 0, "is named '%s', which is not " SETTING_NAME_FORM, bad);
        return;
    }
    for (size_t i = 0; i < size; i++) {
        struct target *target = &builder->targets[builder->target_count];

        *target = target_of(builder, draft, i);
        if (is_taken(builder, draft, databases, target))
            return;
        builder->target_count++;
    }
}

/* The environment's plans must not run as if the variable were nothing. */
static void note_variable(const struct builder *builder, const struct draft *draft)
{
    const struct setting_text *variable = &draft->read.variable;
    const struct unbuilt_policy unbuilt = {variable->text, draft->found->file, variable->line};

    if (variable->line > 0)
        policy_add_unbuilt(&draft->environment->environment->policy, &unbuilt, builder->arena);
}

/* Reads the sections; drafts without fault remain. */
static size_t read_drafts(struct builder *builder, struct draft *drafts)
{
    size_t count = 0;

    for (size_t i = 0; i < builder->found_count; i++) {
        struct draft draft = {.found = &builder->found[i]};
        struct setting_input input = {builder->arena, draft.found->file, builder->inventory->file,
                                      NULL};
        size_t faults = diagnostics_count(builder->faults);

        if (draft.found->kind != SECTION_TARGET)
            continue;
        setting_read(section_kinds[SECTION_TARGET].settings, draft.found->section, &input,
                     &draft.read, builder->faults);
        /* A key that did not read would make further faults that are not there. */
        if (diagnostics_count(builder->faults) == faults && check_draft(builder, &draft))
            drafts[count++] = draft;
    }
    return count;
}

void builder_read_targets(struct builder *builder)
{
    size_t sections = builder->kind_counts[SECTION_TARGET];
    struct draft *drafts = arena_calloc(builder->arena, sections, sizeof *drafts);
    size_t count = read_drafts(builder, drafts);
    size_t total = 0;

    for (size_t i = 0; i < count; i++)
        total += database_section_size(&drafts[i].read.database);
    if (total > TARGETS_LIMIT) {
        diagnostics_add(builder->faults, ERROR_CONFIG, builder->inventory->file, 0,
                        "the inventory has %zu targets; %d is the most", total, TARGETS_LIMIT);
        return;
    }
    builder->target_index = name_index_new(total);
    AUTO(name_index) struct name_index *databases = name_index_new(0);
    /* One more, where a target that turns out to be a second one is made. */
    builder->targets = arena_calloc(builder->arena, total + 1, sizeof *builder->targets);
    for (size_t i = 0; i < count; i++) {
        expand(builder, &drafts[i], databases);
        note_variable(builder, &drafts[i]);
    }
}
