#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "splits.h"

static struct directives directives_of(struct arena *arena, const char *text)
{
    struct script script;

    assert_true(parse_text(arena, ENGINE_POSTGRESQL, text, &script));
    return script.directives;
}

static void directives_at_the_top_are_read(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();
    struct directives d = directives_of(arena, "-- A migration.\n"
                                               "-- fleet: no-transaction\n"
                                               "--fleet: lock-timeout=3s\r\n"
                                               "  -- FLEET:statement-timeout = 10m  \n"
                                               "/* why */\n"
                                               "-- fleet: irreversible drops  the data \n"
                                               "-- fleet: nothing-to-undo\n"
                                               "-- fleet: foreign-keys=off\n"
                                               "-- fleet: env=dev, test\n"
                                               "-- fleet: allow drop-table it is empty\n"
                                               "-- fleet: allow lock-table at night\n"
                                               "select 1;\n");

    assert_true(d.no_transaction);
    assert_int_equal(d.lock_timeout_ms, 3000);
    assert_int_equal(d.statement_timeout_ms, 600000);
    assert_string_equal(d.irreversible, "drops  the data");
    assert_true(d.nothing_to_undo);
    assert_true(d.foreign_keys_off);
    assert_int_equal(d.environment_count, 2);
    assert_string_equal(d.environments[0], "dev");
    assert_string_equal(d.environments[1], "test");
    assert_int_equal(d.waiver_count, 2);
    assert_string_equal(d.waivers[0].rule, "drop-table");
    assert_string_equal(d.waivers[0].reason, "it is empty");
    assert_string_equal(d.waivers[1].rule, "lock-table");
}

static void a_script_without_directives_has_none(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();
    struct directives d = directives_of(arena, "-- the fleet: it sails\nselect '-- fleet: x';");

    assert_false(d.no_transaction || d.nothing_to_undo || d.foreign_keys_off);
    assert_int_equal(d.lock_timeout_ms, 0);
    assert_null(d.irreversible);
    assert_int_equal(d.environment_count + d.waiver_count + d.check_count, 0);
}

static void a_check_goes_on_over_indented_comment_lines(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();
    struct directives d = directives_of(arena, "-- fleet: check SELECT ';' FROM t\n"
                                               "--   WHERE a IS NULL;\n"
                                               "--   a remark\n"
                                               "-- fleet: check SELECT 2\n"
                                               "-- a remark\n"
                                               "-- fleet: check\n"
                                               "--   SELECT 3\n"
                                               "--\tFROM u\n"
                                               "select 1;\n");

    assert_int_equal(d.check_count, 3);
    assert_string_equal(d.checks[0].sql, "SELECT ';' FROM t\nWHERE a IS NULL");
    assert_int_equal(d.checks[0].line, 1);
    assert_string_equal(d.checks[1].sql, "SELECT 2");
    assert_string_equal(d.checks[2].sql, "SELECT 3");
    assert_int_equal(d.checks[2].line, 6);
}

static void a_check_is_one_query(void **state)
{
    (void)state;
    expect_fault(ENGINE_SQLITE, "-- fleet: check\nselect 1;", 1, "needs one query");
    expect_fault(ENGINE_SQLITE, "\n-- fleet: check SELECT 1; SELECT 2\n", 2, "needs one query");
    expect_fault(ENGINE_SQLITE, "-- fleet: check SELECT 'a\n", 1, "string");
}

static void a_probe_belongs_to_the_statement_after_it(void **state)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct script script;

    (void)state;
    assert_true(parse_text(arena, ENGINE_MYSQL,
                           "-- fleet: probe SELECT 1 FROM done\n--   WHERE id = 3;\n"
                           "call settle(3);\nselect 1;",
                           &script));
    assert_int_equal(script.count, 2);
    assert_string_equal(script.statements[0].probe, "SELECT 1 FROM done\nWHERE id = 3");
    assert_null(script.statements[1].probe);
    assert_int_equal(script.directives.check_count, 0);
}

static void undoes_belongs_to_the_statement_after_it(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();
    struct script script;

    assert_true(parse_text(arena, ENGINE_MYSQL,
                           "-- fleet: undoes 3\ndrop table a;\n drop table b; -- fleet: undoes 1\n"
                           "-- more\ndrop table c",
                           &script));
    assert_int_equal(script.count, 3);
    assert_int_equal(script.statements[0].undoes, 3);
    assert_int_equal(script.statements[1].undoes, 0);
    assert_int_equal(script.statements[2].undoes, 1);
}

static void malformed_directives_are_faults_that_show_the_form(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int line;
        const char *fragment;
    } cases[] = {
        {"-- fleet: no-transacton\n", 1, "did you mean \"no-transaction\"?"},
        {"-- fleet: xyzzy\n", 1, "there are no-transaction, lock-timeout"},
        {"-- fleet:\n", 1, "unknown directive \"\""},
        {"\n\n-- fleet: no-transaction yes\n", 3, "\"-- fleet: no-transaction\""},
        {"-- fleet: lock-timeout=soon\n", 1, "lock-timeout=3s"},
        {"-- fleet: lock-timeout=0s\n", 1, "lock-timeout=3s"},
        {"-- fleet: lock-timeout\n", 1, "lock-timeout=3s"},
        {"-- fleet: irreversible\n", 1, "irreversible REASON"},
        {"-- fleet: allow drop-table\n", 1, "allow RULE REASON"},
        {"-- fleet: foreign-keys=on\n", 1, "foreign-keys=off"},
        {"-- fleet: env=Dev\n", 1, "env=NAME,NAME"},
        {"-- fleet: undoes 0\nselect 1;", 1, "undoes N"},
        {"-- fleet: undoes 1\n-- fleet: undoes 2\nselect 1;", 2, "undoes N"},
        {"select 1;\n-- fleet: undoes 1\n", 2, "no statement after it"},
        {"-- fleet: probe\nselect 1;", 2, "needs one query"},
        {"-- fleet: probe SELECT 1\n-- fleet: probe SELECT 2\nselect 1;", 2, "probe SELECT"},
        {"select 1;\n-- fleet: probe SELECT 1\n", 2, "no statement after it"},
        {"select 1;\n-- fleet: no-transaction\n", 2, "before the first statement"},
        {"select\n-- fleet: no-transaction\n1;", 2, "inside a statement"},
        {"-- fleet: env=a\n-- fleet: env=b\n", 2, "given twice"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        expect_fault(ENGINE_MYSQL, cases[i].text, cases[i].line, cases[i].fragment);
}

static void all_faults_of_a_script_are_reported(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();
    AUTO(diagnostics) struct diagnostics *faults = diagnostics_new();
    static const char text[] = "-- fleet: a\n-- fleet: b\n\\c x\nselect 'open";
    struct script script;

    assert_false(
        script_parse(arena, ENGINE_POSTGRESQL, "t.sql", text, strlen(text), &script, faults));
    assert_int_equal(diagnostics_count(faults), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(directives_at_the_top_are_read),
        cmocka_unit_test(a_script_without_directives_has_none),
        cmocka_unit_test(a_check_goes_on_over_indented_comment_lines),
        cmocka_unit_test(a_check_is_one_query),
        cmocka_unit_test(undoes_belongs_to_the_statement_after_it),
        cmocka_unit_test(a_probe_belongs_to_the_statement_after_it),
        cmocka_unit_test(malformed_directives_are_faults_that_show_the_form),
        cmocka_unit_test(all_faults_of_a_script_are_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
