#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "plans/migrations.h"
#include "scratch.h"

static const struct migrations *load(const struct scratch *scratch)
{
    AUTO(diagnostics) struct diagnostics *faults = diagnostics_new();
    const struct migrations *migrations = migrations_load(scratch->path, SUM_IGNORED, faults);

    for (size_t i = 0; i < diagnostics_count(faults); i++)
        print_error("%s: %s\n", diagnostics_at(faults, i)->file,
                    diagnostics_at(faults, i)->message);
    assert_non_null(migrations);
    return migrations;
}

/* Asserts that loading fails with just one fault, about that file. */
static void expect_fault(const struct scratch *scratch, enum sum_check check, const char *file,
                         const char *fragment)
{
    AUTO(diagnostics) struct diagnostics *faults = diagnostics_new();
    AUTO(text) char *path = xasprintf("%s/%s", scratch->path, file);

    assert_null(migrations_load(scratch->path, check, faults));
    assert_int_equal(diagnostics_count(faults), 1);
    assert_string_equal(diagnostics_at(faults, 0)->file, path);
    if (strstr(diagnostics_at(faults, 0)->message, fragment) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", fragment, diagnostics_at(faults, 0)->message);
}

static void pin(const struct scratch *scratch)
{
    struct error err = {0};

    assert_true(migrations_write_sum(scratch->path, &err));
}

static void migrations_come_in_the_order_of_their_numbers(void **state)
{
    (void)state;
    AUTO_SCRATCH struct scratch scratch = scratch_begin();

    scratch_put(&scratch, "10_c.up.sql", "select 10");
    scratch_put(&scratch, "9_b.up.sql", "select 9");
    scratch_put(&scratch, "007_a.up.sql", "select 7");
    scratch_put(&scratch, "007_a.down.sql", "select -7");
    scratch_put(&scratch, "20240101000000123456_d-e.up.sql", "");
    AUTO(migrations) const struct migrations *migrations = load(&scratch);
    assert_int_equal(migrations->count, 4);
    assert_string_equal(migrations->items[0].version, "007");
    assert_string_equal(migrations->items[1].version, "9");
    assert_string_equal(migrations->items[2].version, "10");
    assert_string_equal(migrations->items[3].name, "d-e");
    assert_string_equal(migrations->items[0].down[ENGINE_SQLITE]->sql, "select -7");
    assert_null(migrations->items[1].down[ENGINE_SQLITE]);
    assert_ptr_equal(migrations_find(migrations, "7"), &migrations->items[0]);
    assert_null(migrations_find(migrations, "8"));
}

static void a_script_for_one_engine_goes_before_the_one_for_all(void **state)
{
    (void)state;
    AUTO_SCRATCH struct scratch scratch = scratch_begin();

    scratch_put(&scratch, "1_a.up.sql", "generic");
    scratch_put(&scratch, "1_a.mysql.up.sql", "mysql");
    scratch_put(&scratch, "1_a.down.sql", "back");
    scratch_put(&scratch, "2_b.sqlite.up.sql", "sqlite");
    scratch_put(&scratch, "2_b.down.sql", "back");
    AUTO(migrations) const struct migrations *migrations = load(&scratch);
    const struct migration *a = &migrations->items[0];
    const struct migration *b = &migrations->items[1];

    assert_string_equal(a->up[ENGINE_POSTGRESQL]->sql, "generic");
    assert_string_equal(a->up[ENGINE_MYSQL]->sql, "mysql");
    assert_string_equal(a->up[ENGINE_MYSQL]->file, "1_a.mysql.up.sql");
    assert_ptr_equal(a->down[ENGINE_MYSQL], a->down[ENGINE_SQLITE]);
    assert_null(b->up[ENGINE_MYSQL]);
    assert_null(b->down[ENGINE_MYSQL]);
    assert_string_equal(b->down[ENGINE_SQLITE]->sql, "back");
}

static void bytes_are_kept_and_hashed_as_they_are(void **state)
{
    (void)state;
    AUTO_SCRATCH struct scratch scratch = scratch_begin();
    static const char text[] = "\xef\xbb\xbfselect '\xff';\r\n";

    scratch_put(&scratch, "1_a.up.sql", text);
    AUTO(migrations) const struct migrations *migrations = load(&scratch);
    const struct migration_script *script = migrations->items[0].up[ENGINE_MYSQL];
    struct digest expected = digest_of_text(text);

    assert_int_equal(script->length, sizeof text - 1);
    assert_string_equal(script->sql, text);
    assert_true(digest_equal(&script->sha256, &expected));
}

static void repeatables_are_known_by_name(void **state)
{
    (void)state;
    AUTO_SCRATCH struct scratch scratch = scratch_begin();

    scratch_put(&scratch, "1_a.up.sql", "");
    scratch_put(&scratch, "repeatable/b_view.sql", "b");
    scratch_put(&scratch, "repeatable/b_view.down.sql", "drop b");
    scratch_put(&scratch, "repeatable/a_view.sql", "a");
    scratch_put(&scratch, "repeatable/a_view.sqlite.sql", "a for sqlite");
    AUTO(migrations) const struct migrations *migrations = load(&scratch);

    assert_int_equal(migrations->count, 1);
    assert_int_equal(migrations->repeatable_count, 2);
    assert_string_equal(migrations->repeatables[0].name, "a_view");
    assert_string_equal(migrations->repeatables[0].version, "");
    assert_string_equal(migrations->repeatables[0].up[ENGINE_SQLITE]->sql, "a for sqlite");
    assert_string_equal(migrations->repeatables[1].down[ENGINE_MYSQL]->file,
                        "repeatable/b_view.down.sql");
}

static void hidden_files_and_readmes_are_left_alone(void **state)
{
    (void)state;
    AUTO_SCRATCH struct scratch scratch = scratch_begin();

    scratch_put(&scratch, ".gitattributes", "* -text");
    scratch_put(&scratch, ".git/config", "");
    scratch_put(&scratch, "README.md", "");
    scratch_put(&scratch, "fleet-import.json", "{}");
    AUTO(migrations) const struct migrations *migrations = load(&scratch);
    assert_int_equal(migrations->count, 0);
}

static void wrong_names_are_faults_that_suggest_the_right_one(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        const char *fragment;
    } cases[] = {
        {"001-init.sql", "did you mean \"001_init.up.sql\"?"},
        {"V2__add items.sql", "did you mean \"2_add_items.up.sql\"?"},
        {"3_x.down", "did you mean \"3_x.down.sql\"?"},
        {"init.up.sql", "VERSION_NAME"},
        {"_x.up.sql", "VERSION_NAME"},
        {"4_.up.sql", "did you mean \"4_migration.up.sql\"?"},
        {"5_a.postgres.up.sql", "unknown engine \"postgres\", did you mean \"postgresql\"?"},
        {"5_a.mariadb.up.sql", "did you mean \"mysql\"?"},
        {"5_a.sqlite3.up.sql", "did you mean \"sqlite\"?"},
        {"5_a.b.c.up.sql", "unknown engine \"b.c\"; there are"},
        {"6_naïve.up.sql", "did you mean \"6_na_ve.up.sql\"?"},
        {"notes.txt", "move the file elsewhere"},
        {"7_a.change.sql", "expected CREATE, ALTER, DROP or ENGINE"},
        {"7_a.sqlite.change.sql", "leave the engine out"},
        {"8_a.down.sql", "without an up"},
        {"schema/x.sql", "fleet import"},
        {"repeatable/a b.sql", "NAME[.ENGINE].sql"},
        {"repeatable/a.oracle.sql", "unknown engine \"oracle\""},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO_SCRATCH struct scratch scratch = scratch_begin();
        bool in_folder = strncmp(cases[i].file, "schema/", 7) == 0;

        scratch_put(&scratch, cases[i].file, "select 1");
        expect_fault(&scratch, SUM_IGNORED, in_folder ? "schema" : cases[i].file,
                     cases[i].fragment);
    }
}

