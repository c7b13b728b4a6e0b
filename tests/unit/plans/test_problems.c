#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "plans/problems.h"

static void targets_of_one_problem_are_counted_and_the_first_is_named(void **state)
{
    (void)state;
    AUTO(problems) struct problems *problems = problems_new();
    AUTO(diagnostics) struct diagnostics *out = diagnostics_new();
    struct concern many = {400, "a-001"};
    struct concern few = {12, "b-007"};
    struct concern one = {1, "c"};

    problems_add(problems, &many, ERROR_CONFLICT, "x.sql", "edited");
    problems_add(problems, &one, ERROR_CONFLICT, NULL, "missing");
    problems_add(problems, &few, ERROR_CONFLICT, "x.sql", "edited");
    problems_report(problems, out);
    assert_int_equal(diagnostics_count(out), 2);
    assert_string_equal(diagnostics_at(out, 0)->message, "edited (412 targets, first a-001)");
    assert_string_equal(diagnostics_at(out, 0)->target, "a-001");
    assert_string_equal(diagnostics_at(out, 0)->file, "x.sql");
    assert_string_equal(diagnostics_at(out, 1)->message, "missing (target c)");
}

static void a_set_that_meets_a_problem_twice_counts_once(void **state)
{
    (void)state;
    AUTO(problems) struct problems *problems = problems_new();
    AUTO(diagnostics) struct diagnostics *out = diagnostics_new();
    struct concern concern = {3, "a"};

    problems_add(problems, &concern, ERROR_CONFLICT, NULL, "bad");
    problems_add(problems, &concern, ERROR_CONFLICT, NULL, "bad");
    problems_report(problems, out);
    assert_string_equal(diagnostics_at(out, 0)->message, "bad (3 targets, first a)");
}

static void the_same_words_about_two_files_are_two_problems(void **state)
{
    (void)state;
    AUTO(problems) struct problems *problems = problems_new();
    struct concern none = {0};

    problems_add(problems, &none, ERROR_CONFLICT, "a.sql", "bad");
    problems_add(problems, &none, ERROR_CONFLICT, "b.sql", "bad");
    assert_int_equal(problems_count(problems), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(targets_of_one_problem_are_counted_and_the_first_is_named),
        cmocka_unit_test(a_set_that_meets_a_problem_twice_counts_once),
        cmocka_unit_test(the_same_words_about_two_files_are_two_problems),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
