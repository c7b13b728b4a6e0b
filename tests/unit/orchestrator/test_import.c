#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "imports.h"
#include "plans/migrations.h"

/* Imports one scratch folder into another. */
static void import_folder(const struct scratch *from, const struct scratch *to)
{
    AUTO(diagnostics) struct diagnostics *notes = diagnostics_new();
    AUTO(import) struct import *import = read_folder(from, notes);
    struct error err = {0};

    if (!import_write(import, to->path, &err))
        fail_msg("%s", err.message);
    assert_int_equal(diagnostics_count(notes), 0);
}

static void expect_file(const struct scratch *scratch, const char *name, const char *text)
{
    struct buffer bytes AUTO_BUFFER = {0};

    scratch_get(scratch, name, &bytes);
    assert_string_equal(buffer_text(&bytes), text);
}

/* Asserts that the target is exactly these files (and the two of our own), pinned and loadable. */
static void expect_files(const struct scratch *scratch, const struct file *files, size_t count)
{
    AUTO(diagnostics) struct diagnostics *faults = diagnostics_new();
    AUTO(migrations)
    const struct migrations *migrations = migrations_load(scratch->path, SUM_REQUIRED, faults);
    struct buffer sum AUTO_BUFFER = {0};
    size_t lines = 0;

    assert_non_null(migrations);
    for (size_t i = 0; i < count; i++)
        expect_file(scratch, files[i].name, files[i].text);
    scratch_get(scratch, "fleet.sum", &sum);
    for (const char *p = buffer_text(&sum); *p != '\0'; p++)
        lines += *p == '\n';
    assert_int_equal(lines, count + 1);
}

#define EXPECT(scratch, ...)                                           \
    do {                                                               \
        static const struct file files_[] = {__VA_ARGS__};             \
        expect_files(scratch, files_, sizeof files_ / sizeof *files_); \
    } while (0)