static void a_down_for_an_engine_without_an_up_is_a_fault(void **state)
{
    (void)state;
    AUTO_SCRATCH struct scratch scratch = scratch_begin();

    scratch_put(&scratch, "1_a.sqlite.up.sql", "");
    scratch_put(&scratch, "1_a.mysql.down.sql", "");
    expect_fault(&scratch, SUM_IGNORED, "1_a.mysql.down.sql", "without an up");
}

static void equal_versions_are_a_fault(void **state)
{
    (void)state;
    AUTO_SCRATCH struct scratch scratch = scratch_begin();

    scratch_put(&scratch, "7_b.up.sql", "");
    scratch_put(&scratch, "7_b.down.sql", "");
    scratch_put(&scratch, "007_a.up.sql", "");
    expect_fault(&scratch, SUM_IGNORED, "7_b.up.sql", "equals that of 007_a.up.sql");
}

static void equal_bytes_under_two_versions_are_fine(void **state)
{
    (void)state;
    AUTO_SCRATCH struct scratch scratch = scratch_begin();

    scratch_put(&scratch, "1_a.up.sql", "select 1");
    scratch_put(&scratch, "2_a.up.sql", "select 1");
    pin(&scratch);
    AUTO(diagnostics) struct diagnostics *faults = diagnostics_new();
    AUTO(migrations)
    const struct migrations *migrations = migrations_load(scratch.path, SUM_REQUIRED, faults);
    assert_int_equal(migrations->count, 2);
}

