#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "common/secret.h"

enum { PATH_SIZE = 64 };

static void write_secret_file(char path[PATH_SIZE], const char *bytes, size_t length, mode_t mode)
{
    struct error err = {0};

    strcpy(path, "/tmp/fleet-test-XXXXXX");
    AUTO_FD int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    assert_true(file_write(path, bytes, length, mode, &err));
}

static void check_file(const char *bytes, size_t length, const char *expected)
{
    char path[PATH_SIZE];
    struct error err = {0};
    AUTO(secret) char *secret = NULL;

    write_secret_file(path, bytes, length, 0640);
    assert_true(secret_read(&(struct secret_source){.file = path}, &secret, &err));
    assert_string_equal(secret, expected);
    unlink(path);
}

static void a_file_gives_its_text_without_one_newline(void **state)
{
    (void)state;
    check_file("hunter2\n", 8, "hunter2");
    check_file("hunter2", 7, "hunter2");
    check_file("hunter2\r\n", 9, "hunter2");
    check_file(" two\nlines \n\n", 13, " two\nlines \n");
    check_file("", 0, "");
}

static void a_file_that_others_can_read_or_change_is_refused(void **state)
{
    (void)state;
    static const mode_t modes[] = {0644, 0604, 0620, 0602, 0666};

    for (size_t i = 0; i < COUNT_OF(modes); i++) {
        char path[PATH_SIZE];
        struct error err = {0};
        AUTO(secret) char *secret = NULL;

        write_secret_file(path, "hunter2", 7, modes[i]);
        assert_false(secret_read(&(struct secret_source){.file = path}, &secret, &err));
        assert_int_equal(err.code, ERROR_CONFIG);
        assert_null(secret);
        assert_non_null(strstr(err.message, path));
        assert_null(strstr(err.message, "hunter2"));
        unlink(path);
    }
}

static void a_nul_byte_is_refused(void **state)
{
    (void)state;
    char path[PATH_SIZE];
    struct error err = {0};
    AUTO(secret) char *secret = NULL;

    write_secret_file(path, "a\0b", 3, 0600);
    assert_false(secret_read(&(struct secret_source){.file = path}, &secret, &err));
    assert_null(secret);
    unlink(path);
}

static void a_variable_gives_its_value_and_is_named_when_unset(void **state)
{
    (void)state;
    struct error err = {0};
    AUTO(secret) char *secret = NULL;
    const struct secret_source source = {.variable = "FLEET_TEST_SECRET"};

    setenv("FLEET_TEST_SECRET", "hunter2", 1);
    assert_true(secret_read(&source, &secret, &err));
    assert_string_equal(secret, "hunter2");
    secret_free(TAKE(secret));
    unsetenv("FLEET_TEST_SECRET");
    assert_false(secret_read(&source, &secret, &err));
    assert_non_null(strstr(err.message, "FLEET_TEST_SECRET"));
}

static void a_command_gives_its_output(void **state)
{
    (void)state;
    struct error err = {0};
    AUTO(secret) char *secret = NULL;

    assert_true(
        secret_read(&(struct secret_source){.command = "echo hunter2 | cat"}, &secret, &err));
    assert_string_equal(secret, "hunter2");
}

static void a_failed_command_shows_its_status_and_nothing_it_printed(void **state)
{
    (void)state;
    struct error err = {0};
    AUTO(secret) char *secret = NULL;
    const struct secret_source source = {.command = "cat /dev/fd/0; printf hunt%s er2 >&2; exit 3"};

    assert_false(secret_read(&source, &secret, &err));
    assert_null(secret);
    assert_non_null(strstr(err.message, "status 3"));
    assert_null(strstr(err.message, "hunter2"));
}

static void no_source_is_no_secret_and_no_error(void **state)
{
    (void)state;
    struct error err = {0};
    AUTO(secret) char *secret = NULL;

    assert_true(secret_read(&(struct secret_source){0}, &secret, &err));
    assert_null(secret);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_gives_its_text_without_one_newline),
        cmocka_unit_test(a_file_that_others_can_read_or_change_is_refused),
        cmocka_unit_test(a_nul_byte_is_refused),
        cmocka_unit_test(a_variable_gives_its_value_and_is_named_when_unset),
        cmocka_unit_test(a_command_gives_its_output),
        cmocka_unit_test(a_failed_command_shows_its_status_and_nothing_it_printed),
        cmocka_unit_test(no_source_is_no_secret_and_no_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
