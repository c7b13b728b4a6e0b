#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "planner_story.h"

static void an_empty_target_gets_everything_in_the_order_of_numbers(void **state)
{
    struct story *story = *state;

    story_target(story, &nothing_applied);
    story_expect(story, "up 1, up 2, up 10");
}

static void a_target_without_a_set_counts_as_empty(void **state)
{
    struct story *story = *state;

    story_target(story, NULL);
    story_expect(story, "up 1, up 2, up 10");
}

static void a_target_at_head_is_not_in_the_plan(void **state)
{
    struct story *story = *state;

    story_target(story, folder_applied(&story->folder, 3, "1", "2", "10"));
    story_target(story, folder_applied(&story->folder, 1, "1"));
    story_expect(story, "up 2, up 10");
    assert_int_equal(story->plan->target_count, 1);
    assert_string_equal(story->plan->targets[0].name, "t-1");
}

static void leading_zeros_of_a_version_do_not_matter(void **state)
{
    struct story *story = *state;
    struct applied_set *set = folder_applied(&story->folder, 2, "1", "2");

    ((struct applied *)(uintptr_t)set->items)[1].version = "002";
    story_target(story, set);
    story_expect(story, "up 10");
}

static void a_step_carries_its_scripts_and_the_head_it_was_planned_from(void **state)
{
    struct story *story = *state;

    story_target(story, folder_applied(&story->folder, 2, "1", "2"));
    story_plan(story);
    const struct plan_step *step = &story->plan->targets[0].recipe->steps[0];
    struct digest head = digest_of_text("head");
    assert_string_equal(step->run.file, "10_items.up.sql");
    assert_string_equal(step->run.script->sql, "CREATE TABLE items (id INT);");
    assert_string_equal(step->undo.script->sql, "DROP TABLE items;");
    assert_true(digest_equal(&step->source_sha256, &step->run.script->sha256));
    assert_true(digest_equal(&story->plan->targets[0].head, &head));
}

static void to_ends_at_that_version(void **state)
{
    struct story *story = *state;

    story->request.to = "2";
    story_target(story, &nothing_applied);
    story_target(story, folder_applied(&story->folder, 3, "1", "2", "10"));
    story_expect(story, "up 1, up 2");
    assert_int_equal(story->plan->target_count, 1);
}

static void an_edited_migration_shows_both_ways_out(void **state)
{
    struct story *story = *state;

    story_target(story, folder_applied(&story->folder, 2, "1", "2"));
    story->folder.items[1].up[ENGINE_SQLITE] = story->folder.items[2].up[ENGINE_SQLITE];
    story_expect_problem(story, "2_orders was edited after it was applied");
    const struct error *problem = diagnostics_at(story->problems, 0);
    assert_int_equal(problem->code, ERROR_CONFLICT);
    assert_non_null(strstr(problem->message, "restore its bytes"));
    assert_non_null(strstr(problem->message, "fleet rollback"));
}

static void an_applied_migration_that_left_the_folder_is_a_problem(void **state)
{
    struct story *story = *state;

    story_target(story, folder_applied(&story->folder, 2, "1", "3"));
    story->request.to = "1";
    story_expect_problem(story, "3_unknown is applied, but migrations has no such up script");
}

static void a_pending_one_below_the_newest_is_out_of_order(void **state)
{
    struct story *story = *state;

    story_target(story, folder_applied(&story->folder, 2, "1", "10"));
    story_expect_problem(story, "2_orders is pending below 10");
    const char *message = diagnostics_at(story->problems, 0)->message;
    assert_non_null(strstr(message, "--allow-out-of-order 2"));
    assert_non_null(strstr(message, "fleet new --renumber 2_orders.up.sql"));
}

static void a_late_one_comes_when_it_is_allowed(void **state)
{
    struct story *story = *state;
    const char *late[] = {"002"};

    story_target(story, folder_applied(&story->folder, 2, "1", "10"));
    story->request.out_of_order = late;
    story->request.out_of_order_count = 1;
    story_expect(story, "up 2");
}

static void a_missing_way_back_is_refused_unless_allowed(void **state)
{
    struct story *story = *state;

    folder_add(&story->folder, "11", "purge", "DELETE FROM users;", NULL);
    story_target(story, folder_applied(&story->folder, 3, "1", "2", "10"));
    story_expect_problem(story, "11_purge has no way back: there is no down script");
    assert_non_null(
        strstr(diagnostics_at(story->problems, 0)->message, "irreversible = allow in [env:test]"));
    story->request.header.policy.irreversible_allowed = true;
    story_expect(story, "up 11");
    const struct plan_step *step = &story->plan->targets[0].recipe->steps[0];
    assert_null(step->undo.script);
    assert_string_equal(step->no_way_back, "there is no down script");
}

