#include "agents/daemon/configuration.h"

#include "agents/daemon/sections.h"
#include "agents/daemon/trusted_keys.h"
#include "common/buffer.h"
#include "common/database.h"
#include "common/file.h"
#include "common/name_index.h"
#include "common/setting.h"

enum {
    FILE_LIMIT = 64 * 1024 * 1024,
    MEGABYTE = 1024 * 1024,
};

/* The document; callers hold a pointer to the first member. */
struct loaded {
    struct agent_configuration configuration;
    struct arena *arena;
};

/* A target's section that is good. */
struct draft {
    const char *pattern;
    int line;
    enum engine_kind engine;
    struct target_section read;
};

struct reading {
    struct arena *arena;
    struct diagnostics *faults;
    const char *file;
    struct agent_section agent;
    int agent_line; /* 0: there is none */
    struct draft *drafts;
    size_t draft_count;
    struct agent_target *targets;
    size_t target_count;
};

static void read_agent(struct reading *reading, const struct ini_section *section,
                       struct setting_input *input)
{
    reading->agent_line = section->line;
    setting_read(agent_section_kinds[SECTION_AGENT].settings, section, input, &reading->agent,
                 reading->faults);
}

static void add_target_fault(const struct reading *reading, const struct draft *draft,
                             const char *what)
{
    diagnostics_add(reading->faults, ERROR_CONFIG, reading->file, draft->line, "target '%s' %s",
                    draft->pattern, what);
}

static bool check_target(struct reading *reading, struct draft *draft)
{
    const struct database_place place = {reading->file, draft->pattern, draft->line};

    if (draft->read.env == NULL)
        add_target_fault(reading, draft, "has no env: plans for which environment may run on it?");
    if (draft->read.database.url.line == 0) {
        add_target_fault(reading, draft, "has no url");
        return false;
    }
    return database_section_check(&draft->read.database, &place, &draft->engine, reading->faults) &&
           draft->read.env != NULL;
}

static void read_target(struct reading *reading, const struct ini_section *section,
                        const char *name, struct setting_input *input)
{
    struct draft *draft = &reading->drafts[reading->draft_count];
    size_t faults = diagnostics_count(reading->faults);

    *draft = (struct draft){.pattern = name, .line = section->line};
    setting_read(agent_section_kinds[SECTION_TARGET].settings, section, input, &draft->read,
                 reading->faults);
    /* A key that did not read would make further faults that are not there. */
    if (diagnostics_count(reading->faults) == faults && check_target(reading, draft))
        reading->draft_count++;
}

static void read_sections(struct reading *reading, const struct ini_document *document)
{
    struct setting_input input = {reading->arena, reading->file, reading->file, NULL};
    AUTO(name_index) struct name_index *seen = name_index_new(document->count);

    reading->drafts = arena_calloc(reading->arena, document->count, sizeof *reading->drafts);
    for (size_t i = 0; i < document->sections[0].count; i++)
        diagnostics_add(reading->faults, ERROR_CONFIG, reading->file,
                        document->sections[0].entries[i].line, "'%s' stands before any section",
                        document->sections[0].entries[i].key);
    for (size_t i = 1; i < document->count; i++) {
        const struct ini_section *section = &document->sections[i];
        const char *name = NULL;
        const struct section_kind *kind = section_kind_of(
            agent_section_kinds, SECTION_COUNT, reading->file, section, &name, reading->faults);
        const struct ini_section *first =
            kind == NULL ? NULL : name_index_add(seen, section->name, section);

        if (first != NULL)
            diagnostics_add(reading->faults, ERROR_CONFIG, reading->file, section->line,
                            "duplicate section [%s]; the first is on line %d", section->name,
                            first->line);
        else if (kind == &agent_section_kinds[SECTION_AGENT])
            read_agent(reading, section, &input);
        else if (kind == &agent_section_kinds[SECTION_TARGET])
            read_target(reading, section, name, &input);
    }
}

static void check_required(const struct reading *reading)
{
    const struct agent_section *agent = &reading->agent;
    const struct {
        const char *key;
        const char *value;
    } required[] = {
        {"name", agent->configuration.name}, {"fleet", agent->configuration.fleet},
        {"cert", agent->configuration.cert}, {"key", agent->configuration.key},
        {"ca", agent->configuration.ca},     {"trusted_keys", agent->trusted_keys},
    };

    if (reading->agent_line == 0) {
        diagnostics_add(reading->faults, ERROR_CONFIG, reading->file, 0,
                        "there is no [agent] section, which says who this agent is");
        return;
    }
    for (size_t i = 0; i < COUNT_OF(required); i++)
        if (required[i].value == NULL)
            diagnostics_add(reading->faults, ERROR_CONFIG, reading->file, reading->agent_line,
                            "[agent] has no %s", required[i].key);
}

