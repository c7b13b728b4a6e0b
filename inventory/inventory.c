#include "inventory/inventory.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "common/memory.h"
#include "common/name.h"
#include "inventory/builder.h"
#include "inventory/sources.h"

/* The inventory with what finds things in it; callers hold a pointer to the first member. */
struct loaded {
    struct inventory inventory;
    struct arena *arena;
    struct name_index *environment_index; /* of struct environment_draft */
    struct name_index *target_index;
};

static struct loaded *loaded_of(const struct inventory *inventory)
{
    union {
        const struct inventory *seen;
        struct loaded *owned;
    } both = {.seen = inventory};

    return both.owned;
}

void inventory_free(const struct inventory *inventory)
{
    if (inventory == NULL)
        return;
    struct loaded *loaded = loaded_of(inventory);
    name_index_free(loaded->environment_index);
    name_index_free(loaded->target_index);
    arena_free(loaded->arena);
}

const struct environment *inventory_environment(const struct inventory *inventory, const char *name)
{
    const struct environment_draft *draft =
        name_index_find(loaded_of(inventory)->environment_index, name);

    return draft == NULL ? NULL : draft->environment;
}

const struct target *inventory_target(const struct inventory *inventory, const char *name)
{
    return name_index_find(loaded_of(inventory)->target_index, name);
}

char *inventory_find(const char *directory)
{
    AUTO(text) char *at = realpath(directory, NULL);

    while (at != NULL) {
        AUTO(text) char *path = xasprintf("%s/fleet.ini", strcmp(at, "/") == 0 ? "" : at);
        char *slash = strrchr(at, '/');

        if (access(path, F_OK) == 0)
            return TAKE(path);
        if (at[1] == '\0')
            return NULL;
        slash[slash == at ? 1 : 0] = '\0';
    }
    return NULL;
}

/* Names a section that came before. */
static void add_duplicate(const struct builder *builder, const struct found_section *again,
                          const struct found_section *first)
{
    diagnostics_add(builder->faults, ERROR_CONFIG, again->file, again->section->line,
                    "duplicate section [%s]; the first is at %s:%d", again->section->name,
                    first->file, first->section->line);
}

static void find_section(struct builder *builder, struct name_index *sections,
                         const struct ini_document *document, const struct ini_section *section)
{
    struct found_section *found = &builder->found[builder->found_count];
    const char *name = NULL;
    const struct section_kind *kind = section_kind_of(section_kinds, SECTION_COUNT, document->file,
                                                      section, &name, builder->faults);

    if (kind == NULL)
        return;
    *found = (struct found_section){(int)(kind - section_kinds), name, section, document->file};
    const struct found_section *first = name_index_add(sections, section->name, found);
    if (first != NULL) {
        add_duplicate(builder, found, first);
        return;
    }
    builder->kind_counts[found->kind]++;
    builder->found_count++;
}

static void find_sections(struct builder *builder, const struct sources *sources)
{
    size_t most = 1;

    for (size_t i = 0; i < sources->count; i++)
        most += sources->documents[i]->count;
    AUTO(name_index) struct name_index *sections = name_index_new(most);
    builder->found = arena_calloc(builder->arena, most, sizeof *builder->found);
    for (size_t i = 0; i < sources->count; i++) {
        const struct ini_document *document = sources->documents[i];
        struct setting_input input = {builder->arena, document->file, document->file, NULL};
        struct ini_section preamble = document->sections[0];

        preamble.name = "before the first section";
        setting_read(&preamble_settings, &preamble, &input, NULL, builder->faults);
        for (size_t j = 1; j < document->count; j++)
            find_section(builder, sections, document, &document->sections[j]);
    }
}

static void read_section(struct builder *builder, const struct found_section *found, void *object)
{
    struct setting_input input = {builder->arena, found->file, builder->inventory->file, NULL};

    setting_read(section_kinds[found->kind].settings, found->section, &input, object,
                 builder->faults);
}

static void check_section_name(const struct builder *builder, const struct found_section *found)
{
    if (!name_is_valid(found->name))
        diagnostics_add(builder->faults, ERROR_CONFIG, found->file, found->section->line,
                        "'%s' is not " SETTING_NAME_FORM, found->name);
}

static void read_environment(struct builder *builder, const struct found_section *found)
{
    struct inventory *inventory = builder->inventory;
    struct environment_draft *draft = &builder->environments[inventory->environment_count++];

    check_section_name(builder, found);
    draft->file = found->file;
    draft->policy = policy_defaults();
    read_section(builder, found, &draft->policy);
    *draft->environment = (struct environment){
        .name = found->name,
        .policy =
            policy_of(&draft->policy, found->section, found->file, builder->arena, builder->faults),
        .line = found->section->line,
    };
    name_index_add(builder->environment_index, found->name, draft);
}

static void read_agent(struct builder *builder, const struct found_section *found)
{
    struct inventory_agent *agent = &builder->agents[builder->inventory->agent_count++];
    size_t faults = diagnostics_count(builder->faults);

    check_section_name(builder, found);
    *agent = (struct inventory_agent){.name = found->name, .line = found->section->line};
    read_section(builder, found, agent);
    if (strcmp(found->name, "local") == 0)
        diagnostics_add(builder->faults, ERROR_CONFIG, found->file, agent->line,
                        "no agent can be named 'local': that is the command line itself");
    if (agent->address == NULL && diagnostics_count(builder->faults) == faults)
        diagnostics_add(builder->faults, ERROR_CONFIG, found->file, agent->line,
                        "[agent:%s] has no address, such as address = db-1.internal:7443",
                        found->name);
    name_index_add(builder->agent_index, found->name, agent);
}

