#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "splits.h"

static void dollar_quotes_end_at_their_own_tag(void **state)
{
    (void)state;
    EXPECT_STATEMENTS(
        ENGINE_POSTGRESQL,
        "do $$ begin; perform 1; end $$; do $a$ x; $b$ ; $$ ; $a$; select $1, a$b$c;"
        "select $größe$;$größe$; do $$ execute $x$ select ';' $x$; $$ language plpgsql",
        "do $$ begin; perform 1; end $$", "do $a$ x; $b$ ; $$ ; $a$", "select $1, a$b$c",
        "select $größe$;$größe$", "do $$ execute $x$ select ';' $x$; $$ language plpgsql");
}

static void comments_nest(void **state)
{
    (void)state;
    EXPECT_STATEMENTS(ENGINE_POSTGRESQL, "/* a /* b; */ c; */ select 1; select 2 /* /* */ ; */",
                      "select 1", "select 2");
    expect_fault(ENGINE_POSTGRESQL, "select 1; /* a /* b */ select 2;", 1, "comment");
}

static void only_escape_strings_have_backslash_escapes(void **state)
{
    (void)state;
    EXPECT_STATEMENTS(ENGINE_POSTGRESQL,
                      "select 'a\\'; select E'b\\';c' ; select e'\\\\'; select 4", "select 'a\\'",
                      "select E'b\\';c'", "select e'\\\\'", "select 4");
    EXPECT_STATEMENTS(ENGINE_POSTGRESQL, "select E'a'\n'b\\';c'; select 'x' 'y\\'; select 3",
                      "select E'a'\n'b\\';c'", "select 'x' 'y\\'", "select 3");
    EXPECT_STATEMENTS(ENGINE_POSTGRESQL, "select U&'a\\'; select 2", "select U&'a\\'", "select 2");
}

static void nonconforming_strings_are_followed_while_they_are_set(void **state)
{
    (void)state;
    EXPECT_STATEMENTS(ENGINE_POSTGRESQL,
                      "set standard_conforming_strings = off; select 'a\\';b';"
                      "set standard_conforming_strings = on; select 'c\\'; select 5",
                      "set standard_conforming_strings = off", "select 'a\\';b'",
                      "set standard_conforming_strings = on", "select 'c\\'", "select 5");
}

static void operators_are_not_comments_or_commands(void **state)
{
    (void)state;
    EXPECT_STATEMENTS(ENGINE_POSTGRESQL, "select a#>>'{b}', c->'d', e[1], 1 # 2; select 2",
                      "select a#>>'{b}', c->'d', e[1], 1 # 2", "select 2");
    EXPECT_STATEMENTS(ENGINE_POSTGRESQL, "select 1--2;\n; select 2", "select 1", "select 2");
}

static void sql_bodies_end_with_their_end(void **state)
{
    (void)state;
    EXPECT_STATEMENTS(
        ENGINE_POSTGRESQL,
        "create or replace function f(a int) returns int language sql begin atomic\n"
        "  select case when a = 1 then 2 else 3 end;\n  select 1 as end; end; select 1;"
        "create procedure p() begin atomic insert into t values (1); end; select 2",
        "create or replace function f(a int) returns int language sql begin atomic\n"
        "  select case when a = 1 then 2 else 3 end;\n  select 1 as end; end",
        "select 1", "create procedure p() begin atomic insert into t values (1); end", "select 2");
    EXPECT_STATEMENTS(ENGINE_POSTGRESQL,
                      "create function g() returns int as 'select 1;' language sql; select 2",
                      "create function g() returns int as 'select 1;' language sql", "select 2");
    expect_fault(ENGINE_POSTGRESQL, "\ncreate function f() begin atomic select 1;", 2,
                 "END of its body");
}

static void parentheses_hold_the_commands_of_a_rule(void **state)
{
    (void)state;
    EXPECT_STATEMENTS(ENGINE_POSTGRESQL,
                      "create rule r as on insert to t do (delete from a; delete from b); select 1",
                      "create rule r as on insert to t do (delete from a; delete from b)",
                      "select 1");
    expect_fault(ENGINE_POSTGRESQL, "select 1;\ncreate table t (a int;\nselect 2;", 2,
                 "closing parenthesis");
}

static void psql_commands_are_faults(void **state)
{
    (void)state;
    expect_fault(ENGINE_POSTGRESQL, "select 1;\n\\connect shop\nselect 2;", 2, "\\connect shop");
    expect_fault(ENGINE_POSTGRESQL, "select 1 \\gexec\n;", 1, "psql");
}

static void the_guards_of_pg_dump_are_skipped(void **state)
{
    (void)state;
    EXPECT_STATEMENTS(ENGINE_POSTGRESQL,
                      "--\n-- PostgreSQL database dump\n--\n\n\\restrict aB3\n\nSET "
                      "client_encoding = 'UTF8';\nSET standard_conforming_strings = on;\n"
                      "SELECT pg_catalog.set_config('search_path', '', false);\n\n"
                      "CREATE TABLE public.t (\n    a integer\n);\n\n\\unrestrict aB3\n\n",
                      "SET client_encoding = 'UTF8'", "SET standard_conforming_strings = on",
                      "SELECT pg_catalog.set_config('search_path', '', false)",
                      "CREATE TABLE public.t (\n    a integer\n)");
}

static void copy_from_stdin_is_one_fault_whatever_its_data(void **state)
{
    (void)state;
    expect_fault(ENGINE_POSTGRESQL,
                 "select 1;\nCOPY public.t (a, b) FROM stdin;\n1\tit's \"; /* \\N\n2\t$$\n\\.\n\n"
                 "select 'ok';\n",
                 2, "INSERT");
    EXPECT_STATEMENTS(ENGINE_POSTGRESQL, "copy t from '/tmp/stdin'; select 1",
                      "copy t from '/tmp/stdin'", "select 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dollar_quotes_end_at_their_own_tag),
        cmocka_unit_test(comments_nest),
        cmocka_unit_test(only_escape_strings_have_backslash_escapes),
        cmocka_unit_test(nonconforming_strings_are_followed_while_they_are_set),
        cmocka_unit_test(operators_are_not_comments_or_commands),
        cmocka_unit_test(sql_bodies_end_with_their_end),
        cmocka_unit_test(parentheses_hold_the_commands_of_a_rule),
        cmocka_unit_test(psql_commands_are_faults),
        cmocka_unit_test(the_guards_of_pg_dump_are_skipped),
        cmocka_unit_test(copy_from_stdin_is_one_fault_whatever_its_data),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
