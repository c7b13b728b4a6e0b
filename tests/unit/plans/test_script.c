#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "splits.h"

static const enum engine_kind engines[] = {ENGINE_POSTGRESQL, ENGINE_MYSQL, ENGINE_SQLITE};

static void statements_end_at_semicolons_outside_quotes_and_comments(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(engines); i++)
        EXPECT_STATEMENTS(engines[i],
                          "select ';' , \"a;b\" -- one; two\n ; /* ; */ select 'it''s;' ;\n"
                          ";; select 3 /* last; */ -- no end",
                          "select ';' , \"a;b\"", "select 'it''s;'", "select 3");
}

static void empty_and_comment_only_scripts_have_no_statements(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "", " \r\n\t", "\xef\xbb\xbf", "-- nothing here", "/* nothing */\n-- more\n", ";;\n;",
    };
    AUTO(arena) struct arena *arena = arena_new();

    for (size_t i = 0; i < COUNT_OF(engines); i++) {
        for (size_t j = 0; j < COUNT_OF(texts); j++) {
            struct script script;

            assert_true(parse_text(arena, engines[i], texts[j], &script));
            assert_int_equal(script.count, 0);
        }
    }
}

static void a_byte_order_mark_and_crlf_are_not_part_of_statements(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();
    struct script script;

    for (size_t i = 0; i < COUNT_OF(engines); i++)
        EXPECT_STATEMENTS(engines[i],
                          "\xef\xbb\xbf"
                          "-- fleet: no-transaction\r\nselect 1\r\n;\r\nselect '\r\n';\r\n",
                          "select 1", "select '\r\n'");
    assert_true(parse_text(arena, ENGINE_SQLITE, "-- fleet: no-transaction\r\nselect 1", &script));
    assert_true(script.directives.no_transaction);
}

static void bytes_that_are_not_utf8_pass_through(void **state)
{
    (void)state;
    EXPECT_STATEMENTS(ENGINE_MYSQL, "insert into t values ('\xff\xfe;\xc3'); select '\xe9t\xe9'",
                      "insert into t values ('\xff\xfe;\xc3')", "select '\xe9t\xe9'");
    EXPECT_STATEMENTS(ENGINE_POSTGRESQL, "create table größe(naïve int);select 1",
                      "create table größe(naïve int)", "select 1");
}

static void a_nul_byte_is_a_fault_with_its_line(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();
    AUTO(diagnostics) struct diagnostics *faults = diagnostics_new();
    static const char text[] = "select 1;\nselect '\0';";
    struct script script;

    assert_false(
        script_parse(arena, ENGINE_SQLITE, "t.sql", text, sizeof text - 1, &script, faults));
    assert_int_equal(diagnostics_at(faults, 0)->line, 2);
    assert_non_null(strstr(diagnostics_at(faults, 0)->message, "UTF-16"));
}

static void each_statement_knows_the_line_it_begins_on(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();
    struct script script;

    assert_true(parse_text(arena, ENGINE_POSTGRESQL,
                           "-- one\n/* two\n three */ select\n 4;\n\n\nselect $$\n\n$$; select 9",
                           &script));
    assert_int_equal(script.count, 3);
    assert_int_equal(script.statements[0].line, 3);
    assert_int_equal(script.statements[1].line, 7);
    assert_int_equal(script.statements[2].line, 9);
}

static void what_never_ends_is_a_fault_where_it_begins(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(engines); i++) {
        expect_fault(engines[i], "select 1;\n\n select 'a;\nselect 2;", 3, "string");
        expect_fault(engines[i], "select 1;\n/* a;\nselect 2;", 2, "comment");
        expect_fault(engines[i], "select \"a;\nselect 2;", 1, "quoted");
    }
    expect_fault(ENGINE_POSTGRESQL, "do\n$a$ begin $b$ end;", 2, "dollar-quoted");
    expect_fault(ENGINE_SQLITE, "select [a;", 1, "quoted name");
    expect_fault(ENGINE_MYSQL, "select 1;\nselect `a;", 2, "quoted name");
    expect_fault(ENGINE_MYSQL, "select 1;\n/*!40101 set a = 1;", 2, "comment");
}

