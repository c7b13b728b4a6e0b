#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "common/memory.h"
#include "planner_story.h"
#include "plans/promotion.h"

/* A plan for the environment prod, which requires test, and what the targets of test have. */
struct trial {
    struct story *story;
    struct witness witnesses[4];
    struct history_row rows[4][16];
    size_t count;
    struct diagnostics *missing;
};

static void trial_begin(struct trial *trial, struct story *story)
{
    *trial = (struct trial){.story = story, .missing = diagnostics_new()};
    story->request.header.environment = "prod";
    story_target(story, &nothing_applied);
}

static size_t add_witness(struct trial *trial, const char *name, enum engine_kind engine)
{
    trial->witnesses[trial->count] =
        (struct witness){.name = name, .engine = engine, .rows = trial->rows[trial->count]};
    return trial->count++;
}

static struct history_row *add_row(struct trial *trial, size_t witness, const char *version,
                                   const char *name, const char *sql, enum direction direction)
{
    struct history_row *row = &trial->rows[witness][trial->witnesses[witness].count++];

    *row = (struct history_row){.version = version,
                                .name = name,
                                .part = 1,
                                .parts = 1,
                                .direction = direction,
                                .source_sha256 = digest_of_text(sql),
                                .rendered_sha256 = digest_of_text(sql)};
    return row;
}

/* All three of the story's, as its folder has them. */
static void run_all(struct trial *trial, size_t witness)
{
    add_row(trial, witness, "1", "users", "CREATE TABLE users (id INT);", DIRECTION_UP);
    add_row(trial, witness, "2", "orders", "CREATE TABLE orders (id INT);", DIRECTION_UP);
    add_row(trial, witness, "10", "items", "CREATE TABLE items (id INT);", DIRECTION_UP);
}

static void trial_check(struct trial *trial)
{
    story_plan(trial->story);
    assert_non_null(trial->story->plan);
    promotion_check(trial->story->plan, "test", trial->story->request.migrations, trial->witnesses,
                    trial->count, trial->missing);
}

static void trial_end(struct trial *trial)
{
    diagnostics_free(trial->missing);
}

static void expect_nothing_missing(struct trial *trial)
{
    trial_check(trial);
    assert_int_equal(diagnostics_count(trial->missing), 0);
    trial_end(trial);
}

static void expect_missing(struct trial *trial, const char *words)
{
    trial_check(trial);
    assert_int_equal(diagnostics_count(trial->missing), 1);
    assert_string_equal(diagnostics_at(trial->missing, 0)->message, words);
    trial_end(trial);
}

static void what_ran_on_all_of_the_required_may_go_on(void **state)
{
    struct trial trial;

    trial_begin(&trial, *state);
    run_all(&trial, add_witness(&trial, "a", ENGINE_SQLITE));
    run_all(&trial, add_witness(&trial, "b", ENGINE_SQLITE));
    expect_nothing_missing(&trial);
}

static void what_some_target_lacks_is_named_once(void **state)
{
    struct trial trial;

    trial_begin(&trial, *state);
    run_all(&trial, add_witness(&trial, "a", ENGINE_SQLITE));
    for (int i = 0; i < 2; i++) {
        run_all(&trial, add_witness(&trial, i == 0 ? "b" : "c", ENGINE_SQLITE));
        trial.witnesses[trial.count - 1].count--;
    }
    expect_missing(&trial, "environment prod requires test, and 10_items is not applied there "
                           "(2 targets, first b)");
}

static void what_was_taken_back_there_has_not_succeeded(void **state)
{
    struct trial trial;

    trial_begin(&trial, *state);
    run_all(&trial, add_witness(&trial, "a", ENGINE_SQLITE));
    add_row(&trial, 0, "10", "items", "CREATE TABLE items (id INT);", DIRECTION_DOWN);
    expect_missing(&trial,
                   "environment prod requires test, and 10_items is not applied there (target a)");
}

static void what_came_again_after_that_has(void **state)
{
    struct trial trial;

    trial_begin(&trial, *state);
    run_all(&trial, add_witness(&trial, "a", ENGINE_SQLITE));
    add_row(&trial, 0, "10", "items", "CREATE TABLE items (id INT);", DIRECTION_DOWN);
    add_row(&trial, 0, "010", "items", "CREATE TABLE items (id INT);", DIRECTION_UP);
    add_row(&trial, 0, "10", "items", "a person looked", DIRECTION_REPAIR);
    expect_nothing_missing(&trial);
}

static void other_bytes_are_another_migration(void **state)
{
    struct trial trial;

    trial_begin(&trial, *state);
    run_all(&trial, add_witness(&trial, "a", ENGINE_SQLITE));
    trial.rows[0][1].source_sha256 = digest_of_text("CREATE TABLE orders (id BIGINT);");
    expect_missing(&trial, "environment prod requires test, and 2_orders ran there from other "
                           "source bytes (target a)");
}

