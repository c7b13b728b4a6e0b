#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "planner_story.h"

/* An earlier plan's steps: each migration's down is "undo VERSION". */
struct past {
    struct plan_script scripts[2];
    struct plan_step step;
    char down[32];
    const char *unknown; /* a version whose plan is not known */
    const char *one_way; /* a version whose step has no way back */
    enum direction direction;
};

static const struct plan_step *find_past(void *context, const struct applied *applied,
                                         enum engine_kind engine)
{
    struct past *past = context;

    assert_int_equal(engine, ENGINE_SQLITE);
    if (past->unknown != NULL && strcmp(applied->version, past->unknown) == 0)
        return NULL;
    strcpy(past->down, "undo ");
    strcat(past->down, applied->version);
    past->scripts[0] = (struct plan_script){digest_of_text("redo"), "redo", 4};
    past->scripts[1] =
        (struct plan_script){digest_of_text(past->down), past->down, strlen(past->down)};
    past->step = (struct plan_step){.direction = past->direction,
                                    .run = {"up.sql", &past->scripts[0]},
                                    .undo = {"down.sql", &past->scripts[1]}};
    if (past->direction == DIRECTION_DOWN) {
        past->step.run.script = &past->scripts[1];
        past->step.undo.script = &past->scripts[0];
    }
    if (past->one_way != NULL && strcmp(applied->version, past->one_way) == 0) {
        past->step.undo = (struct plan_part){0};
        past->step.no_way_back = "it says that it is irreversible: lost";
    }
    return &past->step;
}

static void go_down(struct story *story, struct past *past, const char *to)
{
    story->request.goal = GOAL_DOWN_TO;
    story->request.to = to;
    story->request.source = (struct step_source){find_past, past};
}

static void the_newest_goes_first_until_the_version_is_the_newest(void **state)
{
    struct story *story = *state;
    struct past past = {0};

    go_down(story, &past, "1");
    story_target(story, folder_applied(&story->folder, 3, "1", "2", "10"));
    story_expect(story, "down 10, down 2");
}

/* Going up, it comes to its end first; its neighbour of the same applied set goes up at once. */
static void a_way_back_that_was_cut_off_is_finished_before_anything_goes_up(void **state)
{
    struct story *story = *state;
    struct past past = {0};
    struct applied_set *set = folder_applied(&story->folder, 2, "1", "2");

    story->request.source = (struct step_source){find_past, &past};
    story_target(story, set)->going_back = true;
    story_target(story, set);
    story_plan(story);
    assert_int_equal(story->plan->recipe_count, 2);
    const struct plan_recipe *back = story->plan->targets[0].recipe;
    assert_int_equal(back->step_count, 1);
    assert_string_equal(back->steps[0].version, "2");
    assert_int_equal(back->steps[0].direction, DIRECTION_DOWN);
    const struct plan_recipe *up = story->plan->targets[1].recipe;
    assert_string_equal(up->steps[0].version, "10");
    assert_int_equal(up->steps[0].direction, DIRECTION_UP);
}

static void a_way_back_whose_script_is_not_known_is_left_to_an_operator(void **state)
{
    struct story *story = *state;
    struct past past = {.unknown = "2"};

    story->request.source = (struct step_source){find_past, &past};
    story_target(story, folder_applied(&story->folder, 2, "1", "2"))->going_back = true;
    story_plan(story);
    assert_string_equal(story->plan->targets[0].recipe->steps[0].version, "10");
}

static void zero_goes_back_to_nothing(void **state)
{
    struct story *story = *state;
    struct past past = {0};

    go_down(story, &past, "0");
    story_target(story, folder_applied(&story->folder, 2, "1", "2"));
    story_target(story, &nothing_applied);
    story_expect(story, "down 2, down 1");
    assert_int_equal(story->plan->target_count, 1);
}

static void the_order_is_that_of_application_not_of_numbers(void **state)
{
    struct story *story = *state;
    struct past past = {0};

    go_down(story, &past, "1");
    story_target(story, folder_applied(&story->folder, 3, "1", "10", "2"));
    story_expect(story, "down 2, down 10");
}

static void a_target_that_never_had_the_version_goes_below_it(void **state)
{
    struct story *story = *state;
    struct past past = {0};

    go_down(story, &past, "2");
    story_target(story, folder_applied(&story->folder, 2, "1", "10"));
    story_target(story, folder_applied(&story->folder, 1, "1"));
    story_expect(story, "down 10");
    assert_int_equal(story->plan->target_count, 1);
}

