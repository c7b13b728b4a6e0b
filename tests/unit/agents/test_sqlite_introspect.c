#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agents/engines/sqlite_introspect.h"
#include "agents/engines/sqlite_tokens.h"

static void expect_lines(const char *type, const char *name, const char *sql, const char *lines)
{
    AUTO_BUFFER struct buffer out = {0};

    sqlite_canonical_object(type, name, sql, &out);
    assert_string_equal(buffer_text(&out), lines);
}

static void a_table_is_a_line_for_each_definition(void **state)
{
    (void)state;
    expect_lines("table", "Items",
                 "CREATE TABLE \"Items\"(\n  [id] INTEGER /* key */ PRIMARY KEY, -- one\n"
                 "  price DECIMAL(10, 2) DEFAULT (1 + 2),CHECK (price > 0)) WITHOUT ROWID",
                 "table items id integer primary key\n"
                 "table items price decimal ( 10 , 2 ) default ( 1 + 2 )\n"
                 "table items check ( price > 0 )\n"
                 "table items without rowid\n");
}

static void quotes_and_case_of_names_do_not_matter(void **state)
{
    (void)state;
    expect_lines("index", "i", "CREATE INDEX `I` ON \"t\" ([A])",
                 "index i create index i on t ( a )\n");
    expect_lines("index", "i", "create index i on T(a)", "index i create index i on t ( a )\n");
}

static void the_text_of_strings_does(void **state)
{
    (void)state;
    expect_lines("table", "t", "CREATE TABLE t (a TEXT DEFAULT 'It''s --A')",
                 "table t a text default 'It''s --A'\ntable t\n");
    expect_lines("table", "t", "CREATE TABLE t (a TEXT DEFAULT \"ABC\")",
                 "table t a text default \"ABC\"\ntable t\n");
}

static void a_line_stays_one_line(void **state)
{
    (void)state;
    expect_lines("view", "v", "CREATE VIEW v AS\nSELECT 'a\nb'",
                 "view v create view v as select 'a\\nb'\n");
}

static void a_virtual_table_is_taken_as_it_is_written(void **state)
{
    (void)state;
    expect_lines("table", "s", "CREATE VIRTUAL TABLE s USING fts5(a, b)",
                 "table s create virtual table s using fts5 ( a , b )\n");
}

static void open_quotes_end_with_the_text(void **state)
{
    (void)state;
    static const char *const open[] = {"'never", "\"never", "[never", "/* never", "`", "-- x"};

    for (size_t i = 0; i < COUNT_OF(open); i++) {
        struct sqlite_tokens tokens = sqlite_tokens_of(open[i], strlen(open[i]));
        struct sqlite_token token;
        AUTO_BUFFER struct buffer out = {0};

        while (sqlite_tokens_next(&tokens, &token))
            sqlite_token_append(&token, &out);
        assert_ptr_equal(tokens.next, tokens.end);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_is_a_line_for_each_definition),
        cmocka_unit_test(quotes_and_case_of_names_do_not_matter),
        cmocka_unit_test(the_text_of_strings_does),
        cmocka_unit_test(a_line_stays_one_line),
        cmocka_unit_test(a_virtual_table_is_taken_as_it_is_written),
        cmocka_unit_test(open_quotes_end_with_the_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
