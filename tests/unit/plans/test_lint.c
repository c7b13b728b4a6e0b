#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "common/file.h"
#include "plans/lint/lint.h"

enum { CASES_MAX = 1024 };

/* A section of cases.sql: "--> RULE ENGINE hit|miss", and its SQL. */
struct lint_case {
    char rule[64];
    char engine[16];
    bool hit;
    const char *sql;
    size_t length;
};

static size_t read_cases(struct buffer *text, struct lint_case *cases)
{
    struct error err = {0};
    size_t count = 0;

    assert_true(file_read(TEST_DATA "/lint/cases.sql", 1 << 20, text, &err));
    for (const char *at = buffer_text(text); at != NULL && *at != '\0'; count++) {
        struct lint_case *found = &cases[count];
        char verdict[8];

        assert_true(count < CASES_MAX);
        assert_int_equal(sscanf(at, "--> %63s %15s %7s", found->rule, found->engine, verdict), 3);
        found->hit = strcmp(verdict, "hit") == 0;
        found->sql = strchr(at, '\n') + 1;
        at = strstr(found->sql, "--> ");
        found->length = at != NULL ? (size_t)(at - found->sql) : strlen(found->sql);
    }
    return count;
}

/* What the rules say of a script for one engine, those too that have to be asked for. */
static const struct lint_finding *lint(struct arena *arena, enum engine_kind engine,
                                       const char *sql, size_t length, size_t *count)
{
    enum lint_severity *severity = arena_calloc(arena, lint_rule_count, sizeof *severity);
    const struct lint_settings settings = {1u << engine, severity};
    struct migration_script script = {.file = "1_a.up.sql", .sql = sql, .length = length};
    struct migration migration = {.version = "1", .name = "a"};
    const struct migrations folder = {.items = &migration, .count = 1};

    for (size_t i = 0; i < lint_rule_count; i++)
        severity[i] = lint_rules[i].severity != LINT_OFF ? lint_rules[i].severity : LINT_NOTE;
    migration.up[engine] = &script;
    return lint_folder(arena, &folder, &settings, count);
}

static bool has_finding(const struct lint_finding *findings, size_t count, const char *rule)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(findings[i].rule, rule) == 0)
            return true;
    return false;
}

static void each_rule_is_hit_and_nearly_missed_on_each_of_its_engines(void **state)
{
    (void)state;
    static struct lint_case cases[CASES_MAX];
    AUTO_BUFFER struct buffer text = {0};
    AUTO(arena) struct arena *arena = arena_new();
    size_t count = read_cases(&text, cases);
    unsigned *seen[2] = {arena_calloc(arena, lint_rule_count, sizeof(unsigned)),
                         arena_calloc(arena, lint_rule_count, sizeof(unsigned))};

    for (size_t i = 0; i < count; i++) {
        const struct lint_case *one = &cases[i];
        const struct lint_rule *rule = lint_rule_find(one->rule);
        enum engine_kind engine = ENGINE_POSTGRESQL;
        size_t found;

        if (rule == NULL || !engine_kind_from_name(one->engine, &engine))
            fail_msg("%s %s", one->rule, one->engine);
        const struct lint_finding *findings = lint(arena, engine, one->sql, one->length, &found);
        if (has_finding(findings, found, one->rule) != one->hit)
            fail_msg("%s %s is %s:\n%.*s", one->rule, one->engine, one->hit ? "missed" : "hit",
                     (int)one->length, one->sql);
        seen[one->hit][rule - lint_rules] |= 1u << engine;
    }
    for (size_t i = 0; i < lint_rule_count; i++)
        if (seen[0][i] != lint_rules[i].engines || seen[1][i] != lint_rules[i].engines)
            fail_msg("%s lacks a case", lint_rules[i].id);
    print_message("%zu rules, %zu cases\n", lint_rule_count, count);
}

static void the_manual_has_every_rule(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer page = {0};
    AUTO_BUFFER struct buffer table = {0};
    struct error err = {0};

    lint_rules_print(&table);
    assert_true(file_read(TEST_DATA "/../../docs/lint.md", 1 << 20, &page, &err));
    if (strstr(buffer_text(&page), buffer_text(&table)) == NULL)
        fail_msg("docs/lint.md should have:\n%s", buffer_text(&table));
}

static const struct lint_finding *lint_text(struct arena *arena, const char *sql, size_t *count)
{
    return lint(arena, ENGINE_POSTGRESQL, sql, strlen(sql), count);
}

static void several_actions_are_looked_at_one_by_one(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();
    size_t count;
    const struct lint_finding *findings = lint_text(
        arena,
        "SELECT 1;\nALTER TABLE a ADD COLUMN b int NOT NULL, DROP COLUMN c, ADD d int DEFAULT 1;",
        &count);

    assert_int_equal(count, 2);
    assert_string_equal(findings[0].rule, "added-not-null");
    assert_string_equal(findings[1].rule, "drop-column");
    assert_int_equal(findings[0].line, 2);
}

static void what_is_allowed_says_why(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();
    size_t count;
    const struct lint_finding *findings =
        lint_text(arena,
                  "-- fleet: allow drop-table nobody has used it since May\n"
                  "-- fleet: allow rename it is not\n-- fleet: allow nonsense x\nDROP TABLE a;",
                  &count);

    assert_int_equal(count, 3);
    assert_int_equal(findings[0].severity, LINT_OFF);
    assert_string_equal(findings[0].reason, "nobody has used it since May");
    assert_string_equal(findings[1].rule, "idle-waiver");
    assert_string_equal(findings[2].rule, "unknown-waiver");
}

static void what_cannot_be_read_is_told(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();
    size_t count;
    const struct lint_finding *findings = lint_text(arena, "SELECT 1;\nSELECT 'open", &count);

    assert_int_equal(count, 1);
    assert_string_equal(findings[0].rule, "unreadable");
    assert_int_equal(findings[0].line, 2);
}

static void comments_and_texts_are_no_statements(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();
    size_t count;

    (void)lint_text(
        arena,
        "-- DROP TABLE a;\n/* DROP SCHEMA b */ INSERT INTO log VALUES ('DROP TABLE a');\n"
        "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$ DROP TABLE a $$;",
        &count);
    assert_int_equal(count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_rule_is_hit_and_nearly_missed_on_each_of_its_engines),
        cmocka_unit_test(the_manual_has_every_rule),
        cmocka_unit_test(several_actions_are_looked_at_one_by_one),
        cmocka_unit_test(what_is_allowed_says_why),
        cmocka_unit_test(what_cannot_be_read_is_told),
        cmocka_unit_test(comments_and_texts_are_no_statements),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