static void steps_count_from_the_newest(void **state)
{
    struct story *story = *state;
    struct past past = {0};

    go_down(story, &past, NULL);
    story->request.goal = GOAL_DOWN_STEPS;
    story->request.steps = 2;
    story_target(story, folder_applied(&story->folder, 3, "1", "2", "10"));
    story_expect(story, "down 10, down 2");
    story->request.steps = 9;
    story_expect(story, "down 10, down 2, down 1");
}

static void the_scripts_are_those_of_the_plan_that_applied_it(void **state)
{
    struct story *story = *state;
    struct past past = {0};

    go_down(story, &past, "2");
    story_target(story, folder_applied(&story->folder, 3, "1", "2", "10"));
    story->folder.items[2].down[ENGINE_SQLITE] = NULL;
    story_plan(story);
    const struct plan_step *step = &story->plan->targets[0].recipe->steps[0];
    struct digest source = digest_of_text("CREATE TABLE items (id INT);");
    assert_string_equal(step->run.script->sql, "undo 10");
    assert_string_equal(step->undo.script->sql, "redo");
    assert_true(digest_equal(&step->source_sha256, &source));
}

static void what_a_failed_rollback_brought_again_can_go_down(void **state)
{
    struct story *story = *state;
    struct past past = {.direction = DIRECTION_DOWN};

    go_down(story, &past, "2");
    story_target(story, folder_applied(&story->folder, 3, "1", "2", "10"));
    story_expect(story, "down 10");
    const struct plan_step *step = &story->plan->targets[0].recipe->steps[0];
    assert_string_equal(step->run.script->sql, "undo 10");
    assert_string_equal(step->undo.script->sql, "redo");
}

static void repeatables_stay_when_versions_go(void **state)
{
    struct story *story = *state;
    struct applied_set *set = folder_applied(&story->folder, 1, "1");
    struct past past = {0};

    go_down(story, &past, "0");
    folder_apply_repeatable(&story->folder, set, "a_view", "CREATE VIEW a;");
    story_target(story, set);
    story_expect(story, "down 1");
}

static void a_baseline_cannot_be_taken_back(void **state)
{
    struct story *story = *state;
    struct applied_set *set = folder_applied(&story->folder, 2, "1", "2");
    struct past past = {0};

    ((struct applied *)(uintptr_t)set->items)[0].baseline = true;
    go_down(story, &past, "1");
    story_target(story, set);
    story_expect(story, "down 2");
    go_down(story, &past, "0");
    story_expect_problem(story, "1_users was marked by a baseline");
}

static void an_unknown_plan_says_where_to_look(void **state)
{
    struct story *story = *state;
    struct past past = {.unknown = "2"};

    go_down(story, &past, "1");
    story_target(story, folder_applied(&story->folder, 2, "1", "2"));
    story_expect_problem(story, "that applied it is not known here");
    story->request.source = (struct step_source){0};
    story_expect_problem(story, "that applied it is not known here");
}

static void a_step_without_a_way_back_stays_so_whatever_the_policy(void **state)
{
    struct story *story = *state;
    struct past past = {.one_way = "2"};

    go_down(story, &past, "1");
    story->request.header.policy.irreversible_allowed = true;
    story_target(story, folder_applied(&story->folder, 2, "1", "2"));
    story_expect_problem(story, "2_orders has no way back: it says that it is irreversible: lost");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY_TEST(the_newest_goes_first_until_the_version_is_the_newest),
        STORY_TEST(a_way_back_that_was_cut_off_is_finished_before_anything_goes_up),
        STORY_TEST(a_way_back_whose_script_is_not_known_is_left_to_an_operator),
        STORY_TEST(zero_goes_back_to_nothing),
        STORY_TEST(the_order_is_that_of_application_not_of_numbers),
        STORY_TEST(a_target_that_never_had_the_version_goes_below_it),
        STORY_TEST(steps_count_from_the_newest),
        STORY_TEST(the_scripts_are_those_of_the_plan_that_applied_it),
        STORY_TEST(what_a_failed_rollback_brought_again_can_go_down),
        STORY_TEST(repeatables_stay_when_versions_go),
        STORY_TEST(a_baseline_cannot_be_taken_back),
        STORY_TEST(an_unknown_plan_says_where_to_look),
        STORY_TEST(a_step_without_a_way_back_stays_so_whatever_the_policy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