static void an_engine_without_an_up_script_skips_the_migration(void **state)
{
    struct story *story = *state;

    story->folder.items[1].up[ENGINE_SQLITE] = NULL;
    story_target(story, &nothing_applied);
    story_expect(story, "up 1, up 10");
    story->states[0].engine = ENGINE_MYSQL;
    story_expect(story, "up 1, up 2, up 10");
}

static void a_step_for_another_environment_is_not_pending(void **state)
{
    struct story *story = *state;

    folder_add(&story->folder, "11", "seed", "-- fleet: env=dev\nINSERT INTO users VALUES (1);",
               "DELETE FROM users;");
    story_target(story, folder_applied(&story->folder, 3, "1", "2", "10"));
    story_expect(story, "");
    story->request.header.environment = "dev";
    story_expect(story, "up 11");
}

static void a_skipped_environment_is_not_out_of_order_later(void **state)
{
    struct story *story = *state;

    folder_add(&story->folder, "11", "seed", "-- fleet: env=dev\nINSERT INTO users VALUES (1);",
               "DELETE FROM users;");
    folder_add(&story->folder, "12", "more", "CREATE TABLE more (id INT);", "DROP TABLE more;");
    story_target(story, folder_applied(&story->folder, 4, "1", "2", "10", "12"));
    story_expect(story, "");
}

static void repeatables_run_last_in_the_order_of_names(void **state)
{
    struct story *story = *state;

    folder_add_repeatable(&story->folder, "a_view", "CREATE VIEW a;", "DROP VIEW a;");
    folder_add_repeatable(&story->folder, "b_view", "CREATE VIEW b;", "DROP VIEW b;");
    story_target(story, folder_applied(&story->folder, 2, "1", "2"));
    story_expect(story, "up 10, repeat a_view, repeat b_view");
}

static void repeatables_wait_while_later_versions_stay_pending(void **state)
{
    struct story *story = *state;

    folder_add_repeatable(&story->folder, "a_view", "CREATE VIEW a;", "DROP VIEW a;");
    story_target(story, &nothing_applied);
    story->request.to = "2";
    story_expect(story, "up 1, up 2");
    story->request.to = "10";
    story_expect(story, "up 1, up 2, up 10, repeat a_view");
}

static void a_repeatable_runs_again_only_when_its_bytes_change(void **state)
{
    struct story *story = *state;
    struct applied_set *set = folder_applied(&story->folder, 3, "1", "2", "10");

    folder_add_repeatable(&story->folder, "a_view", "CREATE VIEW a;", "DROP VIEW a;");
    folder_apply_repeatable(&story->folder, set, "a_view", "CREATE VIEW a;");
    story_target(story, set);
    story_expect(story, "");
}

static const struct plan_step *find_earlier(void *context, const struct applied *applied,
                                            enum engine_kind engine)
{
    assert_string_equal(applied->name, "a_view");
    assert_int_equal(engine, ENGINE_SQLITE);
    return context;
}

static void a_replaced_repeatable_is_taken_back_by_its_earlier_bytes(void **state)
{
    struct story *story = *state;
    struct applied_set *set = folder_applied(&story->folder, 3, "1", "2", "10");
    struct plan_script script = {digest_of_text("earlier"), "earlier", 7};
    struct plan_step earlier = {.direction = DIRECTION_REPEAT, .run = {"a_view.sql", &script}};

    folder_add_repeatable(&story->folder, "a_view", "CREATE VIEW a;", "DROP VIEW a;");
    folder_apply_repeatable(&story->folder, set, "a_view", "earlier");
    story_target(story, set);
    story_expect_problem(story, "it replaces an earlier text that is not known here");
    story->request.header.policy.irreversible_allowed = true;
    story_expect(story, "repeat a_view");
    assert_null(story->plan->targets[0].recipe->steps[0].undo.script);
    story->request.source = (struct step_source){find_earlier, &earlier};
    story_expect(story, "repeat a_view");
    assert_string_equal(story->plan->targets[0].recipe->steps[0].undo.script->sql, "earlier");
}

static void a_repeatable_that_left_the_folder_stays(void **state)
{
    struct story *story = *state;
    struct applied_set *set = folder_applied(&story->folder, 3, "1", "2", "10");

    folder_apply_repeatable(&story->folder, set, "gone_view", "CREATE VIEW gone;");
    story_target(story, set);
    story_expect(story, "");
}

static void a_baseline_marks_and_runs_nothing(void **state)
{
    struct story *story = *state;

    story->request.goal = GOAL_BASELINE;
    story->request.to = "2";
    story_target(story, &nothing_applied);
    story_expect(story, "baseline 1, baseline 2");
    const struct plan_step *step = &story->plan->targets[0].recipe->steps[1];
    struct digest source = digest_of_text("CREATE TABLE orders (id INT);");
    assert_null(step->run.script);
    assert_null(step->undo.script);
    assert_true(digest_equal(&step->source_sha256, &source));
    assert_int_equal(story->plan->script_count, 0);
}