static void a_link_out_of_the_folder_is_refused(void **state)
{
    (void)state;
    AUTO_SCRATCH struct scratch scratch = scratch_begin();
    AUTO(text) char *link = xasprintf("%s/1_a.up.sql", scratch.path);

    assert_int_equal(symlink("/etc/hostname", link), 0);
    expect_fault(&scratch, SUM_IGNORED, "1_a.up.sql", "leads out of");
}

static void a_missing_folder_is_a_fault(void **state)
{
    (void)state;
    AUTO(diagnostics) struct diagnostics *faults = diagnostics_new();

    assert_null(migrations_load("/nonexistent", SUM_IGNORED, faults));
    assert_string_equal(diagnostics_at(faults, 0)->file, "/nonexistent");
}

static void the_sum_is_one_line_a_file_sorted_by_path(void **state)
{
    (void)state;
    AUTO_SCRATCH struct scratch scratch = scratch_begin();
    struct buffer sum AUTO_BUFFER = {0};

    scratch_put(&scratch, "repeatable/v.sql", "");
    scratch_put(&scratch, "2_b.up.sql", "abc");
    scratch_put(&scratch, "10_c.up.sql", "");
    pin(&scratch);
    scratch_get(&scratch, "fleet.sum", &sum);
    assert_string_equal(
        buffer_text(&sum),
        "# fleet.sum 1\n"
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  10_c.up.sql\n"
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  2_b.up.sql\n"
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  repeatable/v.sql\n");
}

static void what_differs_from_the_sum_is_named(void **state)
{
    (void)state;
    AUTO_SCRATCH struct scratch scratch = scratch_begin();

    scratch_put(&scratch, "1_a.up.sql", "select 1");
    expect_fault(&scratch, SUM_REQUIRED, "fleet.sum", "run fleet sum");
    pin(&scratch);
    scratch_put(&scratch, "1_a.up.sql", "select 1\r\n");
    expect_fault(&scratch, SUM_REQUIRED, "1_a.up.sql", "edited since it was pinned");
    scratch_put(&scratch, "1_a.up.sql", "select 1");
    scratch_put(&scratch, "2_b.up.sql", "");
    expect_fault(&scratch, SUM_REQUIRED, "2_b.up.sql", "not in fleet.sum; run fleet sum");
    pin(&scratch);
    AUTO(text) char *path = xasprintf("%s/2_b.up.sql", scratch.path);
    assert_int_equal(unlink(path), 0);
    expect_fault(&scratch, SUM_REQUIRED, "fleet.sum", "2_b.up.sql is pinned here and missing");
}

static void a_damaged_sum_is_a_fault_with_its_line(void **state)
{
    (void)state;
#define LINE "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  1_a.up.sql\n"
    static const struct {
        const char *text;
        int line;
        const char *fragment;
    } cases[] = {
        {"# fleet.sum 1\n<<<<<<< HEAD\n" LINE "=======\n>>>>>>> other\n", 2, "merge"},
        {"<<<<<<< HEAD\n# fleet.sum 1\n", 1, "merge"},
        {"# fleet.sum 2\n" LINE, 1, "format"},
        {"", 1, "format"},
        {"# fleet.sum 1\n" LINE "\nabc  x\n", 4, "two spaces"},
        {"# fleet.sum 1\n" LINE LINE, 3, "pinned twice"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO_SCRATCH struct scratch scratch = scratch_begin();
        AUTO(diagnostics) struct diagnostics *faults = diagnostics_new();

        scratch_put(&scratch, "1_a.up.sql", "");
        scratch_put(&scratch, "fleet.sum", cases[i].text);
        assert_null(migrations_load(scratch.path, SUM_REQUIRED, faults));
        assert_int_equal(diagnostics_count(faults), 1);
        assert_int_equal(diagnostics_at(faults, 0)->line, cases[i].line);
        assert_non_null(strstr(diagnostics_at(faults, 0)->message, cases[i].fragment));
    }
}

static void a_sum_with_crlf_is_read(void **state)
{
    (void)state;
    AUTO_SCRATCH struct scratch scratch = scratch_begin();
    AUTO(diagnostics) struct diagnostics *faults = diagnostics_new();

    scratch_put(&scratch, "1_a.up.sql", "");
    scratch_put(&scratch, "fleet.sum",
                "# fleet.sum 1\r\n"
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  1_a.up.sql\r\n");
    AUTO(migrations)
    const struct migrations *migrations = migrations_load(scratch.path, SUM_REQUIRED, faults);
    assert_non_null(migrations);
}

static void faulty_names_are_never_pinned(void **state)
{
    (void)state;
    AUTO_SCRATCH struct scratch scratch = scratch_begin();
    struct error err = {0};

    scratch_put(&scratch, "1-a.sql", "");
    assert_false(migrations_write_sum(scratch.path, &err));
    assert_int_equal(err.code, ERROR_CONFIG);
}

static void applied_scripts_must_be_there_with_their_bytes(void **state)
{
    (void)state;
    AUTO_SCRATCH struct scratch scratch = scratch_begin();
    AUTO(diagnostics) struct diagnostics *faults = diagnostics_new();
    struct digest one = digest_of_text("one");
    struct digest two = digest_of_text("two");
    const struct applied_script applied[] = {
        {"1", "a", ENGINE_SQLITE, one}, {"2", "b", ENGINE_MYSQL, one},
        {"2", "b", ENGINE_MYSQL, one},  {"3", "c", ENGINE_MYSQL, two},
        {"", "v", ENGINE_MYSQL, two},
    };

    scratch_put(&scratch, "001_a.up.sql", "one");
    scratch_put(&scratch, "2_b.up.sql", "two");
    scratch_put(&scratch, "repeatable/v.sql", "newer");
    AUTO(migrations) const struct migrations *migrations = load(&scratch);
    migrations_check_applied(migrations, applied, COUNT_OF(applied), faults);
    assert_int_equal(diagnostics_count(faults), 2);
    assert_non_null(strstr(diagnostics_at(faults, 0)->file, "2_b.up.sql"));
    assert_non_null(strstr(diagnostics_at(faults, 0)->message, "other bytes"));
    assert_non_null(strstr(diagnostics_at(faults, 1)->message, "3_c (mysql), which is missing"));
}

static void seven_hundred_migrations_load(void **state)
{
    (void)state;
    AUTO_SCRATCH struct scratch scratch = scratch_begin();

    for (int i = 0; i < 700; i++) {
        AUTO(text) char *name = xasprintf("2024%010d_m.up.sql", i);

        scratch_put(&scratch, name, name);
    }
    pin(&scratch);
    AUTO(diagnostics) struct diagnostics *faults = diagnostics_new();
    AUTO(migrations)
    const struct migrations *migrations = migrations_load(scratch.path, SUM_REQUIRED, faults);
    assert_int_equal(migrations->count, 700);
    assert_string_equal(migrations->items[699].version, "20240000000699");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(migrations_come_in_the_order_of_their_numbers),
        cmocka_unit_test(a_script_for_one_engine_goes_before_the_one_for_all),
        cmocka_unit_test(bytes_are_kept_and_hashed_as_they_are),
        cmocka_unit_test(repeatables_are_known_by_name),
        cmocka_unit_test(hidden_files_and_readmes_are_left_alone),
        cmocka_unit_test(wrong_names_are_faults_that_suggest_the_right_one),
        cmocka_unit_test(a_down_for_an_engine_without_an_up_is_a_fault),
        cmocka_unit_test(equal_versions_are_a_fault),
        cmocka_unit_test(equal_bytes_under_two_versions_are_fine),
        cmocka_unit_test(a_link_out_of_the_folder_is_refused),
        cmocka_unit_test(a_missing_folder_is_a_fault),
        cmocka_unit_test(the_sum_is_one_line_a_file_sorted_by_path),
        cmocka_unit_test(what_differs_from_the_sum_is_named),
        cmocka_unit_test(a_damaged_sum_is_a_fault_with_its_line),
        cmocka_unit_test(a_sum_with_crlf_is_read),
        cmocka_unit_test(faulty_names_are_never_pinned),
        cmocka_unit_test(applied_scripts_must_be_there_with_their_bytes),
        cmocka_unit_test(seven_hundred_migrations_load),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
