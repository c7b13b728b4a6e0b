#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "plan_fixture.h"
#include "plans/plan_builder.h"
#include "plans/slice.h"

static const struct repair orders[] = {{REPAIR_DONE, 3, {{1}}},
                                       {REPAIR_UNDONE, 1, {{2}}},
                                       {REPAIR_CONTINUE, 4, {{3}}},
                                       {REPAIR_TAKEN_BACK, 0, {{4}}}};

/* A plan of one step for one target, with the order. */
static struct plan *plan_with(const struct repair *repair, size_t steps)
{
    AUTO(plan_builder) struct plan_builder *builder = plan_builder_new();
    const struct plan_header header = fixture_header();
    const struct plan_script *script = plan_builder_script(builder, "SELECT 1", 8);
    struct plan_step step[2];

    for (size_t i = 0; i < 2; i++)
        step[i] = (struct plan_step){.version = i == 0 ? "1" : "2",
                                     .name = "a",
                                     .direction = DIRECTION_UP,
                                     .run = {"1_a.up.sql", script},
                                     .undo = {"1_a.down.sql", script}};
    const struct plan_target target = {
        .name = "t",
        .agent = "local",
        .engine = ENGINE_SQLITE,
        .recipe = plan_builder_recipe(builder, ENGINE_SQLITE, step, steps),
        .repair = repair,
    };
    return plan_builder_seal(builder, &header, &target, 1);
}

static void each_order_goes_into_the_plan_and_comes_out_of_a_slice(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(orders); i++) {
        AUTO(plan) struct plan *plan = plan_with(&orders[i], 1);
        AUTO_BUFFER struct buffer document = {0};
        struct error err = {0};

        plan_write(plan, &document);
        AUTO(plan) struct plan *again = plan_read(document.bytes, document.length, &err);
        assert_non_null(again);
        AUTO(json) json_t *value = slice_encode(again, (const size_t[]){0}, 1);
        AUTO(slice) struct slice *slice = slice_decode(value, &err);
        assert_non_null(slice);
        const struct repair *found = slice->plan.targets[0].repair;
        assert_int_equal(found->verdict, orders[i].verdict);
        assert_int_equal(found->statement, orders[i].statement);
        assert_true(digest_equal(&found->intents, &orders[i].intents));
        assert_true(digest_equal(&slice->plan.digest, &plan->digest));
    }
}

static void two_orders_are_two_plans(void **state)
{
    (void)state;
    AUTO(plan) struct plan *without = plan_with(NULL, 1);
    AUTO(plan) struct plan *done = plan_with(&orders[0], 1);
    AUTO(plan) struct plan *undone = plan_with(&orders[1], 1);

    assert_false(digest_equal(&without->digest, &done->digest));
    assert_false(digest_equal(&done->digest, &undone->digest));
}

/* The message with which the plan is refused after its bytes were changed. */
static void expect_fault(const struct repair *repair, const char *from, const char *to,
                         const char *fault)
{
    AUTO(plan) struct plan *plan = plan_with(repair, 1);
    AUTO_BUFFER struct buffer document = {0};
    AUTO_BUFFER struct buffer changed = {0};
    struct error err = {0};

    plan_write(plan, &document);
    const char *at = strstr(buffer_text(&document), from);
    assert_non_null(at);
    buffer_append(&changed, document.bytes, (size_t)(at - document.bytes));
    buffer_append_text(&changed, to);
    buffer_append_text(&changed, at + strlen(from));
    assert_null(plan_read(changed.bytes, changed.length, &err));
    if (strstr(err.message, fault) == NULL)
        fail_msg("%s", err.message);
}

static void an_order_that_makes_no_sense_is_refused(void **state)
{
    (void)state;
    expect_fault(&orders[0], "\"done\"", "\"maybe\"", "repair.verdict");
    expect_fault(&orders[0], "\"statement\":3", "\"statement\":0", "repair.statement");
    expect_fault(&orders[3], "\"statement\":0", "\"statement\":1", "repair.statement");
    expect_fault(&orders[0], "\"statement\":3", "\"statement\":-1", "repair.statement");
    expect_fault(&orders[0], "\"statement\":3", "\"statement\":3,\"then\":1", "repair.then");
    expect_fault(&orders[0], "\"statement\":3", "\"statement\":2", "digest does not hold");
    expect_fault(&orders[0], "\"direction\":\"up\"", "\"direction\":\"repair\"", "direction");
}

static void an_order_is_about_one_step(void **state)
{
    (void)state;
    AUTO(plan) struct plan *plan = plan_with(&orders[0], 2);
    AUTO_BUFFER struct buffer document = {0};
    struct error err = {0};

    plan_write(plan, &document);
    assert_null(plan_read(document.bytes, document.length, &err));
    assert_non_null(strstr(err.message, "one step"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_order_goes_into_the_plan_and_comes_out_of_a_slice),
        cmocka_unit_test(two_orders_are_two_plans),
        cmocka_unit_test(an_order_that_makes_no_sense_is_refused),
        cmocka_unit_test(an_order_is_about_one_step),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
