#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/name.h"
#include "common/scope.h"

static void names_of_the_grammar_are_valid(void **state)
{
    (void)state;
    static const char *const names[] = {"a", "0", "orders-000", "eu.db_1-x", "9.-_"};

    for (size_t i = 0; i < COUNT_OF(names); i++)
        assert_true(name_is_valid(names[i]));
}

static void anything_else_is_no_name(void **state)
{
    (void)state;
    static const char *const others[] = {
        "",    "-a",  ".a",   "..",  "_a",      "A",        "aB",
        "a b", "a/b", "../a", "a\n", "\x1b[2J", "\xc3\xa4", "a%",
    };

    for (size_t i = 0; i < COUNT_OF(others); i++)
        assert_false(name_is_valid(others[i]));
}

static void a_name_has_at_most_63_characters(void **state)
{
    (void)state;
    char name[NAME_SIZE + 1];

    memset(name, 'a', sizeof name);
    name[63] = '\0';
    assert_true(name_is_valid(name));
    name[63] = 'a';
    name[64] = '\0';
    assert_false(name_is_valid(name));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_the_grammar_are_valid),
        cmocka_unit_test(anything_else_is_no_name),
        cmocka_unit_test(a_name_has_at_most_63_characters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