static void a_baseline_needs_no_way_back(void **state)
{
    struct story *story = *state;

    story->folder.items[0].down[ENGINE_SQLITE] = NULL;
    story->request.goal = GOAL_BASELINE;
    story_target(story, &nothing_applied);
    story_expect(story, "baseline 1, baseline 2, baseline 10");
}

static void targets_may_have_baselines_of_their_own(void **state)
{
    struct story *story = *state;
    static const char *const versions[] = {"1", "10", NULL, "1"};
    static const size_t steps[] = {1, 3, 2, 1};

    story->request.goal = GOAL_BASELINE;
    story->request.to = "2";
    for (size_t i = 0; i < 4; i++)
        story_target(story, &nothing_applied)->to = versions[i];
    story_expect(story, "baseline 1");
    assert_int_equal(story->plan->recipe_count, 3);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(story->plan->targets[i].recipe->step_count, steps[i]);
    assert_ptr_equal(story->plan->targets[0].recipe, story->plan->targets[3].recipe);
}

static void a_targets_own_version_must_be_known(void **state)
{
    struct story *story = *state;

    story->request.goal = GOAL_BASELINE;
    story_target(story, &nothing_applied)->to = "3";
    story_expect_problem(story, "no migration has version 3");
}

static void a_baseline_over_a_history_is_refused(void **state)
{
    struct story *story = *state;

    story->request.goal = GOAL_BASELINE;
    story_target(story, folder_applied(&story->folder, 1, "1"));
    story_expect_problem(story, "there is a history already");
}

static void a_plan_made_here_can_be_read(void **state)
{
    struct story *story = *state;
    AUTO_BUFFER struct buffer document = {0};
    struct error err = {0};

    folder_add(&story->folder, "11", "empty", "", "");
    folder_add(&story->folder, "12", "purge", "DELETE FROM a; -- fleet\n",
               "-- fleet: irreversible caf\xe9 \x1b[31m\n");
    folder_add_repeatable(&story->folder, "a_view", "CREATE VIEW a AS SELECT '\xff';", NULL);
    story->request.header.policy.irreversible_allowed = true;
    story_target(story, &nothing_applied);
    story_target(story, &nothing_applied)->engine = ENGINE_MYSQL;
    story_plan(story);
    assert_non_null(story->plan);
    plan_write(story->plan, &document);
    AUTO(plan) struct plan *read = plan_read(document.bytes, document.length, &err);
    if (read == NULL)
        print_error("%s\n", err.message);
    assert_non_null(read);
    assert_true(digest_equal(&read->digest, &story->plan->digest));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY_TEST(an_empty_target_gets_everything_in_the_order_of_numbers),
        STORY_TEST(a_target_without_a_set_counts_as_empty),
        STORY_TEST(a_target_at_head_is_not_in_the_plan),
        STORY_TEST(leading_zeros_of_a_version_do_not_matter),
        STORY_TEST(a_step_carries_its_scripts_and_the_head_it_was_planned_from),
        STORY_TEST(to_ends_at_that_version),
        STORY_TEST(an_edited_migration_shows_both_ways_out),
        STORY_TEST(an_applied_migration_that_left_the_folder_is_a_problem),
        STORY_TEST(a_pending_one_below_the_newest_is_out_of_order),
        STORY_TEST(a_late_one_comes_when_it_is_allowed),
        STORY_TEST(a_missing_way_back_is_refused_unless_allowed),
        STORY_TEST(an_engine_without_an_up_script_skips_the_migration),
        STORY_TEST(a_step_for_another_environment_is_not_pending),
        STORY_TEST(a_skipped_environment_is_not_out_of_order_later),
        STORY_TEST(repeatables_run_last_in_the_order_of_names),
        STORY_TEST(repeatables_wait_while_later_versions_stay_pending),
        STORY_TEST(a_repeatable_runs_again_only_when_its_bytes_change),
        STORY_TEST(a_replaced_repeatable_is_taken_back_by_its_earlier_bytes),
        STORY_TEST(a_repeatable_that_left_the_folder_stays),
        STORY_TEST(a_baseline_marks_and_runs_nothing),
        STORY_TEST(a_baseline_needs_no_way_back),
        STORY_TEST(targets_may_have_baselines_of_their_own),
        STORY_TEST(a_targets_own_version_must_be_known),
        STORY_TEST(a_baseline_over_a_history_is_refused),
        STORY_TEST(a_plan_made_here_can_be_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
