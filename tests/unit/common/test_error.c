#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "common/error.h"

static void each_layer_puts_what_it_knows_in_front(void **state)
{
    (void)state;
    struct error err = {0};

    assert_false(error_set(&err, ERROR_LOCKED, "lock timeout after %d s", 3));
    assert_false(error_wrap(&err, "step %d", 4));
    assert_false(error_wrap(&err, "target %s", "eu-3"));
    assert_string_equal(err.message, "target eu-3: step 4: lock timeout after 3 s");
    assert_int_equal(err.code, ERROR_LOCKED);
}

static void the_context_is_cut_before_the_cause_is(void **state)
{
    (void)state;
    struct error err = {0};
    char context[sizeof err.message];

    memset(context, 'c', sizeof context - 1);
    context[sizeof context - 1] = '\0';
    error_set(&err, ERROR_SQL, "the cause");
    error_wrap(&err, "%s", context);
    assert_int_equal(strlen(err.message), sizeof err.message - 1);
    assert_non_null(strstr(err.message, "ccc: the cause"));
    error_wrap(&err, "no room for this");
    assert_non_null(strstr(err.message, "ccc: the cause"));
}

static void errno_is_told_in_words(void **state)
{
    (void)state;
    struct error err = {0};

    assert_false(error_set_errno(&err, ENOENT, "cannot read %s", "a.ini"));
    assert_int_equal(err.code, ERROR_IO);
    assert_string_equal(err.message, "cannot read a.ini: No such file or directory");
}

static void a_place_that_is_known_stays(void **state)
{
    (void)state;
    struct error err = {0};

    error_set(&err, ERROR_CONFIG, "unknown key");
    error_at_file(&err, "conf.d/a.ini", 7);
    error_at_file(&err, "fleet.ini", 1);
    error_at_target(&err, "eu-3");
    error_at_target(&err, "eu-4");
    assert_string_equal(err.file, "conf.d/a.ini");
    assert_int_equal(err.line, 7);
    assert_string_equal(err.target, "eu-3");
    error_clear(&err);
    assert_int_equal(err.code, ERROR_NONE);
    assert_string_equal(err.file, "");
}

static void every_code_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (int code = ERROR_NONE + 1; code < ERROR_CODE_COUNT; code++) {
        const char *name = error_code_name((enum error_code)code);

        assert_non_null(name);
        assert_int_equal(error_code_from_name(name), code);
    }
    assert_int_equal(error_code_from_name("of a later release"), ERROR_INTERNAL);
    assert_int_equal(error_code_from_name("none"), ERROR_INTERNAL);
}

static void exit_statuses_are_those_of_the_manual(void **state)
{
    (void)state;
    assert_int_equal(error_exit_status(ERROR_NONE), 0);
    assert_int_equal(error_exit_status(ERROR_SQL), 1);
    assert_int_equal(error_exit_status(ERROR_USAGE), 2);
    assert_int_equal(error_exit_status(ERROR_CONFIG), 2);
    assert_int_equal(error_exit_status(ERROR_UNKNOWN), 4);
    assert_int_equal(error_exit_status(ERROR_NEEDS_OPERATOR), 4);
}

static void an_unknown_outcome_is_never_tried_again(void **state)
{
    (void)state;
    assert_true(error_is_transient(ERROR_CONNECT));
    assert_true(error_is_transient(ERROR_LOCKED));
    assert_true(error_is_transient(ERROR_TIMEOUT));
    assert_false(error_is_transient(ERROR_UNKNOWN));
    assert_false(error_is_transient(ERROR_FENCED));
    assert_false(error_is_transient(ERROR_SQL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_layer_puts_what_it_knows_in_front),
        cmocka_unit_test(the_context_is_cut_before_the_cause_is),
        cmocka_unit_test(errno_is_told_in_words),
        cmocka_unit_test(a_place_that_is_known_stays),
        cmocka_unit_test(every_code_has_a_name_of_its_own),
        cmocka_unit_test(exit_statuses_are_those_of_the_manual),
        cmocka_unit_test(an_unknown_outcome_is_never_tried_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
