#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "plans/plan_policy.h"

/* Thursday, 1970-01-01, 00:16:40 UTC. */
static int64_t wall_ms(const struct clock *clock)
{
    (void)clock;
    return 1000 * 1000;
}

static void jobs_begin_within_the_window_or_without_one(void **state)
{
    (void)state;
    static const struct clock clock = {.wall_ms = wall_ms};
    const struct plan_policy open = {.window = "Thu 00:00-00:30 UTC"};
    const struct plan_policy closed = {.window = "Thu 00:30-01:00 UTC"};
    const struct plan_policy none = {.window = NULL};
    struct error err = {0};

    assert_true(plan_policy_may_begin(&open, &clock, &err));
    assert_true(plan_policy_may_begin(&none, &clock, &err));
    assert_false(plan_policy_may_begin(&closed, &clock, &err));
    assert_int_equal(err.code, ERROR_CANCELLED);
    assert_non_null(strstr(err.message, "opens Thu 1970-01-01 00:30"));
}

static void health_is_a_query_or_nothing(void **state)
{
    (void)state;
    static const char *const good[] = {"SELECT 1", "with x as (select 1) select * from x",
                                       "VALUES (1)", "TABLE t"};
    static const char *const bad[] = {"DELETE FROM t", "selection", " SELECT 1", "-- SELECT", ""};
    struct plan_policy policy = {.health_sql = NULL};
    struct error err = {0};

    assert_false(plan_policy_has_health(&policy));
    assert_null(plan_policy_health(&policy, &err));
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        error_clear(&err);
        policy.health_sql = bad[i];
        assert_null(plan_policy_health(&policy, &err));
        assert_int_equal(err.code, ERROR_VERIFY);
    }
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        policy.health_sql = good[i];
        assert_ptr_equal(plan_policy_health(&policy, &err), good[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jobs_begin_within_the_window_or_without_one),
        cmocka_unit_test(health_is_a_query_or_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
