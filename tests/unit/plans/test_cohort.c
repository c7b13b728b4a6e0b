#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "plan_fixture.h"
#include "plans/cohort.h"
#include "plans/plan_builder.h"

/* A plan in which a recipe of each engine and length has so many targets. */
struct crowd {
    enum engine_kind engine;
    size_t steps;
    size_t targets;
};

static struct plan *plan_of(const struct crowd *crowds, size_t count)
{
    AUTO(plan_builder) struct plan_builder *builder = plan_builder_new();
    struct plan_step steps[4] = {{.version = "1", .name = "a", .direction = DIRECTION_BASELINE},
                                 {.version = "2", .name = "b", .direction = DIRECTION_BASELINE},
                                 {.version = "3", .name = "c", .direction = DIRECTION_BASELINE}};
    struct plan_target targets[600];
    struct plan_header header = fixture_header();
    size_t total = 0;

    for (size_t c = 0; c < count; c++) {
        for (size_t i = 0; i < crowds[c].targets; i++, total++)
            targets[total] = (struct plan_target){
                .name = arena_printf(plan_builder_arena(builder), "t-%03zu", total),
                .agent = "local",
                .engine = crowds[c].engine,
                .recipe = plan_builder_recipe(builder, crowds[c].engine, steps, crowds[c].steps),
            };
    }
    return plan_builder_seal(builder, &header, targets, total);
}

static void assert_described(const struct crowd *crowds, size_t count, const char *expected)
{
    AUTO(plan) struct plan *plan = plan_of(crowds, count);
    AUTO_COHORTS struct cohorts cohorts;
    AUTO_BUFFER struct buffer text = {0};

    cohorts_find(plan, &cohorts);
    cohorts_describe(&cohorts, &text);
    assert_string_equal(buffer_text(&text), expected);
}

static void a_plan_is_described_in_a_line(void **state)
{
    (void)state;
    assert_described(
        (struct crowd[]){{ENGINE_SQLITE, 1, 410}, {ENGINE_SQLITE, 2, 1}, {ENGINE_SQLITE, 3, 1}}, 3,
        "412 targets, 3 recipes, 2 outliers");
    assert_described((struct crowd[]){{ENGINE_SQLITE, 1, 1}}, 1, "1 target, 1 recipe");
    assert_described((struct crowd[]){{ENGINE_SQLITE, 1, 8}, {ENGINE_SQLITE, 2, 1}}, 2,
                     "9 targets, 2 recipes, 1 outlier");
    assert_described((struct crowd[]){{ENGINE_SQLITE, 1, 7}, {ENGINE_SQLITE, 2, 1}}, 2,
                     "8 targets, 2 recipes");
    assert_described(NULL, 0, "0 targets, 0 recipes");
}

static void an_engine_of_few_targets_is_no_outlier(void **state)
{
    (void)state;
    assert_described((struct crowd[]){{ENGINE_POSTGRESQL, 1, 300}, {ENGINE_SQLITE, 1, 1}}, 2,
                     "301 targets, 2 recipes");
}

static void the_largest_comes_first_with_its_first_targets(void **state)
{
    (void)state;
    AUTO(plan)
    struct plan *plan = plan_of(
        (struct crowd[]){{ENGINE_SQLITE, 1, 2}, {ENGINE_SQLITE, 2, 40}, {ENGINE_SQLITE, 3, 2}}, 3);
    AUTO_COHORTS struct cohorts cohorts;

    cohorts_find(plan, &cohorts);
    assert_int_equal(cohorts.items[0].target_count, 40);
    assert_int_equal(cohorts.items[0].recipe->step_count, 2);
    assert_string_equal(cohorts.items[0].first[0]->name, "t-002");
    assert_string_equal(cohorts.items[0].first[2]->name, "t-004");
    assert_string_equal(cohorts.items[1].first[0]->name, "t-000");
    assert_string_equal(cohorts.items[2].first[0]->name, "t-042");
    assert_null(cohorts.items[2].first[2]);
    assert_false(cohorts.items[0].is_outlier);
    assert_true(cohorts.items[1].is_outlier);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plan_is_described_in_a_line),
        cmocka_unit_test(an_engine_of_few_targets_is_no_outlier),
        cmocka_unit_test(the_largest_comes_first_with_its_first_targets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
