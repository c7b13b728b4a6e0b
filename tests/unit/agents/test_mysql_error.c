#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agents/engines/mysql_session.h"

static int position(const char *near, const char *sql)
{
    char message[512];

    snprintf(message, sizeof message, "You have an error; the right syntax to use %s", near);
    return mysql_error_position(message, sql, strlen(sql));
}

static void each_number_has_its_code(void **state)
{
    (void)state;
    static const struct {
        unsigned number;
        enum error_code code;
        bool lost;
    } cases[] = {
        {1064, ERROR_SYNTAX, false},  {1205, ERROR_LOCKED, false},  {1213, ERROR_LOCKED, false},
        {3572, ERROR_LOCKED, false},  {1969, ERROR_TIMEOUT, false}, {3024, ERROR_TIMEOUT, false},
        {2006, ERROR_CONNECT, true},  {2013, ERROR_CONNECT, true},  {2055, ERROR_CONNECT, true},
        {1053, ERROR_CONNECT, true},  {1040, ERROR_CONNECT, false}, {1045, ERROR_CONNECT, false},
        {2002, ERROR_CONNECT, false}, {1146, ERROR_SQL, false},     {9999, ERROR_SQL, false},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct error err = {0};

        assert_false(mysql_fail_with(cases[i].number, "HY000", "words", &err));
        assert_int_equal(err.code, cases[i].code);
        assert_int_equal(mysql_is_lost(cases[i].number), cases[i].lost);
        assert_string_equal(err.sqlstate, "HY000");
    }
}

static void the_message_has_the_servers_words_its_number_and_advice(void **state)
{
    (void)state;
    struct error err = {0};

    mysql_fail_with(1045, "28000", "Access denied", &err);
    assert_non_null(strstr(err.message, "Access denied (error 1045); check the user"));
}

static void the_place_is_where_the_text_that_is_near_stands(void **state)
{
    (void)state;

    assert_int_equal(position("near 'FORM t' at line 1", "SELECT 1 FORM t"), 10);
    assert_int_equal(position("near 'b b' at line 2", "SELECT 'b b',\n b b"), 16);
}

static void the_place_is_counted_in_characters(void **state)
{
    (void)state;

    assert_int_equal(position("near 'FROM WHERE' at line 1", "SELECT '€€', FROM WHERE"), 14);
}

static void an_unexpected_end_is_behind_the_last_character(void **state)
{
    (void)state;

    assert_int_equal(position("near '' at line 1", "SELECT 1 +"), 11);
}

static void the_text_may_itself_speak_of_lines(void **state)
{
    (void)state;

    assert_int_equal(position("near 'x ' at line 7' at line 1", "SELECT x ' at line 7"), 8);
}

static void a_place_that_cannot_be_found_is_none(void **state)
{
    (void)state;

    assert_int_equal(position("near 'elsewhere' at line 1", "SELECT 1"), 0);
    assert_int_equal(position("near '1' at line 9", "SELECT 1"), 0);
    assert_int_equal(position("no such words", "SELECT 1"), 0);
    assert_int_equal(position("near 'cut", "SELECT 1"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_number_has_its_code),
        cmocka_unit_test(the_message_has_the_servers_words_its_number_and_advice),
        cmocka_unit_test(the_place_is_where_the_text_that_is_near_stands),
        cmocka_unit_test(the_place_is_counted_in_characters),
        cmocka_unit_test(an_unexpected_end_is_behind_the_last_character),
        cmocka_unit_test(the_text_may_itself_speak_of_lines),
        cmocka_unit_test(a_place_that_cannot_be_found_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
