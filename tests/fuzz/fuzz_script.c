/* Any bytes as a script of each engine: no crash, and statements lie in order inside the bytes. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "plans/script.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void check(const struct script *script, const char *begin, const char *end)
{
    const char *last = begin;

    for (size_t i = 0; i < script->count; i++) {
        const struct statement *statement = &script->statements[i];

        assert(statement->sql >= last && statement->length > 0);
        last = statement->sql + statement->length;
        assert(last <= end);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    const char *text = (const char *)bytes;

    for (int engine = 0; engine < ENGINE_KIND_COUNT; engine++) {
        AUTO(arena) struct arena *arena = arena_new();
        AUTO(diagnostics) struct diagnostics *faults = diagnostics_new();
        struct script script;

        if (script_parse(arena, (enum engine_kind)engine, "fuzz.sql", text, length, &script,
                         faults))
            assert(diagnostics_count(faults) == 0);
        check(&script, text, text + length);
    }
    return 0;
}
