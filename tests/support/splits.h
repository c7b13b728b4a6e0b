/* splits - what a script is expected to be cut into, for the tests of the splitter. */
#ifndef FLEET_TESTS_SPLITS_H
#define FLEET_TESTS_SPLITS_H

#include <stdio.h>
#include <string.h>

#include "common/arena.h"
#include "common/buffer.h"
#include "common/diagnostics.h"
#include "common/memory.h"
#include "plans/script.h"

/* Parses; prints the faults if there are any that the caller does not expect. */
static inline bool parse_text(struct arena *arena, enum engine_kind engine, const char *text,
                              struct script *script)
{
    AUTO(diagnostics) struct diagnostics *faults = diagnostics_new();
    bool ok = script_parse(arena, engine, "t.sql", text, strlen(text), script, faults);

    for (size_t i = 0; i < diagnostics_count(faults); i++)
        printf("line %d: %s\n", diagnostics_at(faults, i)->line,
               diagnostics_at(faults, i)->message);
    return ok;
}

/* Asserts that the script has exactly these statements. */
#define EXPECT_STATEMENTS(engine, text, ...)                             \
    do {                                                                 \
        static const char *const expected_[] = {__VA_ARGS__};            \
        expect_statements(engine, text, expected_, COUNT_OF(expected_)); \
    } while (0)

static inline void expect_statements(enum engine_kind engine, const char *text,
                                     const char *const *expected, size_t count)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct script script;

    assert_true(parse_text(arena, engine, text, &script));
    for (size_t i = 0; i < script.count && i < count; i++) {
        AUTO(text)
        char *sql = xstrndup(script.statements[i].sql, script.statements[i].length);
        assert_string_equal(sql, expected[i]);
    }
    assert_int_equal(script.count, count);
}

/* Asserts that there is just one fault, on that line and with that text in its message. */
static inline void expect_fault(enum engine_kind engine, const char *text, int line,
                                const char *fragment)
{
    AUTO(arena) struct arena *arena = arena_new();
    AUTO(diagnostics) struct diagnostics *faults = diagnostics_new();
    struct script script;

    assert_false(script_parse(arena, engine, "t.sql", text, strlen(text), &script, faults));
    assert_int_equal(diagnostics_count(faults), 1);
    const struct error *fault = diagnostics_at(faults, 0);
    if (fault->line != line || strstr(fault->message, fragment) == NULL)
        fail_msg("expected line %d \"%s\", got line %d \"%s\"", line, fragment, fault->line,
                 fault->message);
    assert_string_equal(fault->file, "t.sql");
}

#endif
