#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/stat.h>

#include "common/buffer.h"
#include "directory.h"
#include "inventory/sources.h"

struct read {
    struct arena *arena;
    struct diagnostics *faults;
    struct sources sources;
};

static struct read read_sources(const char *path)
{
    struct read read = {arena_new(), diagnostics_new(), {0}};

    sources_read(path, read.arena, &read.sources, read.faults);
    return read;
}

static void release(struct read *read)
{
    arena_free(read->arena);
    diagnostics_free(read->faults);
}

#define READ __attribute__((cleanup(release))) struct read

static void put(const char *path, const char *text)
{
    assert_true(directory_put(path, text, 0600));
}

static void check_fault(const char *path, const char *expected)
{
    READ read = read_sources(path);
    AUTO_BUFFER struct buffer text = {0};

    assert_int_equal(diagnostics_count(read.faults), 1);
    assert_int_equal(diagnostics_at(read.faults, 0)->code, ERROR_CONFIG);
    error_describe(diagnostics_at(read.faults, 0), &text);
    assert_string_equal(buffer_text(&text), expected);
}

static void includes_are_relative_to_the_file_that_has_them(void **state)
{
    (void)state;
    assert_int_equal(mkdir("conf.d", 0700), 0);
    assert_int_equal(mkdir("conf.d/deep", 0700), 0);
    put("fleet.ini", "[fleet]\ninclude = conf.d/*.ini\ninclude = last.ini\n");
    put("conf.d/b.ini", "");
    put("conf.d/a.ini", "include = deep/x.ini\n");
    put("conf.d/deep/x.ini", "");
    put("conf.d/ignored.txt", "[");
    put("last.ini", "");
    READ read = read_sources("fleet.ini");
    static const char *const files[] = {"fleet.ini", "conf.d/a.ini", "conf.d/deep/x.ini",
                                        "conf.d/b.ini", "last.ini"};

    assert_int_equal(diagnostics_count(read.faults), 0);
    assert_int_equal(read.sources.count, COUNT_OF(files));
    for (size_t i = 0; i < COUNT_OF(files); i++)
        assert_string_equal(read.sources.documents[i]->file, files[i]);
}

static void the_digest_is_of_every_byte_in_order(void **state)
{
    (void)state;
    put("fleet.ini", "include = a.ini\n");
    put("a.ini", "[fleet]\n");
    READ read = read_sources("fleet.ini");
    struct digest expected = digest_of_text("include = a.ini\n[fleet]\n");

    assert_true(digest_equal(&read.sources.digest, &expected));
}

static void a_cycle_of_includes_is_named(void **state)
{
    (void)state;
    put("fleet.ini", "include = a.ini\n");
    put("a.ini", "\ninclude = ./fleet.ini\n");
    check_fault("fleet.ini", "a.ini:2: fleet.ini includes itself, through a.ini");
    put("fleet.ini", "include = fleet.ini\n");
    check_fault("fleet.ini", "fleet.ini:1: fleet.ini includes itself, through fleet.ini");
}

static void a_file_is_included_once(void **state)
{
    (void)state;
    put("fleet.ini", "include = a.ini\ninclude = *.ini\n");
    put("a.ini", "");
    READ read = read_sources("fleet.ini");

    assert_int_equal(diagnostics_count(read.faults), 2);
    assert_string_equal(diagnostics_at(read.faults, 0)->message, "a.ini is included twice");
}

static void what_is_missing_is_a_fault(void **state)
{
    (void)state;
    put("fleet.ini", "include = no*.ini\n");
    check_fault("fleet.ini", "fleet.ini:1: include: no file matches 'no*.ini'");
    check_fault("none.ini", "cannot read none.ini: No such file or directory");
    put("fleet.ini", "include = directory\n");
    assert_int_equal(mkdir("directory", 0700), 0);
    check_fault("fleet.ini", "fleet.ini:1: directory is not a regular file");
}

static void a_program_prints_the_inventory(void **state)
{
    (void)state;
    put("fleet.ini", "include = targets.sh\n");
    assert_true(directory_put("targets.sh", "#!/bin/sh\necho '[env:dev]'\n", 0700));
    READ read = read_sources("fleet.ini");

    assert_int_equal(diagnostics_count(read.faults), 0);
    assert_int_equal(read.sources.count, 2);
    assert_string_equal(read.sources.documents[1]->sections[1].name, "env:dev");
    assert_string_equal(read.sources.documents[1]->file, "targets.sh");
}

static void a_program_that_fails_shows_what_it_wrote(void **state)
{
    (void)state;
    put("fleet.ini", "include = targets.sh\n");
    assert_true(directory_put("targets.sh",
                              "#!/bin/sh\necho '[env:dev]'\necho no database >&2\nexit 3\n", 0700));
    check_fault("fleet.ini", "fleet.ini:1: the inventory targets.sh is a program: targets.sh ended "
                             "with status 3; it wrote: no database");
    assert_true(directory_put("targets.sh", "no interpreter\n", 0700));
    check_fault("fleet.ini", "fleet.ini:1: the inventory targets.sh is a program: cannot run "
                             "targets.sh: Exec format error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_NEW_DIRECTORY(includes_are_relative_to_the_file_that_has_them),
        IN_NEW_DIRECTORY(the_digest_is_of_every_byte_in_order),
        IN_NEW_DIRECTORY(a_cycle_of_includes_is_named),
        IN_NEW_DIRECTORY(a_file_is_included_once),
        IN_NEW_DIRECTORY(what_is_missing_is_a_fault),
        IN_NEW_DIRECTORY(a_program_prints_the_inventory),
        IN_NEW_DIRECTORY(a_program_that_fails_shows_what_it_wrote),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
