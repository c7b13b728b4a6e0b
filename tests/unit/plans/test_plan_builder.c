#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "plan_fixture.h"
#include "plans/plan_builder.h"

static struct plan_step step_running(struct plan_builder *builder, const char *sql)
{
    const struct plan_script *script = plan_builder_script(builder, sql, strlen(sql));

    return (struct plan_step){.version = "1",
                              .name = "a",
                              .run = {"1_a.up.sql", script},
                              .undo = {"1_a.down.sql", script}};
}

static void equal_scripts_and_recipes_are_kept_once(void **state)
{
    (void)state;
    AUTO(plan_builder) struct plan_builder *builder = plan_builder_new();
    struct plan_step first = step_running(builder, "SELECT 1");
    struct plan_step second = step_running(builder, "SELECT 1");

    assert_ptr_equal(first.run.script, second.run.script);
    assert_ptr_equal(plan_builder_recipe(builder, ENGINE_SQLITE, &first, 1),
                     plan_builder_recipe(builder, ENGINE_SQLITE, &second, 1));
    assert_ptr_not_equal(plan_builder_recipe(builder, ENGINE_SQLITE, &first, 1),
                         plan_builder_recipe(builder, ENGINE_MYSQL, &first, 1));
}

static void a_script_that_no_recipe_uses_stays_out(void **state)
{
    (void)state;
    AUTO(plan_builder) struct plan_builder *builder = plan_builder_new();
    struct plan_step unused = step_running(builder, "SELECT 'secret seed data'");
    struct plan_step used = step_running(builder, "SELECT 1");
    struct plan_target target = {.name = "t", .agent = "local", .engine = ENGINE_SQLITE};
    struct plan_header header = fixture_header();

    assert_non_null(unused.run.script);
    target.recipe = plan_builder_recipe(builder, ENGINE_SQLITE, &used, 1);
    AUTO(plan) struct plan *plan = plan_builder_seal(builder, &header, &target, 1);
    assert_int_equal(plan->script_count, 1);
    assert_string_equal(plan->scripts[0]->sql, "SELECT 1");
}

static void everything_is_sorted_and_targets_keep_their_recipes(void **state)
{
    (void)state;
    AUTO(plan) struct plan *plan = fixture_plan(9);

    for (size_t i = 1; i < plan->script_count; i++)
        assert_true(digest_compare(&plan->scripts[i - 1]->sha256, &plan->scripts[i]->sha256) < 0);
    for (size_t i = 1; i < plan->recipe_count; i++)
        assert_true(digest_compare(&plan->recipes[i - 1].digest, &plan->recipes[i].digest) < 0);
    for (size_t i = 0; i < plan->target_count; i++) {
        assert_int_equal(plan->targets[i].recipe->engine, plan->targets[i].engine);
        assert_in_range(plan->targets[i].recipe - plan->recipes, 0, plan->recipe_count - 1);
        assert_true(i == 0 || strcmp(plan->targets[i - 1].name, plan->targets[i].name) < 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_scripts_and_recipes_are_kept_once),
        cmocka_unit_test(a_script_that_no_recipe_uses_stays_out),
        cmocka_unit_test(everything_is_sorted_and_targets_keep_their_recipes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
