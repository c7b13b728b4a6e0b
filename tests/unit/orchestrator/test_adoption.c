#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "imports.h"
#include "orchestrator/import/adoption.h"

enum { TARGETS = 3 };

/* A folder of golang-migrate with versions 1 and 2, and what three SQLite targets say. */
struct story {
    struct scratch from;
    struct import *import;
    struct target targets[TARGETS];
    struct foreign_row rows[TARGETS];
    struct foreign_history histories[TARGETS];
    struct applied applied[TARGETS];
    struct applied_set sets[TARGETS];
    struct surveyed items[TARGETS];
    struct survey survey;
    struct adoption *adoption;
};

static int open_story(void **state)
{
    static const char *const names[TARGETS] = {"a", "b", "c"};
    struct story *story = xcalloc(1, sizeof *story);
    AUTO(diagnostics) struct diagnostics *notes = diagnostics_new();

    story->from = scratch_begin();
    PUT(&story->from, {"001_a.up.sql", ""}, {"002_b.up.sql", ""});
    story->import = read_folder(&story->from, notes);
    for (size_t i = 0; i < TARGETS; i++) {
        story->targets[i] = (struct target){.name = names[i], .engine = ENGINE_SQLITE};
        story->sets[i].items = &story->applied[i];
        story->items[i] = (struct surveyed){.target = &story->targets[i],
                                            .reached = true,
                                            .applied = &story->sets[i],
                                            .foreign = &story->histories[i]};
    }
    story->survey = (struct survey){.items = story->items, .count = TARGETS};
    *state = story;
    return 0;
}

static int close_story(void **state)
{
    struct story *story = *state;

    adoption_free(story->adoption);
    import_free(story->import);
    scratch_end(&story->from);
    free(story);
    return 0;
}

/* The tool's row on a target. */
static void says(struct story *story, size_t target, const char *version, enum foreign_state state)
{
    story->rows[target] = (struct foreign_row){version, state};
    story->histories[target] =
        (struct foreign_history){.present = true, .rows = &story->rows[target], .row_count = 1};
}

/* Fleet's own history on a target has this version. */
static void has(struct story *story, size_t target, const char *version)
{
    story->items[target].status.seq = 1;
    story->applied[target].version = version;
    story->sets[target].count = 1;
}

static void judge(struct story *story)
{
    adoption_free(story->adoption);
    story->adoption = adoption_judge(story->import, &story->survey);
}

static void expect_refused(struct story *story, const char *words)
{
    struct error err = {0};

    judge(story);
    assert_false(adoption_check(story->adoption, &err));
    assert_int_equal(err.code, ERROR_CONFLICT);
    if (strstr(err.message, words) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", err.message, words);
}

static void each_target_is_marked_up_to_its_own_version(void **state)
{
    struct story *story = *state;
    struct error err = {0};

    says(story, 0, "2", FOREIGN_REACHED);
    says(story, 2, "1", FOREIGN_REACHED);
    judge(story);
    assert_true(adoption_check(story->adoption, &err));
    assert_string_equal(story->adoption->each_to[0], "002");
    assert_null(story->adoption->each_to[1]);
    assert_string_equal(story->adoption->each_to[2], "001");
    assert_int_equal(story->adoption->items[1].state, ADOPTION_NOTHING);
}

static void one_conflict_refuses_all_and_is_named(void **state)
{
    struct story *story = *state;

    says(story, 0, "2", FOREIGN_REACHED);
    says(story, 1, "2", FOREIGN_DIRTY);
    expect_refused(story, "1 of 3 targets cannot be taken, so nothing was marked on any: b: ");
    says(story, 2, "3", FOREIGN_REACHED);
    expect_refused(story, "; c: golang-migrate's history has version 3, which the folder does not");
}

static void what_the_history_has_already_is_done(void **state)
{
    struct story *story = *state;
    struct error err = {0};

    says(story, 0, "2", FOREIGN_REACHED);
    has(story, 0, "2");
    judge(story);
    assert_true(adoption_check(story->adoption, &err));
    assert_int_equal(story->adoption->items[0].state, ADOPTION_DONE);
    assert_null(story->adoption->each_to[0]);
}

static void what_the_tool_applied_behind_a_history_is_a_conflict(void **state)
{
    struct story *story = *state;

    says(story, 0, "2", FOREIGN_REACHED);
    has(story, 0, "001");
    expect_refused(story, "a: fleet has a history there, in which golang-migrate's version 002 is");
    /* All that it had was taken back. */
    story->sets[0].count = 0;
    expect_refused(story, "a: fleet has a history there");
}

static void a_tool_that_was_nowhere_at_work_is_refused(void **state)
{
    struct story *story = *state;

    story->histories[1].present = true;
    expect_refused(story, "golang-migrate has applied nothing on any of these targets");
}

static void a_target_out_of_reach_is_left_to_the_policy(void **state)
{
    struct story *story = *state;
    struct error err = {0};

    says(story, 0, "2", FOREIGN_REACHED);
    story->items[1] = (struct surveyed){.target = &story->targets[1],
                                        .error = {.code = ERROR_CONNECT, .message = "refused"}};
    judge(story);
    assert_true(adoption_check(story->adoption, &err));
    assert_int_equal(story->adoption->items[1].state, ADOPTION_UNREACHABLE);
    assert_null(story->adoption->each_to[1]);
}

static void a_folder_may_have_more_than_the_import_but_nothing_else(void **state)
{
    struct story *story = *state;
    static const struct migration items[] = {{.version = "001", .name = "a"},
                                             {.version = "002", .name = "b"},
                                             {.version = "003", .name = "c"}};
    static const struct migration others[] = {{.version = "001", .name = "a"},
                                              {.version = "0011", .name = "between"},
                                              {.version = "002", .name = "b"}};
    struct migrations folder = {.directory = "migrations", .items = items, .count = 3};
    struct error err = {0};

    assert_true(adoption_check_folder(story->import, &folder, &err));
    folder.count = 1;
    assert_false(adoption_check_folder(story->import, &folder, &err));
    assert_non_null(strstr(err.message, "002_b should be its migration 2, but none is"));
    error_clear(&err);
    folder.items = others;
    folder.count = 3;
    assert_false(adoption_check_folder(story->import, &folder, &err));
    assert_non_null(strstr(err.message, "but 0011_between is"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, open_story, close_story)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_target_is_marked_up_to_its_own_version),
        TEST(one_conflict_refuses_all_and_is_named),
        TEST(what_the_history_has_already_is_done),
        TEST(what_the_tool_applied_behind_a_history_is_a_conflict),
        TEST(a_tool_that_was_nowhere_at_work_is_refused),
        TEST(a_target_out_of_reach_is_left_to_the_policy),
        TEST(a_folder_may_have_more_than_the_import_but_nothing_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