static void the_same_source_may_have_been_rendered_otherwise(void **state)
{
    struct trial trial;

    trial_begin(&trial, *state);
    run_all(&trial, add_witness(&trial, "a", ENGINE_SQLITE));
    trial.rows[0][1].rendered_sha256 = digest_of_text("CREATE TABLE orders (id BIGINT);");
    expect_missing(&trial, "environment prod requires test, and 2_orders ran there with other "
                           "rendered bytes (target a)");
}

static void a_baseline_is_no_success(void **state)
{
    struct trial trial;

    trial_begin(&trial, *state);
    run_all(&trial, add_witness(&trial, "a", ENGINE_SQLITE));
    trial.rows[0][0].direction = DIRECTION_BASELINE;
    expect_missing(&trial, "environment prod requires test, and 1_users never ran there: a "
                           "baseline only marks it (target a)");
}

static void a_step_that_is_not_whole_there_has_not_succeeded(void **state)
{
    struct trial trial;

    trial_begin(&trial, *state);
    run_all(&trial, add_witness(&trial, "a", ENGINE_SQLITE));
    trial.rows[0][2].parts = 2;
    expect_missing(&trial,
                   "environment prod requires test, and 10_items is not applied there (target a)");
}

static void an_engine_that_nobody_has_there_was_never_tried(void **state)
{
    struct trial trial;

    trial_begin(&trial, *state);
    trial.story->request.to = "1";
    run_all(&trial, add_witness(&trial, "a", ENGINE_MYSQL));
    expect_missing(&trial, "environment prod requires test, and 1_users was never tried on sqlite: "
                           "no target there has that engine");
}

static void a_target_of_another_engine_must_have_its_own_script(void **state)
{
    struct trial trial;

    trial_begin(&trial, *state);
    run_all(&trial, add_witness(&trial, "a", ENGINE_SQLITE));
    run_all(&trial, add_witness(&trial, "b", ENGINE_MYSQL));
    /* 2 has nothing for MySQL, and 10 has not run there. */
    trial.story->folder.items[1].up[ENGINE_MYSQL] = NULL;
    trial.rows[1][1] = trial.rows[1][0];
    trial.witnesses[1].count = 2;
    expect_missing(&trial,
                   "environment prod requires test, and 10_items is not applied there (target b)");
}

static void what_never_runs_in_the_required_environment_need_not(void **state)
{
    struct trial trial;

    trial_begin(&trial, *state);
    run_all(&trial, add_witness(&trial, "a", ENGINE_SQLITE));
    folder_add(&trial.story->folder, "11", "seed", "-- fleet: env=prod\nSELECT 1;", "SELECT 1;");
    expect_nothing_missing(&trial);
}

static void repeatables_must_have_run_as_they_are_now(void **state)
{
    struct trial trial;

    trial_begin(&trial, *state);
    run_all(&trial, add_witness(&trial, "a", ENGINE_SQLITE));
    folder_add_repeatable(&trial.story->folder, "names", "CREATE VIEW names AS SELECT 2;",
                          "DROP VIEW names;");
    add_row(&trial, 0, "", "names", "CREATE VIEW names AS SELECT 1;", DIRECTION_REPEAT);
    expect_missing(&trial, "environment prod requires test, and the repeatable names ran there "
                           "from other source bytes (target a)");
}

static void a_history_that_cannot_be_read_proves_nothing(void **state)
{
    struct trial trial;
    struct error err = {0};

    error_set(&err, ERROR_CONNECT, "connection refused");
    trial_begin(&trial, *state);
    run_all(&trial, add_witness(&trial, "a", ENGINE_SQLITE));
    run_all(&trial, add_witness(&trial, "b", ENGINE_SQLITE));
    trial.witnesses[1].error = &err;
    expect_missing(&trial, "environment prod requires test, whose history cannot be read: "
                           "connection refused (target b)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY_TEST(what_ran_on_all_of_the_required_may_go_on),
        STORY_TEST(what_some_target_lacks_is_named_once),
        STORY_TEST(what_was_taken_back_there_has_not_succeeded),
        STORY_TEST(what_came_again_after_that_has),
        STORY_TEST(other_bytes_are_another_migration),
        STORY_TEST(the_same_source_may_have_been_rendered_otherwise),
        STORY_TEST(a_baseline_is_no_success),
        STORY_TEST(a_step_that_is_not_whole_there_has_not_succeeded),
        STORY_TEST(an_engine_that_nobody_has_there_was_never_tried),
        STORY_TEST(a_target_of_another_engine_must_have_its_own_script),
        STORY_TEST(what_never_runs_in_the_required_environment_need_not),
        STORY_TEST(repeatables_must_have_run_as_they_are_now),
        STORY_TEST(a_history_that_cannot_be_read_proves_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
