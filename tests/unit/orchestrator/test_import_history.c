#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "imports.h"

/* The verdict on a history that has these rows. */
static bool judge_rows(const struct import *import, enum engine_kind engine,
                       const struct foreign_row *rows, size_t count, struct import_verdict *verdict,
                       struct error *err)
{
    const struct foreign_history history = {.present = true, .rows = rows, .row_count = count};

    return import_judge(import, engine, &history, verdict, err);
}

struct judged {
    size_t applied;
    char newest[8]; /* "" if there is none */
};

/* What the rows mean for a folder of golang-migrate with versions 1, 2 and 10, 2 not for SQLite. */
static bool judge(enum engine_kind engine, const struct foreign_row *rows, size_t count,
                  struct judged *judged, struct error *err)
{
    AUTO_SCRATCH struct scratch from = scratch_begin();
    AUTO(diagnostics) struct diagnostics *notes = diagnostics_new();

    PUT(&from, {"001_a.up.sql", ""}, {"002_b.mysql.up.sql", ""}, {"010_c.up.sql", ""});
    AUTO(import) struct import *import = read_folder(&from, notes);
    struct import_verdict verdict = {0};
    bool ok = judge_rows(import, engine, rows, count, &verdict, err);

    judged->applied = verdict.applied;
    snprintf(judged->newest, sizeof judged->newest, "%s",
             verdict.newest != NULL ? verdict.newest->source_version : "");
    return ok;
}

static void a_reached_version_stands_for_all_before_it(void **state)
{
    (void)state;
    const struct foreign_row row = {"10", FOREIGN_REACHED};
    struct judged judged;
    struct error err = {0};

    assert_true(judge(ENGINE_MYSQL, &row, 1, &judged, &err));
    assert_int_equal(judged.applied, 3);
    assert_string_equal(judged.newest, "010");
    assert_true(judge(ENGINE_MYSQL, &row, 0, &judged, &err));
    assert_int_equal(judged.applied, 0);
    assert_string_equal(judged.newest, "");
}

static void applied_and_reverted_rows_are_folded(void **state)
{
    (void)state;
    const struct foreign_row rows[] = {
        {"1", FOREIGN_APPLIED}, {"2", FOREIGN_APPLIED}, {"2", FOREIGN_REVERTED}};
    struct judged judged;
    struct error err = {0};

    assert_true(judge(ENGINE_MYSQL, rows, 3, &judged, &err));
    assert_int_equal(judged.applied, 1);
    assert_string_equal(judged.newest, "001");
    assert_true(judge(ENGINE_MYSQL, rows, 2, &judged, &err));
    assert_string_equal(judged.newest, "002");
}

static void a_migration_that_the_engine_lacks_is_no_gap(void **state)
{
    (void)state;
    const struct foreign_row rows[] = {{"1", FOREIGN_APPLIED}, {"10", FOREIGN_APPLIED}};
    struct judged judged;
    struct error err = {0};

    assert_true(judge(ENGINE_SQLITE, rows, 2, &judged, &err));
    assert_int_equal(judged.applied, 2);
    assert_false(judge(ENGINE_MYSQL, rows, 2, &judged, &err));
    assert_int_equal(err.code, ERROR_CONFLICT);
    assert_non_null(strstr(err.message, "version 002 is not applied, though the later 010 is"));
}

static void dirty_failed_and_unknown_versions_are_conflicts(void **state)
{
    (void)state;
    static const struct {
        struct foreign_row row;
        const char *fragment;
    } cases[] = {
        {{"10", FOREIGN_DIRTY}, "version 10 is dirty: repair it with golang-migrate"},
        {{"2", FOREIGN_FAILED}, "version 2 is failed"},
        {{"11", FOREIGN_APPLIED}, "version 11, which the folder does not have"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct judged judged;
        struct error err = {0};

        assert_false(judge(ENGINE_MYSQL, &cases[i].row, 1, &judged, &err));
        assert_int_equal(err.code, ERROR_CONFLICT);
        assert_non_null(strstr(err.message, cases[i].fragment));
    }
}

static void a_reworked_change_is_applied_as_often_as_it_was_deployed(void **state)
{
    (void)state;
    AUTO_SCRATCH struct scratch from = scratch_begin();
    AUTO(diagnostics) struct diagnostics *notes = diagnostics_new();
    const struct foreign_row rows[] = {
        {"users", FOREIGN_APPLIED}, {"items", FOREIGN_APPLIED}, {"users", FOREIGN_APPLIED}};
    struct import_verdict verdict;
    struct error err = {0};

    PUT(&from, {"sqitch.plan", sqitch_plan}, {"deploy/users@v1.sql", ""}, {"deploy/users.sql", ""},
        {"deploy/items.sql", ""}, {"deploy/views/totals.sql", ""});
    AUTO(import) struct import *import = read_folder(&from, notes);
    assert_true(judge_rows(import, ENGINE_POSTGRESQL, rows, 2, &verdict, &err));
    assert_string_equal(verdict.newest->version, "20240301123005");
    assert_true(judge_rows(import, ENGINE_POSTGRESQL, rows, 3, &verdict, &err));
    assert_string_equal(verdict.newest->version, "20240303000000");
}

static void a_text_that_is_no_version_is_one_that_the_folder_lacks(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "-1", "010 ", "1e1", "\x1b[2J", "10.0"};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const struct foreign_row row = {texts[i], FOREIGN_REACHED};
        struct judged judged;
        struct error err = {0};

        assert_false(judge(ENGINE_MYSQL, &row, 1, &judged, &err));
        assert_int_equal(err.code, ERROR_CONFLICT);
        assert_non_null(strstr(err.message, "which the folder does not have"));
    }
}

