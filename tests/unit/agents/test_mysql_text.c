#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agents/engines/mysql_session.h"

static void parameters_become_literals_and_nothing_becomes_null(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer out = {0};
    const char *parameters[] = {"a b", NULL, "3"};

    mysql_expand("INSERT INTO t VALUES ($1, $2, $3)", parameters, COUNT_OF(parameters), &out);
    assert_string_equal(buffer_text(&out), "INSERT INTO t VALUES ('a b', NULL, '3')");
}

static void a_number_of_two_digits_is_one_parameter(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer out = {0};
    const char *parameters[] = {"1", "2", "3", "4", "5", "6", "7", "8", "9", "ten"};

    mysql_expand("$1$2$3$4$5$6$7$8$9$10", parameters, COUNT_OF(parameters), &out);
    assert_string_equal(buffer_text(&out), "'1''2''3''4''5''6''7''8''9''ten'");
}

/* Whatever sql_mode and character set a script has set. */
static void a_literal_with_quotes_or_backslashes_is_hexadecimal(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *literal;
    } cases[] = {
        {"'", "_utf8mb4 X'27'"},  {"\\", "_utf8mb4 X'5c'"},  {"", "SPACE(0)"},
        {"\n", "_utf8mb4 X'0a'"}, {"é", "_utf8mb4 X'c3a9'"}, {"$1", "_utf8mb4 X'2431'"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO_BUFFER struct buffer out = {0};

        mysql_append_literal(&out, cases[i].text);
        assert_string_equal(buffer_text(&out), cases[i].literal);
    }
}

static void a_backtick_in_a_name_is_doubled(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer out = {0};

    mysql_append_name(&out, "a`b");
    assert_string_equal(buffer_text(&out), "`a``b`");
}

static void the_locks_name_fits_and_depends_on_the_database(void **state)
{
    (void)state;
    char one[MYSQL_LOCK_NAME_SIZE];
    char two[MYSQL_LOCK_NAME_SIZE];

    mysql_make_lock_name("orders_1", one);
    mysql_make_lock_name("orders_2", two);
    assert_int_equal(strlen(one), strlen("fleet:") + 32);
    assert_string_not_equal(one, two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameters_become_literals_and_nothing_becomes_null),
        cmocka_unit_test(a_number_of_two_digits_is_one_parameter),
        cmocka_unit_test(a_literal_with_quotes_or_backslashes_is_hexadecimal),
        cmocka_unit_test(a_backtick_in_a_name_is_doubled),
        cmocka_unit_test(the_locks_name_fits_and_depends_on_the_database),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
