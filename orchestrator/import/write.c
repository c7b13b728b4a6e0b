/* Puts an import on disk: the scripts, fleet-import.json and fleet.sum. */
#include <string.h>

#include "common/digest.h"
#include "common/file.h"
#include "common/json.h"
#include "common/memory.h"
#include "orchestrator/import.h"
#include "orchestrator/import/tools.h"
#include "plans/migrations.h"

enum { IMPORT_FORMAT = 1 };

static bool is_free(const char *directory, struct error *err)
{
    AUTO(diagnostics) struct diagnostics *faults = diagnostics_new();
    AUTO(migrations)
    const struct migrations *migrations = migrations_load(directory, SUM_IGNORED, faults);

    if (!diagnostics_ok(faults, err))
        return error_wrap(err, "the folder to import into");
    if (migrations->count + migrations->repeatable_count > 0)
        return error_set(err, ERROR_CONFIG,
                         "%s has migrations already: import into an empty folder", directory);
    return true;
}

static bool write_script(const char *directory, const struct import_script *script,
                         struct error *err)
{
    AUTO(text) char *path = xasprintf("%s/%s", directory, script->file);
    struct buffer bytes AUTO_BUFFER = {0};

    buffer_append_text(&bytes, script->added);
    buffer_append(&bytes, script->bytes, script->length);
    return file_write(path, buffer_text(&bytes), bytes.length, 0644, err);
}

static json_t *describe_script(const struct import_script *script)
{
    struct digest sha256 = digest_of(script->bytes, script->length);
    json_t *object = json_object();

    json_object_set_new(object, "file", json_text(script->file));
    json_object_set_new(object, "source", json_text(script->source));
    json_object_set_new(object, "source_sha256", json_hex(&sha256));
    if (*script->added != '\0')
        json_object_set_new(object, "added", json_text(script->added));
    return object;
}

static json_t *describe_migration(const struct import_migration *migration)
{
    json_t *object = json_object();
    json_t *scripts = json_array();

    for (size_t i = 0; i < migration->script_count; i++)
        json_array_append_new(scripts, describe_script(&migration->scripts[i]));
    json_object_set_new(object, "version", json_text(migration->version));
    json_object_set_new(object, "name", json_text(migration->name));
    json_object_set_new(object, "source_version", json_text(migration->source_version));
    json_object_set_new(object, "source_name", json_text(migration->source_name));
    json_object_set_new(object, "scripts", scripts);
    return object;
}

static bool write_record(const struct import *import, const char *directory, struct error *err)
{
    AUTO(text) char *path = xasprintf("%s/fleet-import.json", directory);
    AUTO(json) json_t *object = json_object();
    json_t *migrations = json_array();
    struct buffer text AUTO_BUFFER = {0};

    for (size_t i = 0; i < import->count; i++)
        json_array_append_new(migrations, describe_migration(&import->migrations[i]));
    json_object_set_new(object, "format", json_integer(IMPORT_FORMAT));
    json_object_set_new(object, "tool", json_text(foreign_tool_name(import->tool->kind)));
    json_object_set_new(object, "migrations", migrations);
    json_write_pretty(object, &text);
    return file_write(path, buffer_text(&text), text.length, 0644, err);
}

bool import_write(const struct import *import, const char *directory, struct error *err)
{
    AUTO(text) char *repeatable = xasprintf("%s/repeatable", directory);

    if (!file_make_directory(directory, 0755, err) || !is_free(directory, err))
        return false;
    if (import->repeatable_count > 0 && !file_make_directory(repeatable, 0755, err))
        return false;
    for (size_t i = 0; i < import->count; i++) {
        const struct import_migration *migration = &import->migrations[i];

        for (size_t j = 0; j < migration->script_count; j++) {
            if (!write_script(directory, &migration->scripts[j], err))
                return false;
        }
    }
    return write_record(import, directory, err) && migrations_write_sum(directory, err);
}