static void roles_come_from_the_first_words(void **state)
{
    (void)state;
    static const struct {
        enum engine_kind engine;
        const char *sql;
        enum statement_role role;
    } cases[] = {
        {ENGINE_POSTGRESQL, "begin work", STATEMENT_BEGIN},
        {ENGINE_POSTGRESQL, "/* c */ START /* d */ Transaction read only", STATEMENT_BEGIN},
        {ENGINE_POSTGRESQL, "start_it", STATEMENT_PLAIN},
        {ENGINE_POSTGRESQL, "commit", STATEMENT_COMMIT},
        {ENGINE_POSTGRESQL, "end", STATEMENT_COMMIT},
        {ENGINE_POSTGRESQL, "prepare transaction 'x'", STATEMENT_COMMIT},
        {ENGINE_POSTGRESQL, "prepare p as select 1", STATEMENT_PLAIN},
        {ENGINE_POSTGRESQL, "rollback", STATEMENT_ROLLBACK},
        {ENGINE_POSTGRESQL, "abort", STATEMENT_ROLLBACK},
        {ENGINE_POSTGRESQL, "rollback to a", STATEMENT_SAVEPOINT},
        {ENGINE_POSTGRESQL, "rollback transaction to savepoint a", STATEMENT_SAVEPOINT},
        {ENGINE_POSTGRESQL, "savepoint a", STATEMENT_SAVEPOINT},
        {ENGINE_POSTGRESQL, "release a", STATEMENT_SAVEPOINT},
        {ENGINE_SQLITE, "begin immediate", STATEMENT_BEGIN},
        {ENGINE_MYSQL, "start slave", STATEMENT_PLAIN},
        {ENGINE_MYSQL, "begin not atomic select 1; end", STATEMENT_PLAIN},
        {ENGINE_MYSQL, "/*!40101 begin */", STATEMENT_BEGIN},
        {ENGINE_MYSQL, "xa start 'x'", STATEMENT_BEGIN},
    };
    AUTO(arena) struct arena *arena = arena_new();

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct script script;

        assert_true(parse_text(arena, cases[i].engine, cases[i].sql, &script));
        assert_int_equal(script.count, 1);
        assert_int_equal(script.statements[0].role, cases[i].role);
    }
}

static void one_pair_around_the_whole_script_is_taken_off(void **state)
{
    (void)state;
    EXPECT_STATEMENTS(ENGINE_POSTGRESQL, "begin; select 1; savepoint a; select 2; commit;",
                      "select 1", "savepoint a", "select 2");
    EXPECT_STATEMENTS(ENGINE_SQLITE, "-- c\nBEGIN TRANSACTION;\nselect 1;\nEND TRANSACTION;\n",
                      "select 1");
    EXPECT_STATEMENTS(ENGINE_MYSQL, "start transaction; select 1; commit", "select 1");
}

static void other_transaction_control_stays_for_the_executor_to_refuse(void **state)
{
    (void)state;
    EXPECT_STATEMENTS(ENGINE_POSTGRESQL, "begin; begin; select 1; commit; commit;", "begin",
                      "begin", "select 1", "commit", "commit");
    EXPECT_STATEMENTS(ENGINE_POSTGRESQL, "begin; select 1; commit; begin; select 2; commit;",
                      "begin", "select 1", "commit", "begin", "select 2", "commit");
    EXPECT_STATEMENTS(ENGINE_SQLITE, "pragma foreign_keys=off; begin; select 1; commit;",
                      "pragma foreign_keys=off", "begin", "select 1", "commit");
    EXPECT_STATEMENTS(ENGINE_POSTGRESQL, "begin; select 1; rollback;", "begin", "select 1",
                      "rollback");
    EXPECT_STATEMENTS(ENGINE_POSTGRESQL, "begin isolation level serializable; select 1; commit;",
                      "begin isolation level serializable", "select 1", "commit");
    EXPECT_STATEMENTS(ENGINE_POSTGRESQL, "begin; select 1; commit and chain;", "begin", "select 1",
                      "commit and chain");
}

static void two_thousand_statements_and_a_megabyte_in_one_line_split(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();
    struct buffer text AUTO_BUFFER = {0};
    struct script script;

    for (int i = 0; i < 2000; i++)
        buffer_printf(&text, "insert into t%d values ('a;b', %*d);", i, 500, i);
    for (size_t i = 0; i < COUNT_OF(engines); i++) {
        assert_true(parse_text(arena, engines[i], buffer_text(&text), &script));
        assert_int_equal(script.count, 2000);
        assert_int_equal(script.statements[1999].line, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statements_end_at_semicolons_outside_quotes_and_comments),
        cmocka_unit_test(empty_and_comment_only_scripts_have_no_statements),
        cmocka_unit_test(a_byte_order_mark_and_crlf_are_not_part_of_statements),
        cmocka_unit_test(bytes_that_are_not_utf8_pass_through),
        cmocka_unit_test(a_nul_byte_is_a_fault_with_its_line),
        cmocka_unit_test(each_statement_knows_the_line_it_begins_on),
        cmocka_unit_test(what_never_ends_is_a_fault_where_it_begins),
        cmocka_unit_test(roles_come_from_the_first_words),
        cmocka_unit_test(one_pair_around_the_whole_script_is_taken_off),
        cmocka_unit_test(other_transaction_control_stays_for_the_executor_to_refuse),
        cmocka_unit_test(two_thousand_statements_and_a_megabyte_in_one_line_split),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
