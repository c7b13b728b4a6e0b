/* Who may look at a part that stopped inside, and with which plan. */
#include <string.h>

#include "agency.h"
#include "agents/engine.h"
#include "directory.h"

/* The second statement fails, and no pair takes the first one back. */
#define BREAKING "-- fleet: no-transaction\nCREATE TABLE t (a);\nINSERT INTO missing VALUES (1);"

static void examine(struct agency *agency, size_t count)
{
    size_t targets[TARGETS];

    for (size_t i = 0; i < count; i++)
        targets[i] = i;
    agency_forget(agency);
    AUTO(json) json_t *slice = slice_encode(agency->plan, targets, count);
    const struct examine_request request = {.slice = slice};
    service_examine(agency->service, &request, agency_listen, agency);
}

static void stop_inside(struct agency *agency)
{
    agency_open(agency);
    agency_plan(agency, BREAKING, ENGINE_SQLITE);
    agency_sign(agency);
    agency_run(agency, 1);
    assert_non_null(strstr(buffer_text(&agency->story), "a needs_operator"));
}

static void the_plan_that_began_it_tells_where_it_stopped(void **state)
{
    (void)state;
    struct agency agency;

    stop_inside(&agency);
    examine(&agency, 2);
    assert_non_null(strstr(buffer_text(&agency.story), "a stands at 2"));
    assert_non_null(strstr(buffer_text(&agency.story), "b unreadable"));
    assert_non_null(strstr(buffer_text(&agency.story), "end"));
    agency_close(&agency);
}

static void a_plan_that_is_over_may_still_be_looked_with(void **state)
{
    (void)state;
    struct agency agency;

    stop_inside(&agency);
    agency.now_ms = FINISH_BY_MS + 1;
    examine(&agency, 1);
    assert_string_equal(buffer_text(&agency.story), "a stands at 2, end");
    agency_close(&agency);
}

/* Its probes would run on the target. */
static void a_plan_that_nobody_signed_runs_no_probe(void **state)
{
    (void)state;
    struct agency agency;

    stop_inside(&agency);
    agency.targets[0].approvals = 1;
    agency_plan(&agency, BREAKING, ENGINE_SQLITE);
    examine(&agency, 1);
    assert_string_equal(buffer_text(&agency.story), "error");
    assert_int_equal(agency.error.code, ERROR_VERIFY);
    agency_close(&agency);
}

static void another_plan_than_began_it_is_of_no_use(void **state)
{
    (void)state;
    struct agency agency;

    stop_inside(&agency);
    agency_good_plan(&agency);
    examine(&agency, 1);
    assert_string_equal(buffer_text(&agency.story), "a unreadable, end");
    assert_int_equal(agency.error.code, ERROR_STALE);
    agency_close(&agency);
}

static void a_plan_for_another_engine_is_refused(void **state)
{
    (void)state;
    struct agency agency;

    stop_inside(&agency);
    agency_plan(&agency, BREAKING, ENGINE_MYSQL);
    agency_sign(&agency);
    examine(&agency, 1);
    assert_string_equal(buffer_text(&agency.story), "a unreadable, end");
    assert_int_equal(agency.error.code, ERROR_VERIFY);
    agency_close(&agency);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_NEW_DIRECTORY(the_plan_that_began_it_tells_where_it_stopped),
        IN_NEW_DIRECTORY(a_plan_that_is_over_may_still_be_looked_with),
        IN_NEW_DIRECTORY(a_plan_that_nobody_signed_runs_no_probe),
        IN_NEW_DIRECTORY(another_plan_than_began_it_is_of_no_use),
        IN_NEW_DIRECTORY(a_plan_for_another_engine_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
