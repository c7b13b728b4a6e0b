#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "planner_story.h"

static void equal_targets_share_one_recipe(void **state)
{
    struct story *story = *state;
    struct applied_set *one = folder_applied(&story->folder, 1, "1");
    struct applied_set copy = *one;

    story_target(story, one);
    story_target(story, &copy);
    story_target(story, &nothing_applied);
    story_target(story, one)->engine = ENGINE_MYSQL;
    story_plan(story);
    const struct plan *plan = story->plan;
    assert_int_equal(plan->target_count, 4);
    assert_int_equal(plan->recipe_count, 3);
    assert_ptr_equal(plan->targets[0].recipe, plan->targets[1].recipe);
    assert_int_equal(plan->targets[3].recipe->engine, ENGINE_MYSQL);
}

static void different_histories_with_the_same_steps_share_one_recipe(void **state)
{
    struct story *story = *state;

    story->folder.items[0].up[ENGINE_SQLITE] = NULL;
    story->folder.items[1].up[ENGINE_SQLITE] = NULL;
    struct applied_set *set = folder_applied(&story->folder, 0);
    folder_apply_repeatable(&story->folder, set, "gone_view", "x");
    story_target(story, set);
    story_target(story, &nothing_applied);
    story_plan(story);
    assert_int_equal(story->plan->target_count, 2);
    assert_int_equal(story->plan->recipe_count, 1);
}

static void a_problem_is_told_once_with_its_targets(void **state)
{
    struct story *story = *state;
    struct applied_set *set = folder_applied(&story->folder, 2, "1", "10");

    story_target(story, set);
    story_target(story, set);
    story_target(story, folder_applied(&story->folder, 1, "10"));
    story_plan(story);
    assert_null(story->plan);
    assert_int_equal(diagnostics_count(story->problems), 2);
    const struct error *late = diagnostics_at(story->problems, 0);
    assert_non_null(strstr(late->message, "2_orders is pending below 10"));
    assert_non_null(strstr(late->message, "(3 targets, first t-0)"));
    assert_string_equal(late->target, "t-0");
    assert_non_null(strstr(diagnostics_at(story->problems, 1)->message, "(target t-2)"));
}

static void a_plan_says_which_server_its_targets_are_on(void **state)
{
    struct story *story = *state;
    AUTO_BUFFER struct buffer document = {0};
    struct error err = {0};

    struct target_state *known = story_target(story, &nothing_applied);
    known->engine = ENGINE_POSTGRESQL;
    known->identity = "7:1";
    known->timeline = 2;
    known->server = "PostgreSQL 15.7";
    story_target(story, &nothing_applied)->server = "SQLite 3.40.1";
    story_plan(story);
    plan_write(story->plan, &document);
    assert_non_null(strstr(buffer_text(&document), "\"release\":\"PostgreSQL 15\""));
    assert_null(strstr(buffer_text(&document), "SQLite 3"));
    AUTO(plan) struct plan *read = plan_read(document.bytes, document.length, &err);
    assert_non_null(read);
    assert_string_equal(read->targets[0].identity, "7:1");
    assert_int_equal(read->targets[0].timeline, 2);
    assert_string_equal(read->targets[0].release, "PostgreSQL 15");
    assert_string_equal(read->targets[1].identity, "");
    assert_int_equal(read->targets[1].timeline, 0);
    assert_string_equal(read->targets[1].release, "");
    strstr(document.bytes, "\"timeline\":2")[11] = '3';
    assert_null(plan_read(document.bytes, document.length, &err));
    assert_int_equal(err.code, ERROR_VERIFY);
}

static void no_plan_is_made_from_a_replicas_history(void **state)
{
    struct story *story = *state;

    story_target(story, &nothing_applied);
    story_target(story, &nothing_applied)->read_only = true;
    story_expect_problem(story, "is a replica or read-only");
    assert_string_equal(diagnostics_at(story->problems, 0)->target, "t-1");
}

static void a_script_that_cannot_be_split_is_a_problem_at_its_line(void **state)
{
    struct story *story = *state;

    folder_add(&story->folder, "11", "broken", "SELECT 1;\nSELECT 'open", "SELECT 1;");
    story_target(story, folder_applied(&story->folder, 3, "1", "2", "10"));
    story_plan(story);
    assert_int_equal(diagnostics_count(story->problems), 1);
    assert_string_equal(diagnostics_at(story->problems, 0)->file, "11_broken.up.sql");
    assert_int_equal(diagnostics_at(story->problems, 0)->line, 2);
}

static void an_unknown_version_names_a_near_one(void **state)
{
    struct story *story = *state;

    folder_add(&story->folder, "20240131", "late", "SELECT 1;", "SELECT 1;");
    story_target(story, &nothing_applied);
    story->request.to = "20240113";
    story_expect_problem(story, "no migration has version 20240113 in migrations, did you mean "
                                "20240131?");
    assert_int_equal(diagnostics_at(story->problems, 0)->code, ERROR_USAGE);
    story->request.to = "777777";
    story_expect_problem(story, "the newest is 20240131");
}

static void a_version_that_only_a_target_has_is_known(void **state)
{
    struct story *story = *state;

    story->request.goal = GOAL_DOWN_TO;
    story->request.to = "3";
    story_target(story, folder_applied(&story->folder, 1, "3"));
    story_expect(story, "");
}

static void what_is_no_version_is_said_to_be_none(void **state)
{
    struct story *story = *state;
    const char *late[] = {"../x"};

    story_target(story, &nothing_applied);
    story->request.to = "head";
    story_expect_problem(story, "\"head\" is not a version");
    story->request.to = NULL;
    story->request.out_of_order = late;
    story->request.out_of_order_count = 1;
    story_expect_problem(story, "\"../x\" is not a version");
}

static void zero_steps_are_refused(void **state)
{
    struct story *story = *state;

    story->request.goal = GOAL_DOWN_STEPS;
    story_target(story, &nothing_applied);
    story_expect_problem(story, "give a number from 1");
}

static void an_empty_folder_and_no_targets_give_an_empty_plan(void **state)
{
    struct story *story = *state;

    story->folder.migrations.count = 0;
    story_expect(story, "");
    assert_int_equal(story->plan->target_count, 0);
    story_target(story, &nothing_applied);
    story_expect(story, "");
    story->request.to = "1";
    story_expect_problem(story, "which holds none");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY_TEST(equal_targets_share_one_recipe),
        STORY_TEST(different_histories_with_the_same_steps_share_one_recipe),
        STORY_TEST(a_problem_is_told_once_with_its_targets),
        STORY_TEST(a_plan_says_which_server_its_targets_are_on),
        STORY_TEST(no_plan_is_made_from_a_replicas_history),
        STORY_TEST(a_script_that_cannot_be_split_is_a_problem_at_its_line),
        STORY_TEST(an_unknown_version_names_a_near_one),
        STORY_TEST(a_version_that_only_a_target_has_is_known),
        STORY_TEST(what_is_no_version_is_said_to_be_none),
        STORY_TEST(zero_steps_are_refused),
        STORY_TEST(an_empty_folder_and_no_targets_give_an_empty_plan),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