/* Flyway's verdict on a folder with versions 1.1, 1.2 and 2. */
static bool judge_flyway(const struct foreign_row *rows, size_t count, size_t *applied,
                         struct error *err)
{
    AUTO_SCRATCH struct scratch from = scratch_begin();
    AUTO(diagnostics) struct diagnostics *notes = diagnostics_new();
    struct import_verdict verdict = {0};

    PUT(&from, {"V1.1__a.sql", ""}, {"V1.2__b.sql", ""}, {"V2__c.sql", ""});
    AUTO(import) struct import *import = read_folder(&from, notes);
    bool ok = judge_rows(import, ENGINE_MYSQL, rows, count, &verdict, err);
    *applied = verdict.applied;
    return ok;
}

static void a_baseline_of_flyway_may_lie_between_migrations(void **state)
{
    (void)state;
    static const struct {
        const char *version;
        size_t applied;
    } cases[] = {{"1", 0}, {"1.1", 1}, {"1.1.5", 1}, {"1.10", 2}, {"3", 3}};

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct foreign_row row = {cases[i].version, FOREIGN_REACHED};
        struct error err = {0};
        size_t applied;

        assert_true(judge_flyway(&row, 1, &applied, &err));
        assert_int_equal(applied, cases[i].applied);
    }
}

static void an_unknown_version_that_was_taken_back_is_no_conflict(void **state)
{
    (void)state;
    const struct foreign_row rows[] = {{"1.1", FOREIGN_APPLIED},
                                       {"1.1.9", FOREIGN_APPLIED},
                                       {"1.1.9", FOREIGN_REVERTED},
                                       {"1.1.9", FOREIGN_APPLIED}};
    struct error err = {0};
    size_t applied;

    assert_true(judge_flyway(rows, 3, &applied, &err));
    assert_int_equal(applied, 1);
    assert_false(judge_flyway(rows, 4, &applied, &err));
    assert_non_null(strstr(err.message, "has version 1.1.9, which the folder does not have"));
}

static void gooses_row_of_origin_is_no_migration(void **state)
{
    (void)state;
    AUTO_SCRATCH struct scratch from = scratch_begin();
    AUTO(diagnostics) struct diagnostics *notes = diagnostics_new();
    const struct foreign_row rows[] = {{"0", FOREIGN_APPLIED}, {"1", FOREIGN_APPLIED}};
    struct import_verdict verdict;
    struct error err = {0};

    PUT(&from, {"00001_a.sql", "-- +goose Up\n"});
    AUTO(import) struct import *import = read_folder(&from, notes);
    assert_true(judge_rows(import, ENGINE_SQLITE, rows, 2, &verdict, &err));
    assert_int_equal(verdict.applied, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reached_version_stands_for_all_before_it),
        cmocka_unit_test(applied_and_reverted_rows_are_folded),
        cmocka_unit_test(a_migration_that_the_engine_lacks_is_no_gap),
        cmocka_unit_test(dirty_failed_and_unknown_versions_are_conflicts),
        cmocka_unit_test(a_reworked_change_is_applied_as_often_as_it_was_deployed),
        cmocka_unit_test(a_text_that_is_no_version_is_one_that_the_folder_lacks),
        cmocka_unit_test(a_baseline_of_flyway_may_lie_between_migrations),
        cmocka_unit_test(an_unknown_version_that_was_taken_back_is_no_conflict),
        cmocka_unit_test(gooses_row_of_origin_is_no_migration),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
