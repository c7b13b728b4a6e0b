#include "common/database.h"

#include <stdlib.h>
#include <string.h>

#include "common/buffer.h"
#include "common/file.h"
#include "common/memory.h"
#include "common/name.h"
#include "common/text.h"

enum { SCHEMA_LIMIT = 63 }; /* PostgreSQL's NAMEDATALEN - 1; it would cut a longer name */

static bool setting_given(const struct setting_text *setting)
{
    return setting->line > 0;
}

bool database_range(const struct setting *setting, const struct setting_input *input, void *field,
                    struct error *err)
{
    struct number_range *range = field;

    (void)setting;
    (void)err;
    if (!ini_parse_range(input->entry->value, &range->first, &range->last))
        return false;
    range->line = input->entry->line;
    return true;
}

bool database_engine(const struct setting *setting, const struct setting_input *input, void *field,
                     struct error *err)
{
    const char *names[ENGINE_KIND_COUNT];
    const char *value = input->entry->value;
    enum engine_kind kind;
    AUTO_BUFFER struct buffer message = {0};

    if (engine_kind_from_name(value, &kind))
        return setting_located(setting, input, field, err);
    for (int i = 0; i < ENGINE_KIND_COUNT; i++)
        names[i] = engine_kind_name((enum engine_kind)i);
    buffer_printf(&message, "unknown engine '%s'", value);
    const char *nearest = text_nearest(value, names, ENGINE_KIND_COUNT);
    if (nearest != NULL)
        buffer_printf(&message, ", did you mean '%s'?", nearest);
    else
        buffer_printf(&message, "; it is %s", setting->form);
    return error_set(err, ERROR_CONFIG, "%s", buffer_text(&message));
}

bool database_url(const struct setting *setting, const struct setting_input *input, void *field,
                  struct error *err)
{
    enum engine_kind engine;

    return database_url_check(input->entry->value, &engine, err) &&
           setting_located(setting, input, field, err);
}

bool database_schema(const struct setting *setting, const struct setting_input *input, void *field,
                     struct error *err)
{
    return strlen(input->entry->value) <= SCHEMA_LIMIT &&
           setting_located(setting, input, field, err);
}

bool database_init_sql(const struct setting *setting, const struct setting_input *input,
                       void *field, struct error *err)
{
    struct database_section *section = field;
    const char **larger =
        arena_calloc(input->arena, section->init_sql_count + 1, sizeof *section->init_sql);

    (void)setting;
    (void)err;
    if (section->init_sql_count > 0)
        memcpy(larger, section->init_sql, section->init_sql_count * sizeof *larger);
    larger[section->init_sql_count++] = input->entry->value;
    section->init_sql = larger;
    section->init_sql_line = input->entry->line;
    return true;
}

bool database_no_password(const struct setting *setting, const struct setting_input *input,
                          void *field, struct error *err)
{
    (void)setting;
    (void)input;
    (void)field;
    return error_set(err, ERROR_CONFIG,
                     "a password does not belong in this file; name where it is kept with "
                     "password_file, password_env or password_command");
}

static bool check_range(const struct database_section *section, const struct database_place *place,
                        struct diagnostics *faults)
{
    bool in_name = ini_has_placeholder(place->pattern);

    if (in_name && section->range.line == 0)
        diagnostics_add(faults, ERROR_CONFIG, place->file, place->line,
                        "target '%s' has a placeholder and no range, such as range = 0..399",
                        place->pattern);
    else if (!in_name && section->range.line > 0)
        diagnostics_add(faults, ERROR_CONFIG, place->file, section->range.line,
                        "target '%s' has a range and no place for its numbers, such as '%s-%%03d'",
                        place->pattern, place->pattern);
    else
        return true;
    return false;
}

/* Ranges whose databases would all be one. */
static bool check_spread(const struct database_section *section, const struct database_place *place,
                         struct diagnostics *faults)
{
    if (section->range.line == 0 || section->range.first == section->range.last ||
        !setting_given(&section->url) || ini_has_placeholder(section->url.text) ||
        (setting_given(&section->schema) && ini_has_placeholder(section->schema.text)))
        return true;
    diagnostics_add(faults, ERROR_CONFIG, place->file, section->url.line,
                    "every target of '%s' would be the same database; put a placeholder such as "
                    "%%03d into its url or schema",
                    place->pattern);
    return false;
}

static bool check_engine(const struct database_section *section, const struct database_place *place,
                         enum engine_kind *engine, struct diagnostics *faults)
{
    enum engine_kind named = ENGINE_POSTGRESQL;
    struct error err = {0};