static void check_state_password(struct builder *builder, const struct found_section *found,
                                 const struct fleet_section *fleet)
{
    const struct secret_source *source = &fleet->state_password;
    int given = (source->file != NULL) + (source->variable != NULL) + (source->command != NULL);

    if (given > 1)
        diagnostics_add(builder->faults, ERROR_CONFIG, found->file, found->section->line,
                        "[fleet] has %d of state_password_file, state_password_env and "
                        "state_password_command; give one",
                        given);
    if (given > 0 && (fleet->state == NULL || strstr(fleet->state, "://") == NULL))
        diagnostics_add(builder->faults, ERROR_CONFIG, found->file, found->section->line,
                        "[fleet] has a password for its state, and its state is a file");
}

static void read_fleet(struct builder *builder, const struct found_section *found)
{
    struct inventory *inventory = builder->inventory;
    struct fleet_section fleet = {0};
    size_t faults = diagnostics_count(builder->faults);

    read_section(builder, found, &fleet);
    inventory->fleet = fleet.name;
    if (fleet.migrations != NULL)
        inventory->migrations = fleet.migrations;
    if (fleet.state != NULL)
        inventory->state = fleet.state;
    inventory->state_password = fleet.state_password;
    check_state_password(builder, found, &fleet);
    if (fleet.name == NULL && diagnostics_count(builder->faults) == faults)
        diagnostics_add(builder->faults, ERROR_CONFIG, found->file, found->section->line,
                        "[fleet] has no name, such as name = shop");
}

static void read_lint(struct builder *builder, const struct found_section *found)
{
    const struct ini_section *section = found->section;
    struct rule_setting *settings = arena_calloc(builder->arena, section->count, sizeof *settings);
    AUTO(name_index) struct name_index *seen = name_index_new(section->count);

    for (size_t i = 0; i < section->count; i++) {
        const struct ini_entry *entry = &section->entries[i];

        settings[i] = (struct rule_setting){entry->key, entry->value, found->file, entry->line};
        if (name_index_add(seen, entry->key, &settings[i]) != NULL)
            diagnostics_add(builder->faults, ERROR_CONFIG, found->file, entry->line,
                            "duplicate key '%s' in [lint]", entry->key);
    }
    builder->inventory->rule_settings = settings;
    builder->inventory->rule_setting_count = section->count;
}

static void read_sections(struct builder *builder)
{
    for (size_t i = 0; i < builder->found_count; i++) {
        const struct found_section *found = &builder->found[i];

        if (found->kind == SECTION_FLEET)
            read_fleet(builder, found);
        else if (found->kind == SECTION_OPERATOR)
            read_section(builder, found, &builder->inventory->operator_settings);
        else if (found->kind == SECTION_LINT)
            read_lint(builder, found);
        else if (found->kind == SECTION_ENV)
            read_environment(builder, found);
        else if (found->kind == SECTION_AGENT)
            read_agent(builder, found);
    }
    if (builder->kind_counts[SECTION_FLEET] == 0)
        diagnostics_add(builder->faults, ERROR_CONFIG, builder->inventory->file, 0,
                        "there is no [fleet] section; it names the fleet: name = shop");
}

static void make_room(struct builder *builder)
{
    struct arena *arena = builder->arena;
    size_t environments = builder->kind_counts[SECTION_ENV];
    struct environment *items = arena_calloc(arena, environments, sizeof *items);

    builder->environments = arena_calloc(arena, environments, sizeof *builder->environments);
    for (size_t i = 0; i < environments; i++)
        builder->environments[i].environment = &items[i];
    builder->agents =
        arena_calloc(arena, builder->kind_counts[SECTION_AGENT], sizeof *builder->agents);
    builder->inventory->environments = items;
    builder->inventory->agents = builder->agents;
}

static void build(struct builder *builder, const struct sources *sources)
{
    find_sections(builder, sources);
    make_room(builder);
    builder->environment_index = name_index_new(builder->kind_counts[SECTION_ENV]);
    AUTO(name_index)
    struct name_index *agents = name_index_new(builder->kind_counts[SECTION_AGENT]);
    builder->agent_index = agents;
    read_sections(builder);
    builder_check_requirements(builder);
    builder_read_targets(builder);
    builder->inventory->targets = builder->targets;
    builder->inventory->target_count = builder->target_count;
}

static const char *path_beside(struct arena *arena, const char *base, const char *path)
{
    AUTO(text) char *resolved = file_path_beside(base, path);

    return arena_strdup(arena, resolved);
}

static const char *directory_of(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');

    if (slash == NULL)
        return ".";
    return slash == path ? "/" : arena_copy(arena, path, (size_t)(slash - path));
}

const struct inventory *inventory_load(const char *path, struct diagnostics *faults)
{
    struct arena *arena = arena_new();
    struct loaded *loaded = arena_calloc(arena, 1, sizeof *loaded);
    AUTO(inventory) const struct inventory *inventory = &loaded->inventory;
    size_t faults_before = diagnostics_count(faults);
    struct builder builder = {.arena = arena, .faults = faults, .inventory = &loaded->inventory};
    struct sources sources;

    loaded->arena = arena;
    loaded->inventory.file = arena_strdup(arena, path);
    loaded->inventory.directory = directory_of(arena, path);
    loaded->inventory.migrations = path_beside(arena, path, "migrations");
    loaded->inventory.state = path_beside(arena, path, ".fleet/state.db");
    sources_read(path, arena, &sources, faults);
    loaded->inventory.digest = sources.digest;
    if (sources.count > 0)
        build(&builder, &sources);
    loaded->environment_index = builder.environment_index;
    loaded->target_index = builder.target_index;
    return diagnostics_count(faults) > faults_before ? NULL : TAKE(inventory);
}
