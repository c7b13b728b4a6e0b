#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/buffer.h"
#include "common/fault.h"
#include "common/file.h"

/* Rules are read once in a process, so each story is told by a child; its status comes back. */
static int told_by_child(const char *rules, int (*story)(void))
{
    pid_t child = fork();
    int status = 0;

    assert_true(child >= 0);
    if (child == 0) {
        (void)setenv("FLEET_FAULT", rules, 1);
        _exit(story());
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static int exit_of(int status)
{
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int count_passes_without_error(void)
{
    struct error err = {0};
    int passes = 0;

    while (passes < 9 && !fault_error(FAULT_AT_commit, &err))
        passes++;
    return passes == 9 || strstr(err.message, "commit") != NULL ? passes : 99;
}

static void an_error_comes_at_its_time_and_names_the_point(void **state)
{
    (void)state;
    assert_int_equal(exit_of(told_by_child("commit:error:3", count_passes_without_error)), 2);
}

static void another_points_rule_does_nothing(void **state)
{
    (void)state;
    assert_int_equal(exit_of(told_by_child("dispatch:error:1", count_passes_without_error)), 9);
}

static int pass_two_points(void)
{
    fault_point(FAULT_AT_dispatch);
    fault_point(FAULT_AT_committed);
    return 0;
}

static void a_crash_is_a_kill(void **state)
{
    (void)state;
    int status = told_by_child("committed:crash:1", pass_two_points);

    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGKILL);
    assert_int_equal(exit_of(told_by_child("committed:crash:2", pass_two_points)), 0);
}

static void any_counts_all_points(void **state)
{
    (void)state;
    assert_true(WIFSIGNALED(told_by_child("any:crash:2", pass_two_points)));
    assert_int_equal(exit_of(told_by_child("any:crash:3", pass_two_points)), 0);
}

static int read_from_a_cut_connection(void)
{
    int ends[2];
    char byte;

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
        return 98;
    fault_cut(FAULT_AT_postgresql_sent, ends[0]);
    return (int)read(ends[1], &byte, 1);
}

static void a_cut_connection_is_at_its_end(void **state)
{
    (void)state;
    int status = told_by_child("postgresql_sent:error:1", read_from_a_cut_connection);

    assert_int_equal(exit_of(status), 0);
}

static int pass_nothing_silently(void)
{
    (void)close(STDERR_FILENO);
    fault_point(FAULT_AT_commit);
    return 0;
}

static void a_rule_that_is_none_is_refused(void **state)
{
    static const char *const wrong[] = {"commit", "commit:crash", "commit:crash:0", "comit:crash:1",
                                        "commit:burn:1"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        int status = told_by_child(wrong[i], pass_nothing_silently);

        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), SIGABRT);
    }
}

static void the_trace_tells_what_was_passed_and_what_was_due(void **state)
{
    AUTO_BUFFER struct buffer trace = {0};
    char path[] = "/tmp/fleet-test-fault-XXXXXX";
    struct error err = {0};
    int descriptor = mkstemp(path);

    (void)state;
    assert_true(descriptor >= 0);
    close(descriptor);
    (void)setenv("FLEET_FAULT_TRACE", path, 1);
    told_by_child("any:delay=1:2", pass_two_points);
    (void)unsetenv("FLEET_FAULT_TRACE");
    assert_true(file_read(path, 1000, &trace, &err));
    unlink(path);
    assert_string_equal(buffer_text(&trace), "dispatch\ncommitted\ncommitted!\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_error_comes_at_its_time_and_names_the_point),
        cmocka_unit_test(another_points_rule_does_nothing),
        cmocka_unit_test(a_crash_is_a_kill),
        cmocka_unit_test(any_counts_all_points),
        cmocka_unit_test(a_cut_connection_is_at_its_end),
        cmocka_unit_test(a_rule_that_is_none_is_refused),
        cmocka_unit_test(the_trace_tells_what_was_passed_and_what_was_due),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