    if (!setting_given(&section->engine) && !setting_given(&section->url)) {
        diagnostics_add(faults, ERROR_CONFIG, place->file, place->line,
                        "target '%s' has no engine; it is postgresql, mysql or sqlite",
                        place->pattern);
        return false;
    }
    if (setting_given(&section->engine) && engine_kind_from_name(section->engine.text, &named))
        *engine = named;
    if (!setting_given(&section->url))
        return true;
    if (!database_url_check(section->url.text, engine, &err)) {
        error_at_file(&err, place->file, section->url.line);
        diagnostics_add_error(faults, &err);
        return false;
    }
    if (!setting_given(&section->engine) || *engine == named)
        return true;
    diagnostics_add(faults, ERROR_CONFIG, place->file, section->engine.line,
                    "engine = %s contradicts the url of target '%s', which is %s's",
                    section->engine.text, place->pattern, engine_kind_name(*engine));
    return false;
}

static bool check_schema(const struct database_section *section, const struct database_place *place,
                         enum engine_kind engine, struct diagnostics *faults)
{
    if (!setting_given(&section->schema) || engine == ENGINE_POSTGRESQL)
        return true;
    diagnostics_add(faults, ERROR_CONFIG, place->file, section->schema.line,
                    "schema is for PostgreSQL; target '%s' is on %s", place->pattern,
                    engine_kind_name(engine));
    return false;
}

static bool check_password(const struct database_section *section,
                           const struct database_place *place, enum engine_kind engine,
                           struct diagnostics *faults)
{
    const struct setting_text *sources[] = {&section->password_file, &section->password_env,
                                            &section->password_command};
    int given = 0;
    int line = 0;

    for (size_t i = 0; i < COUNT_OF(sources); i++) {
        given += setting_given(sources[i]);
        line = sources[i]->line > line ? sources[i]->line : line;
    }
    if (given > 1)
        diagnostics_add(faults, ERROR_CONFIG, place->file, line,
                        "target '%s' has %d sources for its password; keep one of password_file, "
                        "password_env and password_command",
                        place->pattern, given);
    else if (given == 1 && engine == ENGINE_SQLITE)
        diagnostics_add(faults, ERROR_CONFIG, place->file, line,
                        "target '%s' is a SQLite file, which has no password", place->pattern);
    else
        return true;
    return false;
}

bool database_section_check(const struct database_section *section,
                            const struct database_place *place, enum engine_kind *engine,
                            struct diagnostics *faults)
{
    bool ok = check_range(section, place, faults);

    ok &= check_spread(section, place, faults);
    if (!check_engine(section, place, engine, faults))
        return false;
    ok &= check_schema(section, place, *engine, faults);
    ok &= check_password(section, place, *engine, faults);
    return ok;
}

size_t database_section_size(const struct database_section *section)
{
    return section->range.line == 0 ? 1 : (size_t)(section->range.last - section->range.first + 1);
}

/* The pattern for one number; the pattern itself where there is nothing to fill in. */
static const char *fill(const struct database_section *section, const char *pattern, size_t index,
                        struct arena *arena)
{
    if (pattern == NULL || section->range.line == 0 || !ini_has_placeholder(pattern))
        return pattern;
    return ini_expand(arena, pattern, section->range.first + (long)index);
}

static const char *beside(const char *base, const char *path, struct arena *arena)
{
    if (path == NULL || path[0] == '/' || strchr(base, '/') == NULL)
        return path;
    AUTO(text) char *resolved = file_path_beside(base, path);
    return arena_strdup(arena, resolved);
}

static const char *resolve_url(const char *base, const char *url, struct arena *arena)
{
    static const char scheme[] = "sqlite:";
    size_t length = sizeof scheme - 1;

    if (url == NULL || strncmp(url, scheme, length) != 0)
        return url;
    const char *path = beside(base, url + length, arena);
    return path == url + length ? url : arena_printf(arena, "%s%s", scheme, path);
}

struct database database_section_at(const struct database_section *section, const char *pattern,
                                    size_t index, const char *base, struct arena *arena)
{
    const char *url = fill(section, section->url.text, index, arena);
    const char *file = fill(section, section->password_file.text, index, arena);

    return (struct database){
        .name = fill(section, pattern, index, arena),
        .url = resolve_url(base, url, arena),
        .schema = fill(section, section->schema.text, index, arena),
        .password = {.file = beside(base, file, arena),
                     .variable = section->password_env.text,
                     .command = section->password_command.text},
    };
}

const char *database_bad_name(const struct database_section *section, const char *pattern,
                              struct arena *arena)
{
    /* Numbers differ in digits only, and the last is the longest. */
    const char *name = fill(section, pattern, database_section_size(section) - 1, arena);

    return name_is_valid(name) ? NULL : name;
}
