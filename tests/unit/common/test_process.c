#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <signal.h>

#include "common/process.h"

static const struct process_limits patient = {60 * 1000, 1024 * 1024, NULL};

static bool run_shell(const char *script, const struct process_limits *limits,
                      struct buffer *output, struct buffer *diagnostics, struct error *err)
{
    const char *const argv[] = {"/bin/sh", "-c", script, NULL};

    return process_run(argv, limits, output, diagnostics, err);
}

static void output_comes_back_whole(void **state)
{
    (void)state;
    struct error err = {0};
    AUTO_BUFFER struct buffer output = {0};
    AUTO_BUFFER struct buffer diagnostics = {0};

    assert_true(run_shell("head -c 300000 /dev/zero; echo noise >&2", &patient, &output,
                          &diagnostics, &err));
    assert_int_equal(output.length, 300000);
    assert_string_equal(buffer_text(&diagnostics), "noise\n");
}

static void a_failure_tells_the_status_and_gives_no_output(void **state)
{
    (void)state;
    struct error err = {0};
    AUTO_BUFFER struct buffer output = {0};
    AUTO_BUFFER struct buffer diagnostics = {0};

    assert_false(
        run_shell("echo half; echo why >&2; exit 7", &patient, &output, &diagnostics, &err));
    assert_string_equal(err.message, "/bin/sh ended with status 7");
    assert_int_equal(output.length, 0);
    assert_string_equal(buffer_text(&diagnostics), "why\n");
}

static void variables_are_added_to_ours(void **state)
{
    (void)state;
    static const char *const variables[] = {"FLEET_WAVE=2", "HOME=/nowhere", NULL};
    const struct process_limits limits = {60 * 1000, 1024, variables};
    struct error err = {0};
    AUTO_BUFFER struct buffer output = {0};
    AUTO_BUFFER struct buffer diagnostics = {0};

    assert_true(run_shell("echo $FLEET_WAVE $HOME; env | grep -c ^HOME=; test -n \"$PATH\"",
                          &limits, &output, &diagnostics, &err));
    assert_string_equal(buffer_text(&output), "2 /nowhere\n1\n");
}

static void death_by_a_signal_is_told(void **state)
{
    (void)state;
    struct error err = {0};
    AUTO_BUFFER struct buffer output = {0};
    AUTO_BUFFER struct buffer diagnostics = {0};

    assert_false(run_shell("kill -TERM $$", &patient, &output, &diagnostics, &err));
    assert_string_equal(err.message, "/bin/sh was ended by signal 15");
}

static void endless_output_is_cut_and_refused(void **state)
{
    (void)state;
    const struct process_limits small = {60 * 1000, 1000, NULL};
    struct error err = {0};
    AUTO_BUFFER struct buffer output = {0};
    AUTO_BUFFER struct buffer diagnostics = {0};

    assert_false(run_shell("exec cat /dev/zero", &small, &output, &diagnostics, &err));
    assert_string_equal(err.message, "/bin/sh printed more than 1000 bytes");
    assert_int_equal(output.length, 0);
}

static void a_program_past_its_deadline_is_killed(void **state)
{
    (void)state;
    const struct process_limits at_once = {1, 1000, NULL};
    struct error err = {0};
    AUTO_BUFFER struct buffer output = {0};
    AUTO_BUFFER struct buffer diagnostics = {0};

    assert_false(run_shell("sleep 1000; true", &at_once, &output, &diagnostics, &err));
    assert_int_equal(err.code, ERROR_TIMEOUT);
}

static void a_missing_program_is_named(void **state)
{
    (void)state;
    const char *const argv[] = {"/nowhere/program", NULL};
    struct error err = {0};
    AUTO_BUFFER struct buffer output = {0};
    AUTO_BUFFER struct buffer diagnostics = {0};

    assert_false(process_run(argv, &patient, &output, &diagnostics, &err));
    assert_string_equal(err.message, "cannot run /nowhere/program: No such file or directory");
}

static void the_child_has_default_signals_and_no_input(void **state)
{
    (void)state;
    struct error err = {0};
    AUTO_BUFFER struct buffer output = {0};
    AUTO_BUFFER struct buffer diagnostics = {0};

    signal(SIGPIPE, SIG_IGN);
    assert_false(run_shell("kill -PIPE $$; cat", &patient, &output, &diagnostics, &err));
    assert_string_equal(err.message, "/bin/sh was ended by signal 13");
    signal(SIGPIPE, SIG_DFL);
    error_clear(&err);
    assert_true(run_shell("cat", &patient, &output, &diagnostics, &err));
    assert_int_equal(output.length, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(output_comes_back_whole),
        cmocka_unit_test(a_failure_tells_the_status_and_gives_no_output),
        cmocka_unit_test(variables_are_added_to_ours),
        cmocka_unit_test(death_by_a_signal_is_told),
        cmocka_unit_test(endless_output_is_cut_and_refused),
        cmocka_unit_test(a_program_past_its_deadline_is_killed),
        cmocka_unit_test(a_missing_program_is_named),
        cmocka_unit_test(the_child_has_default_signals_and_no_input),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
