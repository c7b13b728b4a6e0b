/* Any bytes as a script that is looked at for each engine: no crash, and findings stand in it. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "plans/lint/lint.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    AUTO(arena) struct arena *arena = arena_new();
    const char *text = arena_copy(arena, bytes, length);
    const struct migration_script script = {.file = "1_a.up.sql", .sql = text, .length = length};
    struct migration item = {.version = "1", .name = "a"};
    const struct migrations folder = {.directory = "m", .items = &item, .count = 1};
    enum lint_severity *severities = arena_calloc(arena, lint_rule_count, sizeof *severities);
    const struct lint_settings settings = {(1u << ENGINE_KIND_COUNT) - 1, severities};
    int lines = 1;
    size_t count;

    for (size_t i = 0; i < length; i++)
        lines += text[i] == '\n';
    for (int engine = 0; engine < ENGINE_KIND_COUNT; engine++)
        item.up[engine] = &script;
    for (size_t i = 0; i < lint_rule_count; i++)
        severities[i] = lint_rules[i].severity;
    const struct lint_finding *findings = lint_folder(arena, &folder, &settings, &count);
    for (size_t i = 0; i < count; i++)
        assert(findings[i].line >= 1 && findings[i].line <= lines && findings[i].hazard != NULL);
    return 0;
}
