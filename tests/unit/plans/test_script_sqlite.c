#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "splits.h"

static void a_trigger_ends_with_its_end(void **state)
{
    (void)state;
    EXPECT_STATEMENTS(
        ENGINE_SQLITE,
        "create trigger t after insert on a when case new.x when 1 then 1 else 0 end begin\n"
        "  update b set c = case when new.d then 1 else 2 end;\n  select new.end; end;\nselect 1;"
        "CREATE TEMP TRIGGER u AFTER DELETE ON a BEGIN SELECT 1; -- why; not\nEND ; select 2",
        "create trigger t after insert on a when case new.x when 1 then 1 else 0 end begin\n"
        "  update b set c = case when new.d then 1 else 2 end;\n  select new.end; end",
        "select 1", "CREATE TEMP TRIGGER u AFTER DELETE ON a BEGIN SELECT 1; -- why; not\nEND",
        "select 2");
    EXPECT_STATEMENTS(ENGINE_SQLITE, "create trigger t after insert on a begin select 1; end",
                      "create trigger t after insert on a begin select 1; end");
}

static void a_trigger_without_an_end_is_a_fault(void **state)
{
    (void)state;
    expect_fault(ENGINE_SQLITE, "select 1;\ncreate trigger t after insert on a begin select 1;", 2,
                 "END");
}

static void other_statements_about_triggers_end_at_once(void **state)
{
    (void)state;
    EXPECT_STATEMENTS(ENGINE_SQLITE,
                      "drop trigger t; create table trigger_log(begin, [end]); select 1",
                      "drop trigger t", "create table trigger_log(begin, [end])", "select 1");
}

static void names_are_quoted_in_four_ways(void **state)
{
    (void)state;
    EXPECT_STATEMENTS(ENGINE_SQLITE,
                      "create table [a;b]]; select `c;``d`, \"e;\"\"f\", 'g;''h', [i\"j]; select 3",
                      "create table [a;b]]", "select `c;``d`, \"e;\"\"f\", 'g;''h', [i\"j]",
                      "select 3");
}

static void backslashes_and_hashes_mean_nothing(void **state)
{
    (void)state;
    EXPECT_STATEMENTS(ENGINE_SQLITE, "select '\\'; select 2 --x;\n; select 3", "select '\\'",
                      "select 2", "select 3");
    EXPECT_STATEMENTS(ENGINE_SQLITE, "select '/* a', 1; select 2", "select '/* a', 1", "select 2");
}

static void shell_commands_are_faults(void **state)
{
    (void)state;
    expect_fault(ENGINE_SQLITE, "select 1;\n.read other.sql\nselect 2;", 2, ".read other.sql");
    EXPECT_STATEMENTS(ENGINE_SQLITE, "select a\n.b from a", "select a\n.b from a");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trigger_ends_with_its_end),
        cmocka_unit_test(a_trigger_without_an_end_is_a_fault),
        cmocka_unit_test(other_statements_about_triggers_end_at_once),
        cmocka_unit_test(names_are_quoted_in_four_ways),
        cmocka_unit_test(backslashes_and_hashes_mean_nothing),
        cmocka_unit_test(shell_commands_are_faults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
