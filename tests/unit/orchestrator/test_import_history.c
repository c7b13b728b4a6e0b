#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "imports.h"
#include "plans/version.h"

static void each_tools_history_has_a_query(void **state)
{
    (void)state;
    AUTO_SCRATCH struct scratch from = scratch_begin();
    AUTO(diagnostics) struct diagnostics *notes = diagnostics_new();
    struct error err = {0};

    PUT(&from, {"V1__a.sql", ""});
    AUTO(import) struct import *import = read_folder(&from, notes);
    AUTO(text) char *query = import_history_query(import, ENGINE_MYSQL, NULL, &err);
    assert_non_null(strstr(query, "LIKE 'UNDO%'"));
    assert_non_null(strstr(query, "FROM flyway_schema_history ORDER"));
    AUTO(text) char *other = import_history_query(import, ENGINE_MYSQL, "app.history", &err);
    assert_non_null(strstr(other, "FROM app.history ORDER"));
    assert_null(import_history_query(import, ENGINE_MYSQL, "a; drop table b", &err));
    assert_int_equal(err.code, ERROR_USAGE);
}

static void sqitchs_history_of_sqlite_cannot_be_asked(void **state)
{
    (void)state;
    AUTO_SCRATCH struct scratch from = scratch_begin();
    AUTO(diagnostics) struct diagnostics *notes = diagnostics_new();
    struct error err = {0};

    PUT(&from, {"sqitch.plan", "a 2024-03-01T12:30:00Z A <a@b>\n"}, {"deploy/a.sql", ""});
    AUTO(import) struct import *import = read_folder(&from, notes);
    assert_null(import_history_query(import, ENGINE_SQLITE, NULL, &err));
    assert_int_equal(err.code, ERROR_UNSUPPORTED);
}

/* What the rows mean for a folder of golang-migrate with versions 1, 2 and 10, 2 not for SQLite. */
static bool judge(enum engine_kind engine, const struct import_row *rows, size_t count,
                  struct import_verdict *verdict, struct error *err)
{
    AUTO_SCRATCH struct scratch from = scratch_begin();
    AUTO(diagnostics) struct diagnostics *notes = diagnostics_new();

    PUT(&from, {"001_a.up.sql", ""}, {"002_b.mysql.up.sql", ""}, {"010_c.up.sql", ""});
    AUTO(import) struct import *import = read_folder(&from, notes);
    bool ok = import_judge(import, engine, rows, count, verdict, err);
    if (ok && verdict->newest != NULL)
        verdict->newest = version_compare(verdict->newest, "10") == 0  ? "10"
                          : version_compare(verdict->newest, "2") == 0 ? "2"
                                                                       : "1";
    return ok;
}

static void a_reached_version_stands_for_all_before_it(void **state)
{
    (void)state;
    const struct import_row row = {"10", "reached"};
    struct import_verdict verdict;
    struct error err = {0};

    assert_true(judge(ENGINE_MYSQL, &row, 1, &verdict, &err));
    assert_int_equal(verdict.applied, 3);
    assert_string_equal(verdict.newest, "10");
    assert_true(judge(ENGINE_MYSQL, &row, 0, &verdict, &err));
    assert_int_equal(verdict.applied, 0);
    assert_null(verdict.newest);
}

static void applied_and_reverted_rows_are_folded(void **state)
{
    (void)state;
    const struct import_row rows[] = {
        {"1", "applied"}, {"2", "applied"}, {NULL, "applied"}, {"2", "reverted"}};
    struct import_verdict verdict;
    struct error err = {0};

    assert_true(judge(ENGINE_MYSQL, rows, 4, &verdict, &err));
    assert_int_equal(verdict.applied, 1);
    assert_string_equal(verdict.newest, "1");
    assert_true(judge(ENGINE_MYSQL, rows, 3, &verdict, &err));
    assert_string_equal(verdict.newest, "2");
}

static void a_migration_that_the_engine_lacks_is_no_gap(void **state)
{
    (void)state;
    const struct import_row rows[] = {{"1", "applied"}, {"10", "applied"}};
    struct import_verdict verdict;
    struct error err = {0};

    assert_true(judge(ENGINE_SQLITE, rows, 2, &verdict, &err));
    assert_int_equal(verdict.applied, 2);
    assert_false(judge(ENGINE_MYSQL, rows, 2, &verdict, &err));
    assert_int_equal(err.code, ERROR_CONFLICT);
    assert_non_null(strstr(err.message, "version 002 is not applied, though the later 010 is"));
}

static void dirty_failed_and_unknown_versions_are_conflicts(void **state)
{
    (void)state;
    static const struct {
        struct import_row row;
        const char *fragment;
    } cases[] = {
        {{"10", "dirty"}, "version 10 is dirty: repair it with golang-migrate"},
        {{"2", "failed"}, "version 2 is failed"},
        {{"11", "applied"}, "version 11, which the folder does not have"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct import_verdict verdict;
        struct error err = {0};

        assert_false(judge(ENGINE_MYSQL, &cases[i].row, 1, &verdict, &err));
        assert_int_equal(err.code, ERROR_CONFLICT);
        assert_non_null(strstr(err.message, cases[i].fragment));
    }
}

static void a_reworked_change_is_applied_as_often_as_it_was_deployed(void **state)
{
    (void)state;
    AUTO_SCRATCH struct scratch from = scratch_begin();
    AUTO(diagnostics) struct diagnostics *notes = diagnostics_new();
    const struct import_row rows[] = {
        {"users", "applied"}, {"items", "applied"}, {"users", "applied"}};
    struct import_verdict verdict;
    struct error err = {0};

    PUT(&from, {"sqitch.plan", sqitch_plan}, {"deploy/users@v1.sql", ""}, {"deploy/users.sql", ""},
        {"deploy/items.sql", ""}, {"deploy/views/totals.sql", ""});
    AUTO(import) struct import *import = read_folder(&from, notes);
    assert_true(import_judge(import, ENGINE_POSTGRESQL, rows, 2, &verdict, &err));
    assert_string_equal(verdict.newest, "20240301123005");
    assert_true(import_judge(import, ENGINE_POSTGRESQL, rows, 3, &verdict, &err));
    assert_string_equal(verdict.newest, "20240303000000");
}

static void gooses_row_of_origin_is_no_migration(void **state)
{
    (void)state;
    AUTO_SCRATCH struct scratch from = scratch_begin();
    AUTO(diagnostics) struct diagnostics *notes = diagnostics_new();
    const struct import_row rows[] = {{"0", "applied"}, {"1", "applied"}};
    struct import_verdict verdict;
    struct error err = {0};

    PUT(&from, {"00001_a.sql", "-- +goose Up\n"});
    AUTO(import) struct import *import = read_folder(&from, notes);
    assert_true(import_judge(import, ENGINE_SQLITE, rows, 2, &verdict, &err));
    assert_int_equal(verdict.applied, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_tools_history_has_a_query),
        cmocka_unit_test(sqitchs_history_of_sqlite_cannot_be_asked),
        cmocka_unit_test(a_reached_version_stands_for_all_before_it),
        cmocka_unit_test(applied_and_reverted_rows_are_folded),
        cmocka_unit_test(a_migration_that_the_engine_lacks_is_no_gap),
        cmocka_unit_test(dirty_failed_and_unknown_versions_are_conflicts),
        cmocka_unit_test(a_reworked_change_is_applied_as_often_as_it_was_deployed),
        cmocka_unit_test(gooses_row_of_origin_is_no_migration),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
