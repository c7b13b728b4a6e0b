#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "orchestrator/arguments.h"

static const struct option_spec own[] = {
    {"sql", 0, NULL, false, ""},
    {"out", 'o', "FILE", false, ""},
    {"env", 'e', "NAME", true, ""},
};
static const struct option_group groups[] = {{"Options", own, COUNT_OF(own)}};

#define PARSE(err, ...)                                                   \
    arguments_parse(groups, 1, COUNT_OF(((const char *[]){__VA_ARGS__})), \
                    (const char *[]){__VA_ARGS__}, err)

static void options_and_operands_may_mix(void **state)
{
    (void)state;
    struct error err = {0};
    size_t count;
    AUTO(arguments)
    struct arguments *arguments =
        PARSE(&err, "prod", "--env", "a", "-o", "file", "--env=b", "--sql", "extra");

    assert_non_null(arguments);
    assert_int_equal(arguments_operand_count(arguments), 2);
    assert_string_equal(arguments_operand(arguments, 1), "extra");
    assert_true(arguments_has(arguments, "sql"));
    assert_string_equal(arguments_value(arguments, "out"), "file");
    const char *const *values = arguments_values(arguments, "env", &count);
    assert_int_equal(count, 2);
    assert_string_equal(values[0], "a");
    assert_string_equal(values[1], "b");
}

static void two_dashes_end_the_options(void **state)
{
    (void)state;
    struct error err = {0};
    AUTO(arguments) struct arguments *arguments = PARSE(&err, "--", "--sql");

    assert_non_null(arguments);
    assert_false(arguments_has(arguments, "sql"));
    assert_string_equal(arguments_operand(arguments, 0), "--sql");
}

static void a_slip_is_named_with_the_near_option(void **state)
{
    (void)state;
    struct error err = {0};

    assert_null(PARSE(&err, "--slq"));
    assert_int_equal(err.code, ERROR_USAGE);
    assert_string_equal(err.message, "unknown option --slq, did you mean --sql?");
}

static void wrong_use_of_an_option_is_an_error(void **state)
{
    (void)state;
    struct error missing = {0}, twice = {0}, value = {0};

    assert_null(PARSE(&missing, "--out"));
    assert_string_equal(missing.message, "--out needs a value: --out FILE");
    assert_null(PARSE(&twice, "-ox", "-oy"));
    assert_string_equal(twice.message, "--out is given twice");
    assert_null(PARSE(&value, "--sql=yes"));
    assert_int_equal(value.code, ERROR_USAGE);
}

static void numbers_are_held_to_their_range(void **state)
{
    (void)state;
    static const char *const wrong[] = {"0", "11", "x", "5x", "", "99999999999999999999"};
    long number;

    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        struct error err = {0};
        AUTO(arguments) struct arguments *arguments = PARSE(&err, "--out", wrong[i]);

        assert_non_null(arguments);
        assert_false(arguments_number(arguments, "out", 1, 10, 3, &number, &err));
        assert_int_equal(err.code, ERROR_USAGE);
    }
    struct error err = {0};
    AUTO(arguments) struct arguments *absent = PARSE(&err, "word");
    assert_true(arguments_number(absent, "out", 1, 10, 3, &number, &err));
    assert_int_equal(number, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_and_operands_may_mix),
        cmocka_unit_test(two_dashes_end_the_options),
        cmocka_unit_test(a_slip_is_named_with_the_near_option),
        cmocka_unit_test(wrong_use_of_an_option_is_an_error),
        cmocka_unit_test(numbers_are_held_to_their_range),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