/* Whether another target has the name, or the same database. */
static bool is_taken(const struct reading *reading, const struct draft *draft,
                     struct name_index *names, struct name_index *databases,
                     const struct agent_target *target)
{
    const struct agent_target *other = name_index_add(names, target->name, target);
    AUTO_BUFFER struct buffer message = {0};

    if (other != NULL) {
        buffer_printf(&message, "makes a second '%s'", target->name);
    } else {
        const char *key = arena_printf(reading->arena, "%s\n%s", target->url,
                                       target->schema == NULL ? "" : target->schema);

        other = name_index_add(databases, key, target);
        if (other != NULL)
            buffer_printf(&message, "makes '%s' the same database as '%s'", target->name,
                          other->name);
    }
    if (other != NULL)
        add_target_fault(reading, draft, buffer_text(&message));
    return other != NULL;
}

static struct agent_target target_of(const struct reading *reading, const struct draft *draft,
                                     size_t index)
{
    const struct database_section *section = &draft->read.database;
    struct database database =
        database_section_at(section, draft->pattern, index, reading->file, reading->arena);

    return (struct agent_target){
        .name = database.name,
        .environment = draft->read.env,
        .engine = draft->engine,
        .url = database.url,
        .schema = database.schema,
        .password = database.password,
        .init_sql = section->init_sql,
        .init_sql_count = section->init_sql_count,
        .approvals = draft->read.approvals > 0 ? draft->read.approvals : reading->agent.approvals,
    };
}

/* One fault per section is enough: its other targets would say the same. */
static void expand(struct reading *reading, const struct draft *draft, struct name_index *names,
                   struct name_index *databases)
{
    const struct database_section *section = &draft->read.database;

    if (database_bad_name(section, draft->pattern, reading->arena) != NULL) {
        add_target_fault(reading, draft,
                         "does not have " SETTING_NAME_FORM
                         " (with its number, if it has a range)");
        return;
    }
    for (size_t i = 0; i < database_section_size(section); i++) {
        struct agent_target *target = &reading->targets[reading->target_count];

        *target = target_of(reading, draft, i);
        if (is_taken(reading, draft, names, databases, target))
            return;
        reading->target_count++;
    }
}

static void make_targets(struct reading *reading)
{
    size_t total = 0;

    for (size_t i = 0; i < reading->draft_count; i++)
        total += database_section_size(&reading->drafts[i].read.database);
    AUTO(name_index) struct name_index *names = name_index_new(total);
    AUTO(name_index) struct name_index *databases = name_index_new(total);
    /* One more, where a target that turns out to be a second one is made. */
    reading->targets = arena_calloc(reading->arena, total + 1, sizeof *reading->targets);
    for (size_t i = 0; i < reading->draft_count; i++)
        expand(reading, &reading->drafts[i], names, databases);
}

/* A plan can never have more signers than there are persons with keys. */
static void check_approvals(const struct reading *reading, int persons)
{
    const struct agent_target *most = NULL;

    for (size_t i = 0; i < reading->target_count; i++)
        if (most == NULL || reading->targets[i].approvals > most->approvals)
            most = &reading->targets[i];
    if (most != NULL && persons > 0 && most->approvals > persons)
        diagnostics_add(reading->faults, ERROR_CONFIG, reading->file, 0,
                        "target '%s' needs the approval of %d persons, and trusted_keys has keys "
                        "of %d",
                        most->name, most->approvals, persons);
}

static void finish(struct reading *reading, struct agent_configuration *configuration)
{
    struct trusted_key_list trusted = {0};

    check_required(reading);
    if (reading->agent.trusted_keys != NULL)
        trusted = trusted_keys_read(reading->agent.trusted_keys, reading->arena, reading->faults);
    make_targets(reading);
    check_approvals(reading, trusted.persons);
    *configuration = reading->agent.configuration;
    configuration->keys = trusted.keys;
    configuration->key_count = trusted.count;
    configuration->max_request_bytes = (size_t)reading->agent.max_request_mb * MEGABYTE;
    configuration->log_level = (enum log_level)reading->agent.log_level;
    configuration->any_space = reading->agent.space_check == 0;
    configuration->log_json = reading->agent.log_format == 1;
    configuration->targets = reading->targets;
    configuration->target_count = reading->target_count;
}

const struct agent_configuration *agent_configuration_load(const char *path,
                                                           struct diagnostics *faults)
{
    struct arena *arena = arena_new();
    struct loaded *loaded = arena_calloc(arena, 1, sizeof *loaded);
    AUTO(agent_configuration)
    const struct agent_configuration *configuration = &loaded->configuration;
    AUTO_BUFFER struct buffer text = {0};
    size_t faults_before = diagnostics_count(faults);
    struct error err = {0};

    loaded->arena = arena;
    if (!file_read(path, FILE_LIMIT, &text, &err)) {
        err.code = ERROR_CONFIG;
        diagnostics_add_error(faults, &err);
        return NULL;
    }
    struct reading reading = {.arena = arena, .faults = faults, .file = arena_strdup(arena, path)};
    reading.agent = agent_section_defaults(reading.file);
    read_sections(&reading, ini_read(arena, path, buffer_text(&text), text.length, faults));
    finish(&reading, &loaded->configuration);
    return diagnostics_count(faults) > faults_before ? NULL : TAKE(configuration);
}

void agent_configuration_free(const struct agent_configuration *configuration)
{
    union {
        const struct agent_configuration *seen;
        struct loaded *owned;
    } both = {.seen = configuration};

    if (configuration != NULL)
        arena_free(both.owned->arena);
}
