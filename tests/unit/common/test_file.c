#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "common/memory.h"
#include "directory.h"

static void written_bytes_come_back(void **state)
{
    (void)state;
    struct error err = {0};
    AUTO_BUFFER struct buffer out = {0};
    struct stat status;

    assert_true(file_write("a", "x\0y", 3, 0640, &err));
    assert_true(file_read("a", 3, &out, &err));
    assert_int_equal(out.length, 3);
    assert_memory_equal(out.bytes, "x\0y", 3);
    assert_int_equal(stat("a", &status), 0);
    assert_int_equal(status.st_mode & 0777, 0640);
}

static void writing_replaces_and_leaves_nothing_else_behind(void **state)
{
    (void)state;
    struct error err = {0};
    AUTO_BUFFER struct buffer out = {0};

    assert_true(file_write("a", "old", 3, 0600, &err));
    assert_true(file_write("a", "new", 3, 0600, &err));
    assert_true(file_read("a", 100, &out, &err));
    assert_string_equal(buffer_text(&out), "new");
    assert_int_equal(system("test \"$(ls)\" = a"), 0);
}

static void creating_never_replaces(void **state)
{
    (void)state;
    struct error err = {0};
    AUTO_BUFFER struct buffer out = {0};

    assert_true(file_create("a", "old", 3, 0600, &err));
    assert_false(file_create("a", "new", 3, 0600, &err));
    assert_non_null(strstr(err.message, "a exists already"));
    error_clear(&err);
    assert_true(file_read("a", 100, &out, &err));
    assert_string_equal(buffer_text(&out), "old");
    assert_int_equal(system("test \"$(ls)\" = a"), 0);
}

static void a_file_past_the_limit_is_refused(void **state)
{
    (void)state;
    struct error err = {0};
    AUTO_BUFFER struct buffer out = {0};

    assert_true(file_write("a", "1234", 4, 0600, &err));
    assert_false(file_read("a", 3, &out, &err));
    assert_int_equal(err.code, ERROR_IO);
    assert_string_equal(err.message, "a is larger than 3 bytes");
}

static void a_missing_file_is_named(void **state)
{
    (void)state;
    struct error err = {0};
    AUTO_BUFFER struct buffer out = {0};

    assert_false(file_read("nowhere", 3, &out, &err));
    assert_string_equal(err.message, "cannot read nowhere: No such file or directory");
    error_clear(&err);
    assert_false(file_write("no/where", "x", 1, 0600, &err));
    assert_int_equal(err.code, ERROR_IO);
}

static void what_leaves_the_directory_is_refused(void **state)
{
    (void)state;
    static const char *const outside[] = {"../secret", "/etc/passwd", "link", "door/secret"};
    struct error err = {0};

    assert_true(file_make_directory("inside", 0700, &err));
    assert_true(file_write("secret", "s", 1, 0600, &err));
    assert_int_equal(symlink("../secret", "inside/link"), 0);
    assert_int_equal(symlink("..", "inside/door"), 0);
    AUTO_FD int directory = open("inside", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (size_t i = 0; i < COUNT_OF(outside); i++) {
        AUTO_BUFFER struct buffer out = {0};

        error_clear(&err);
        assert_false(file_read_beneath(directory, outside[i], 100, &out, &err));
        assert_non_null(strstr(err.message, "leads out of its directory"));
        assert_int_equal(out.length, 0);
    }
}

static void what_is_beneath_is_read(void **state)
{
    (void)state;
    struct error err = {0};
    AUTO_BUFFER struct buffer out = {0};

    assert_true(file_make_directory("inside/deep", 0700, &err));
    assert_true(file_write("inside/deep/a", "1", 1, 0600, &err));
    AUTO_FD int directory = open("inside", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(file_read_beneath(directory, "deep/a", 100, &out, &err));
    assert_string_equal(buffer_text(&out), "1");
    assert_int_equal(mkfifo("inside/fifo", 0600), 0);
    assert_false(file_read_beneath(directory, "fifo", 100, &out, &err));
    assert_string_equal(err.message, "fifo is not a regular file");
}

static void count_visible(void *context, const char *name)
{
    size_t *count = context;

    *count += name[0] != '.' ? 1 : 0;
}

static void names_beneath_are_listed_but_not_behind_a_link(void **state)
{
    (void)state;
    struct error err = {0};
    size_t count = 0;

    assert_true(file_make_directory("inside/deep/below", 0700, &err));
    assert_true(file_write("inside/deep/a", "1", 1, 0600, &err));
    assert_int_equal(symlink("deep", "inside/door"), 0);
    AUTO_FD int directory = open("inside", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(file_list_beneath(directory, ".", count_visible, &count, &err));
    assert_int_equal(count, 2);
    assert_true(file_list_beneath(directory, "deep", count_visible, &count, &err));
    assert_int_equal(count, 4);
    assert_false(file_list_beneath(directory, "door", count_visible, &count, &err));
    error_clear(&err);
    assert_false(file_list_beneath(directory, "nothing", count_visible, &count, &err));
    assert_int_equal(count, 4);
}

static void directories_are_made_with_those_above(void **state)
{
    (void)state;
    struct error err = {0};

    assert_true(file_make_directory("a/b/c", 0700, &err));
    assert_true(file_make_directory("a/b/c/", 0700, &err));
    assert_true(file_write("a/file", "", 0, 0600, &err));
    assert_false(file_make_directory("a/file", 0700, &err));
    assert_string_equal(err.message, "cannot make directory a/file: Not a directory");
}

static void paths_are_relative_to_the_file_that_names_them(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"conf/a.ini", "b.pem", "conf/b.pem"},
        {"a.ini", "b.pem", "b.pem"},
        {"/a.ini", "b.pem", "/b.pem"},
        {"conf/a.ini", "/etc/b.pem", "/etc/b.pem"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(text) char *path = file_path_beside(cases[i][0], cases[i][1]);

        assert_string_equal(path, cases[i][2]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_NEW_DIRECTORY(written_bytes_come_back),
        IN_NEW_DIRECTORY(writing_replaces_and_leaves_nothing_else_behind),
        IN_NEW_DIRECTORY(creating_never_replaces),
        IN_NEW_DIRECTORY(a_file_past_the_limit_is_refused),
        IN_NEW_DIRECTORY(a_missing_file_is_named),
        IN_NEW_DIRECTORY(what_leaves_the_directory_is_refused),
        IN_NEW_DIRECTORY(what_is_beneath_is_read),
        IN_NEW_DIRECTORY(names_beneath_are_listed_but_not_behind_a_link),
        IN_NEW_DIRECTORY(directories_are_made_with_those_above),
        cmocka_unit_test(paths_are_relative_to_the_file_that_names_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
