#include "planner_story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

int story_open(void **state)
{
    struct story *story = xcalloc(1, sizeof *story);
    struct folder *folder = &story->folder;

    folder_open(folder);
    folder_add(folder, "1", "users", "CREATE TABLE users (id INT);", "DROP TABLE users;");
    folder_add(folder, "2", "orders", "CREATE TABLE orders (id INT);", "DROP TABLE orders;");
    folder_add(folder, "10", "items", "CREATE TABLE items (id INT);", "DROP TABLE items;");
    story->request.header = fixture_header();
    story->request.migrations = &folder->migrations;
    story->request.states = story->states;
    story->problems = diagnostics_new();
    *state = story;
    return 0;
}

int story_close(void **state)
{
    struct story *story = *state;

    plan_free(story->plan);
    diagnostics_free(story->problems);
    folder_close(&story->folder);
    free(story);
    return 0;
}

struct target_state *story_target(struct story *story, const struct applied_set *applied)
{
    size_t number = story->request.state_count++;
    struct target_state *target = &story->states[number];

    *target = (struct target_state){
        .name = arena_printf(story->folder.arena, "t-%zu", number),
        .agent = "local",
        .engine = ENGINE_SQLITE,
        .head = digest_of_text("head"),
        .applied = applied,
    };
    return target;
}

static void describe_steps(struct story *story)
{
    const struct plan_recipe *recipe = story->plan->targets[0].recipe;
    size_t used = 0;

    for (size_t i = 0; i < recipe->step_count; i++) {
        const struct plan_step *step = &recipe->steps[i];

        used += (size_t)snprintf(story->steps + used, sizeof story->steps - used, "%s%s %s",
                                 i > 0 ? ", " : "", direction_name(step->direction),
                                 step->version[0] != '\0' ? step->version : step->name);
    }
}

void story_plan(struct story *story)
{
    plan_free(story->plan);
    diagnostics_free(story->problems);
    story->problems = diagnostics_new();
    story->steps[0] = '\0';
    story->plan = planner_plan(&story->request, story->problems);
    assert_true((story->plan == NULL) == (diagnostics_count(story->problems) > 0));
    if (story->plan != NULL && story->plan->target_count > 0)
        describe_steps(story);
}

void story_expect(struct story *story, const char *steps)
{
    story_plan(story);
    for (size_t i = 0; i < diagnostics_count(story->problems); i++)
        print_error("%s\n", diagnostics_at(story->problems, i)->message);
    assert_non_null(story->plan);
    assert_string_equal(story->steps, steps);
}

void story_expect_problem(struct story *story, const char *words)
{
    story_plan(story);
    assert_int_equal(diagnostics_count(story->problems), 1);
    const struct error *problem = diagnostics_at(story->problems, 0);
    if (strstr(problem->message, words) == NULL)
        print_error("\"%s\" lacks \"%s\"\n", problem->message, words);
    assert_non_null(strstr(problem->message, words));
}
