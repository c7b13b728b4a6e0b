/* planner_story - a request to the planner in a few lines, and what came of it. */
#ifndef TEST_PLANNER_STORY_H
#define TEST_PLANNER_STORY_H

#include "plan_fixture.h"

struct story {
    struct folder folder;
    struct plan_request request;
    struct target_state states[8];
    struct plan *plan; /* NULL if there were problems */
    struct diagnostics *problems;
    char steps[256]; /* of the first target: "up 1, repeat names" */
};

/* For cmocka: a folder with 1_users, 2_orders and 10_items, all with ways back. */
int story_open(void **state);
int story_close(void **state);
#define STORY_TEST(test) cmocka_unit_test_setup_teardown(test, story_open, story_close)

/* A SQLite target t-0, t-1 … with what is applied there. */
struct target_state *story_target(struct story *story, const struct applied_set *applied);

/* Plans; afterwards plan, problems and steps say what came of it. */
void story_plan(struct story *story);

/* Plans, and asserts the first target's steps; "" for no target at all. */
void story_expect(struct story *story, const char *steps);

/* Plans, and asserts that there is just one problem, with these words in it. */
void story_expect_problem(struct story *story, const char *words);

#endif