static void expect_fault(const struct scratch *scratch, const char *tool, const char *fragment)
{
    AUTO(diagnostics) struct diagnostics *faults = diagnostics_new();
    AUTO(diagnostics) struct diagnostics *notes = diagnostics_new();

    assert_null(import_read(scratch->path, tool, notes, faults));
    assert_true(diagnostics_count(faults) > 0);
    if (strstr(diagnostics_at(faults, 0)->message, fragment) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", fragment, diagnostics_at(faults, 0)->message);
}

static void expect_versions(const struct scratch *scratch, const char *const *versions,
                            size_t count)
{
    AUTO(diagnostics) struct diagnostics *notes = diagnostics_new();
    AUTO(import) struct import *import = read_folder(scratch, notes);

    assert_int_equal(import->count, count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(import->migrations[i].version, versions[i]);
}

#define EXPECT_VERSIONS(scratch, ...)                                              \
    do {                                                                           \
        static const char *const versions_[] = {__VA_ARGS__};                      \
        expect_versions(scratch, versions_, sizeof versions_ / sizeof *versions_); \
    } while (0)

static void golang_migrate_keeps_versions_names_and_bytes(void **state)
{
    (void)state;
    AUTO_SCRATCH struct scratch from = scratch_begin();
    AUTO_SCRATCH struct scratch to = scratch_begin();

    PUT(&from, {"000001_init.up.sql", "\xef\xbb\xbfselect '\xff';\r\n"},
        {"000001_init.down.sql", ""}, {"2_add items.up.sql", "select 2"});
    import_folder(&from, &to);
    EXPECT(&to, {"000001_init.up.sql", "\xef\xbb\xbfselect '\xff';\r\n"},
           {"000001_init.down.sql", ""}, {"2_add_items.up.sql", "select 2"});
}

static void engine_infixes_of_other_tools_become_ours(void **state)
{
    (void)state;
    AUTO_SCRATCH struct scratch from = scratch_begin();
    AUTO_SCRATCH struct scratch to = scratch_begin();

    PUT(&from, {"1_a.up.sql", "generic"}, {"1_a.postgres.up.sql", "pg"},
        {"1_a.up.sqlite3.sql", "lite"}, {"1_a.down.sql", "back"}, {"2_b.mysql.up.sql", "my"},
        {"2_b.mysql.down.sql", "myback"});
    import_folder(&from, &to);
    EXPECT(&to, {"1_a.up.sql", "generic"}, {"1_a.postgresql.up.sql", "pg"},
           {"1_a.sqlite.up.sql", "lite"}, {"1_a.down.sql", "back"}, {"2_b.mysql.up.sql", "my"},
           {"2_b.mysql.down.sql", "myback"});
}

static void the_last_direction_in_a_name_counts(void **state)
{
    (void)state;
    AUTO_SCRATCH struct scratch from = scratch_begin();
    AUTO_SCRATCH struct scratch to = scratch_begin();

    PUT(&from, {"1_init.up.db.sql", "a"}, {"1_init.down.db.sql", "b"}, {"2_x.up.sql.up.sql", "c"},
        {"2_x.up.sql.down.sql", "d"});
    import_folder(&from, &to);
    EXPECT(&to, {"1_init.up.sql", "a"}, {"1_init.down.sql", "b"}, {"2_x_up_sql.up.sql", "c"},
           {"2_x_up_sql.down.sql", "d"});
}

static void what_is_for_other_engines_is_left_out(void **state)
{
    (void)state;
    AUTO_SCRATCH struct scratch from = scratch_begin();
    AUTO_SCRATCH struct scratch to = scratch_begin();
    AUTO(diagnostics) struct diagnostics *notes = diagnostics_new();
    struct error err = {0};

    PUT(&from, {"1_a.up.sql", "generic"}, {"1_a.cockroach.up.sql", "roach"},
        {"2_b.cockroach.autocommit.up.sql", "roach"}, {"3_c.up.mssql.sql", "ms"},
        {"3_c.mysql.up.sql", "my"});
    AUTO(import) struct import *import = read_folder(&from, notes);
    assert_true(import_write(import, to.path, &err));
    assert_int_equal(diagnostics_count(notes), 3);
    EXPECT(&to, {"1_a.up.sql", "generic"}, {"3_c.mysql.up.sql", "my"});
}

static void folders_for_other_engines_are_left_out(void **state)
{
    (void)state;
    AUTO_SCRATCH struct scratch from = scratch_begin();
    AUTO_SCRATCH struct scratch to = scratch_begin();
    AUTO(diagnostics) struct diagnostics *notes = diagnostics_new();
    struct error err = {0};

    PUT(&from, {"h2/V1__a.sql", "h2"}, {"mysql/V1__a.sql", "my"});
    AUTO(import) struct import *import = read_folder(&from, notes);
    assert_true(import_write(import, to.path, &err));
    assert_int_equal(diagnostics_count(notes), 1);
    EXPECT(&to, {"1_a.mysql.up.sql", "my"});
}

static void scripts_that_ran_outside_transactions_get_the_directive(void **state)
{
    (void)state;
    AUTO_SCRATCH struct scratch from = scratch_begin();
    AUTO_SCRATCH struct scratch to = scratch_begin();

    PUT(&from, {"1_a.up.sql", "-- now\nCREATE UNIQUE INDEX CONCURRENTLY i ON t (a);"},
        {"1_a.down.sql", "drop index concurrently if exists i"},
        {"2_b.postgres.autocommit.up.sql", "SELECT 1"}, {"3_c.up.sql", "SELECT 'CONCURRENTLY'"},
        {"4_d.mysql.up.sql", "CREATE DATABASE d"}, {"5_e.sqlite.up.sql", "VACUUM"},
        {"6_f.up.sql", "REFRESH MATERIALIZED VIEW CONCURRENTLY v"});
    import_folder(&from, &to);
    EXPECT(&to,
           {"1_a.up.sql", "-- fleet: no-transaction\n"
                          "-- now\nCREATE UNIQUE INDEX CONCURRENTLY i ON t (a);"},
           {"1_a.down.sql", "-- fleet: no-transaction\ndrop index concurrently if exists i"},
           {"2_b.postgresql.up.sql", "-- fleet: no-transaction\nSELECT 1"},
           {"3_c.up.sql", "SELECT 'CONCURRENTLY'"}, {"4_d.mysql.up.sql", "CREATE DATABASE d"},
           {"5_e.sqlite.up.sql", "-- fleet: no-transaction\nVACUUM"},
           {"6_f.up.sql", "REFRESH MATERIALIZED VIEW CONCURRENTLY v"});
}

static void tools_that_are_told_get_no_directive_of_ours(void **state)
{
    (void)state;
    AUTO_SCRATCH struct scratch from = scratch_begin();
    AUTO_SCRATCH struct scratch to = scratch_begin();

    PUT(&from, {"1_a/up.sql", "VACUUM"});
    import_folder(&from, &to);
    EXPECT(&to, {"1_a.up.sql", "VACUUM"});
}

static void dbmate_sections_keep_their_bytes(void **state)
{
    (void)state;
    AUTO_SCRATCH struct scratch from = scratch_begin();
    AUTO_SCRATCH struct scratch to = scratch_begin();

    PUT(&from,
        {"20240101000000_a.sql",
         "-- migrate:up\ncreate table a (b int);\r\n-- a comment\n\n-- migrate:down\ndrop table a"},
        {"20240102000000_b.sql", "-- migrate:up transaction:false\nvacuum;\n-- migrate:down\n"},
        {"20240103000000_c.sql", "-- top\n\n--migrate:up\r\nselect 3;\n"});
    import_folder(&from, &to);
    EXPECT(&to, {"20240101000000_a.up.sql", "create table a (b int);\r\n-- a comment\n\n"},
           {"20240101000000_a.down.sql", "drop table a"},
           {"20240102000000_b.up.sql", "-- fleet: no-transaction\nvacuum;\n"},
           {"20240102000000_b.down.sql", ""}, {"20240103000000_c.up.sql", "select 3;\n"});
}

static void goose_sections_keep_their_bytes(void **state)
{
    (void)state;
    AUTO_SCRATCH struct scratch from = scratch_begin();
    AUTO_SCRATCH struct scratch to = scratch_begin();

    PUT(&from,
        {"00001_a.sql", "-- +goose Up\n-- +goose StatementBegin\nselect 1;\n-- +goose "
                        "StatementEnd\n\n-- +goose Down\nselect -1;\n"},
        {"00002_b.sql", "-- +goose NO TRANSACTION\n-- +goose Up\nvacuum;\n"},
        {"00010_c.postgres.sql", "-- +goose up\nselect 3;\n"});
    import_folder(&from, &to);
    EXPECT(&to,
           {"00001_a.up.sql", "-- +goose StatementBegin\nselect 1;\n-- +goose StatementEnd\n\n"},
           {"00001_a.down.sql", "select -1;\n"},
           {"00002_b.up.sql", "-- fleet: no-transaction\nvacuum;\n"},
           {"00010_c.postgresql.up.sql", "select 3;\n"});
}

static void goose_scripts_that_need_the_environment_are_refused(void **state)
{
    (void)state;
    AUTO_SCRATCH struct scratch from = scratch_begin();

    PUT(&from, {"1_a.sql", "-- +goose ENVSUB ON\n-- +goose Up\nselect '$X';\n"});
    expect_fault(&from, NULL, "environment variables");
}

static void flyway_versions_with_dots_become_numbers_in_their_order(void **state)
{
    (void)state;
    AUTO_SCRATCH struct scratch from = scratch_begin();
    AUTO_SCRATCH struct scratch to = scratch_begin();

    PUT(&from, {"V1__init.sql", "1"}, {"V1.2__b.sql", "1.2"}, {"sub/V1_10__c.sql", "1.10"},
        {"U1.2__b.sql", "undo"}, {"V2.0.1__d_e.sql", "2.0.1"}, {"R__Order_totals.sql", "view"},
        {"V1.10__c.sql.conf", "executeInTransaction=false\n"},
        {"V2.0.1__d_e.sql.conf", "x=1\nexecuteInTransaction = false\n"});
    AUTO(diagnostics) struct diagnostics *notes = diagnostics_new();
    AUTO(import) struct import *import = read_folder(&from, notes);
    struct error err = {0};
    assert_true(import_write(import, to.path, &err));
    assert_int_equal(diagnostics_count(notes), 1);
    assert_non_null(strstr(diagnostics_at(notes, 0)->file, "V1.10__c.sql.conf"));
    EXPECT(&to, {"1000000_init.up.sql", "1"}, {"1002000_b.up.sql", "1.2"},
           {"1002000_b.down.sql", "undo"}, {"1010000_c.up.sql", "1.10"},
           {"2000001_d_e.up.sql", "-- fleet: no-transaction\n2.0.1"},
           {"repeatable/Order_totals.sql", "view"});
}

static void flyway_versions_without_dots_are_kept(void **state)
{
    (void)state;
    AUTO_SCRATCH struct scratch from = scratch_begin();

    PUT(&from, {"V9__a.sql", ""}, {"V10__b.sql", ""}, {"V20240101__c.sql", ""});
    EXPECT_VERSIONS(&from, "9", "10", "20240101");
}

static void equal_flyway_versions_are_a_fault(void **state)
{
    (void)state;
    AUTO_SCRATCH struct scratch from = scratch_begin();

    PUT(&from, {"V1__a.sql", ""}, {"V1.0__b.sql", ""});
    expect_fault(&from, NULL, "the version is that of");
}

static void flyway_placeholders_and_baselines_are_noted(void **state)
{
    (void)state;
    AUTO_SCRATCH struct scratch from = scratch_begin();
    AUTO(diagnostics) struct diagnostics *notes = diagnostics_new();

    PUT(&from, {"V1__a.sql", "select '${x}'"}, {"B3__all.sql", ""}, {"V2__b.java", ""});
    AUTO(import) struct import *import = read_folder(&from, notes);
    assert_int_equal(import->count, 1);
    assert_int_equal(diagnostics_count(notes), 3);
    assert_non_null(strstr(diagnostics_at(notes, 0)->message, "baseline"));
    assert_non_null(strstr(diagnostics_at(notes, 1)->message, "placeholders"));
    assert_non_null(strstr(diagnostics_at(notes, 2)->file, "V2__b.java"));
}

static void diesel_folders_become_files(void **state)
{
    (void)state;
    AUTO_SCRATCH struct scratch from = scratch_begin();
    AUTO_SCRATCH struct scratch to = scratch_begin();

    PUT(&from, {"00000000000000_diesel_initial_setup/up.sql", "a"},
        {"00000000000000_diesel_initial_setup/down.sql", "b"},
        {"2018-01-14-171611_create_tables/up.sql", "c"},
        {"2018-01-14-171611_create_tables/down.sql", ""},
        {"2018-01-14-171611_create_tables/metadata.toml", "# x\nrun_in_transaction = false\n"});
    import_folder(&from, &to);
    EXPECT(&to, {"00000000000000_diesel_initial_setup.up.sql", "a"},
           {"00000000000000_diesel_initial_setup.down.sql", "b"},
           {"20180114171611_create_tables.up.sql", "-- fleet: no-transaction\nc"},
           {"20180114171611_create_tables.down.sql", "-- fleet: no-transaction\n"});
}

static void uneven_dates_are_padded_to_keep_their_text_order(void **state)
{
    (void)state;
    AUTO_SCRATCH struct scratch from = scratch_begin();

    PUT(&from, {"2018-01-14-171611_a/up.sql", ""}, {"2019-05-26_b/up.sql", ""},
        {"2019-05-26-216651_c/up.sql", ""}, {"2020-01-01-000000_d/up.sql", ""});
    EXPECT_VERSIONS(&from, "20180114171611", "20190526000000", "20190526216651", "20200101000000");
}

static void versions_that_padding_makes_equal_get_their_length(void **state)
{
    (void)state;
    AUTO_SCRATCH struct scratch from = scratch_begin();

    PUT(&from, {"2019_a/up.sql", ""}, {"201900_b/up.sql", ""}, {"20191_c/up.sql", ""});
    EXPECT_VERSIONS(&from, "20190004", "20190006", "20191005");
}

static void versions_that_are_no_numbers_are_counted(void **state)
{
    (void)state;
    AUTO_SCRATCH struct scratch from = scratch_begin();

    PUT(&from, {"v1_a/up.sql", ""}, {"v10_b/up.sql", ""}, {"v2_c/up.sql", ""});
    EXPECT_VERSIONS(&from, "000001", "000002", "000003");
}

static void folders_for_engines_become_one_with_infixes(void **state)
{
    (void)state;
    AUTO_SCRATCH struct scratch from = scratch_begin();
    AUTO_SCRATCH struct scratch to = scratch_begin();

    PUT(&from, {"sqlite/1_a/up.sql", "same"}, {"mysql/1_a/up.sql", "same"},
        {"postgresql/1_a/up.sql", "same"}, {"sqlite/1_a/down.sql", ""}, {"mysql/1_a/down.sql", ""},
        {"postgresql/1_a/down.sql", "other"}, {"sqlite/2_b/up.sql", "two"},
        {"mysql/2_b/up.sql", "two"}, {"mysql/3_c/up.sql", "my"});
    import_folder(&from, &to);
    EXPECT(&to, {"1_a.up.sql", "same"}, {"1_a.sqlite.down.sql", ""}, {"1_a.mysql.down.sql", ""},
           {"1_a.postgresql.down.sql", "other"}, {"2_b.sqlite.up.sql", "two"},
           {"2_b.mysql.up.sql", "two"}, {"3_c.mysql.up.sql", "my"});
}

static void sqitch_changes_come_in_the_order_of_the_plan(void **state)
{
    (void)state;
    AUTO_SCRATCH struct scratch from = scratch_begin();
    AUTO_SCRATCH struct scratch to = scratch_begin();
    AUTO(diagnostics) struct diagnostics *notes = diagnostics_new();
    struct error err = {0};

    PUT(&from, {"sqitch.plan", sqitch_plan}, {"sqitch.conf", ""},
        {"deploy/users@v1.sql", "BEGIN; old; COMMIT;"}, {"revert/users@v1.sql", "old back"},
        {"deploy/users.sql", "new"}, {"revert/users.sql", "new back"}, {"deploy/items.sql", "i"},
        {"deploy/views/totals.sql", "t"}, {"verify/users.sql", "v"});
    AUTO(import) struct import *import = read_folder(&from, notes);
    assert_true(import_write(import, to.path, &err));
    assert_int_equal(diagnostics_count(notes), 1);
    EXPECT(&to, {"20240301123000_users.up.sql", "BEGIN; old; COMMIT;"},
           {"20240301123000_users.down.sql", "old back"}, {"20240301123005_items.up.sql", "i"},
           {"20240303000000_users.up.sql", "new"}, {"20240303000000_users.down.sql", "new back"},
           {"20240304000000_views_totals.up.sql", "t"});
}

static void a_change_without_a_script_is_a_fault(void **state)
{
    (void)state;
    AUTO_SCRATCH struct scratch from = scratch_begin();

    PUT(&from, {"sqitch.plan", "a 2024-03-01T12:30:00Z A <a@b>\n"});
    expect_fault(&from, "sqitch", "its script is missing");
}

static void a_reworked_change_never_gets_the_script_of_its_later_self(void **state)
{
    (void)state;
    AUTO_SCRATCH struct scratch from = scratch_begin();

    PUT(&from, {"sqitch.plan", sqitch_plan}, {"deploy/users.sql", "new"}, {"deploy/items.sql", "i"},
        {"deploy/views/totals.sql", "t"});
    expect_fault(&from, "sqitch", "that of the earlier one is NAME@TAG.sql");
}

static void a_folder_of_no_tool_or_of_two_is_a_fault(void **state)
{
    (void)state;
    AUTO_SCRATCH struct scratch from = scratch_begin();

    PUT(&from, {"schema.sql", "select 1"});
    expect_fault(&from, NULL, "say which");
    PUT(&from, {"1_a.up.sql", ""}, {"V1__a.sql", ""});
    expect_fault(&from, NULL, "golang-migrate's or flyway's");
    expect_fault(&from, "golang-migrat", "did you mean \"golang-migrate\"?");
    expect_fault(&from, "goose", "\"-- +goose up\"");
}

static void two_files_of_one_version_are_a_fault(void **state)
{
    (void)state;
    AUTO_SCRATCH struct scratch from = scratch_begin();

    PUT(&from, {"7_a.up.sql", ""}, {"007_b.up.sql", ""});
    expect_fault(&from, NULL, "the version is that of");
}

static void lone_downs_and_other_files_are_left_out_with_a_note(void **state)
{
    (void)state;
    AUTO_SCRATCH struct scratch from = scratch_begin();
    AUTO(diagnostics) struct diagnostics *notes = diagnostics_new();

    PUT(&from, {"1_a.up.sql", ""}, {"2_b.down.sql", ""}, {"embed.go", ""}, {"README.md", ""});
    AUTO(import) struct import *import = read_folder(&from, notes);
    assert_int_equal(import->count, 1);
    assert_int_equal(diagnostics_count(notes), 2);
}

static void a_folder_with_migrations_is_not_imported_into(void **state)
{
    (void)state;
    AUTO_SCRATCH struct scratch from = scratch_begin();
    AUTO_SCRATCH struct scratch to = scratch_begin();
    AUTO(diagnostics) struct diagnostics *notes = diagnostics_new();
    struct error err = {0};

    PUT(&from, {"1_a.up.sql", ""});
    PUT(&to, {"1_b.up.sql", ""});
    AUTO(import) struct import *import = read_folder(&from, notes);
    assert_false(import_write(import, to.path, &err));
    assert_non_null(strstr(err.message, "empty folder"));
}

static void the_record_tells_what_the_versions_were(void **state)
{
    (void)state;
    AUTO_SCRATCH struct scratch from = scratch_begin();
    AUTO_SCRATCH struct scratch to = scratch_begin();
    struct buffer record AUTO_BUFFER = {0};

    PUT(&from, {"V1.2__b c.sql", "abc"});
    import_folder(&from, &to);
    scratch_get(&to, "fleet-import.json", &record);
    const char *text = buffer_text(&record);
    assert_non_null(strstr(text, "\"tool\": \"flyway\""));
    assert_non_null(strstr(text, "\"version\": \"1002\""));
    assert_non_null(strstr(text, "\"source_version\": \"1.2\""));
    assert_non_null(strstr(text, "\"source_name\": \"b c\""));
    assert_non_null(strstr(text, "\"source\": \"V1.2__b c.sql\""));
    assert_non_null(
        strstr(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golang_migrate_keeps_versions_names_and_bytes),
        cmocka_unit_test(engine_infixes_of_other_tools_become_ours),
        cmocka_unit_test(the_last_direction_in_a_name_counts),
        cmocka_unit_test(what_is_for_other_engines_is_left_out),
        cmocka_unit_test(folders_for_other_engines_are_left_out),
        cmocka_unit_test(scripts_that_ran_outside_transactions_get_the_directive),
        cmocka_unit_test(tools_that_are_told_get_no_directive_of_ours),
        cmocka_unit_test(dbmate_sections_keep_their_bytes),
        cmocka_unit_test(goose_sections_keep_their_bytes),
        cmocka_unit_test(goose_scripts_that_need_the_environment_are_refused),
        cmocka_unit_test(flyway_versions_with_dots_become_numbers_in_their_order),
        cmocka_unit_test(flyway_versions_without_dots_are_kept),
        cmocka_unit_test(equal_flyway_versions_are_a_fault),
        cmocka_unit_test(flyway_placeholders_and_baselines_are_noted),
        cmocka_unit_test(diesel_folders_become_files),
        cmocka_unit_test(uneven_dates_are_padded_to_keep_their_text_order),
        cmocka_unit_test(versions_that_padding_makes_equal_get_their_length),
        cmocka_unit_test(versions_that_are_no_numbers_are_counted),
        cmocka_unit_test(folders_for_engines_become_one_with_infixes),
        cmocka_unit_test(sqitch_changes_come_in_the_order_of_the_plan),
        cmocka_unit_test(a_change_without_a_script_is_a_fault),
        cmocka_unit_test(a_reworked_change_never_gets_the_script_of_its_later_self),
        cmocka_unit_test(a_folder_of_no_tool_or_of_two_is_a_fault),
        cmocka_unit_test(two_files_of_one_version_are_a_fault),
        cmocka_unit_test(lone_downs_and_other_files_are_left_out_with_a_note),
        cmocka_unit_test(a_folder_with_migrations_is_not_imported_into),
        cmocka_unit_test(the_record_tells_what_the_versions_were),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
