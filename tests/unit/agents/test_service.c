#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>

#include "agency.h"
#include "directory.h"

static void a_set_is_told_once_before_the_first_target_that_has_it(void **state)
{
    (void)state;
    struct agency agency;
    static const char *const one[] = {"c"};

    agency_open(&agency);
    agency_good_plan(&agency);
    agency_run(&agency, 1);
    agency_status(&agency, NULL, 0);
    const char *story = buffer_text(&agency.story);
    const char *none = strstr(story, "set of 0");
    assert_true(none != NULL && strstr(none + 1, "set of 0") == NULL);
    assert_true(none < strstr(story, "b read") && none < strstr(story, "c read"));
    assert_true(strstr(story, "set of 1") < strstr(story, "a read"));
    assert_non_null(strstr(story, "end"));
    agency_status(&agency, one, 1);
    assert_string_equal(buffer_text(&agency.story), "set of 0, c read, end");
    agency_close(&agency);
}

static void one_unreadable_target_does_not_hide_the_others(void **state)
{
    (void)state;
    struct agency agency;
    static const char *const names[] = {"a", "b"};

    agency_open(&agency);
    agency.targets[0].url = "sqlite:nowhere/a.db";
    agency_status(&agency, names, 2);
    assert_non_null(strstr(buffer_text(&agency.story), "a unreadable"));
    assert_non_null(strstr(buffer_text(&agency.story), "b read"));
    assert_string_equal(agency.error.target, "a");
    agency_close(&agency);
}

static void another_tools_history_comes_before_the_status(void **state)
{
    (void)state;
    struct agency agency;
    static const char *const names[] = {"a", "z"};
    static const struct foreign_request foreign = {.tool = FOREIGN_GOOSE, .table = ""};
    const struct status_request request = {
        .targets = names, .target_count = 1, .foreign = &foreign};
    const struct status_request of_another = {
        .targets = names + 1, .target_count = 1, .foreign = &foreign};

    agency_open(&agency);
    service_status(agency.service, &request, agency_listen, &agency);
    assert_string_equal(buffer_text(&agency.story), "a came without 0, set of 0, a read, end");
    agency_forget(&agency);
    service_status(agency.service, &of_another, agency_listen, &agency);
    assert_string_equal(buffer_text(&agency.story), "z unreadable, end");
    agency_close(&agency);
}

static void a_target_of_somebody_else_is_not_read(void **state)
{
    (void)state;
    struct agency agency;
    static const char *const names[] = {"z"};

    agency_open(&agency);
    agency_status(&agency, names, 1);
    assert_string_equal(buffer_text(&agency.story), "z unreadable, end");
    assert_int_equal(agency.error.code, ERROR_IDENTITY);
    agency_close(&agency);
}

static void a_run_applies_its_slice_and_its_history_tells_it(void **state)
{
    (void)state;
    struct agency agency;
    static const char *const names[] = {"a"};
    const struct status_request request = {.targets = names, .target_count = 1};

    agency_open(&agency);
    agency_good_plan(&agency);
    agency_run(&agency, 2);
    assert_string_equal(buffer_text(&agency.story),
                        "accepted, a started, a applied, b started, b applied, end");
    agency_forget(&agency);
    service_history(agency.service, &request, agency_listen, &agency);
    assert_string_equal(buffer_text(&agency.story), "a has 1 rows, end");
    agency_close(&agency);
}

static void a_schema_is_told_as_lines(void **state)
{
    (void)state;
    struct agency agency;
    static const char *const names[] = {"a"};
    const struct status_request request = {.targets = names, .target_count = 1};

    agency_open(&agency);
    service_schema(agency.service, &request, agency_listen, &agency);
    assert_string_equal(buffer_text(&agency.story), "a is: , end");
    agency_good_plan(&agency);
    agency_run(&agency, 2);
    agency_forget(&agency);
    service_schema(agency.service, &request, agency_listen, &agency);
    assert_string_equal(buffer_text(&agency.story), "a is: table t a\ntable t\n, end");
    agency_close(&agency);
}

static void a_failed_target_does_not_stop_the_others(void **state)
{
    (void)state;
    struct agency agency;

    agency_open(&agency);
    agency.targets[0].url = "sqlite:nowhere/a.db";
    agency_good_plan(&agency);
    agency_run(&agency, 2);
    assert_string_equal(buffer_text(&agency.story),
                        "accepted, a refused, b started, b applied, end");
    agency_close(&agency);
}

static void expect_job_refused(struct agency *agency, enum error_code code)
{
    agency_run(agency, 1);
    assert_string_equal(buffer_text(&agency->story), "accepted, a refused, end");
    assert_int_equal(agency->error.code, code);
    assert_string_equal(agency->error.target, "a");
}

static void the_strictest_target_decides_how_many_must_have_signed(void **state)
{
    (void)state;
    struct agency agency;

    agency_open(&agency);
    agency.targets[1].approvals = 1;
    agency_plan(&agency, "CREATE TABLE t (a);", ENGINE_SQLITE);
    agency_run(&agency, 2);
    assert_string_equal(buffer_text(&agency.story), "error");
    assert_int_equal(agency.error.code, ERROR_VERIFY);
    agency_sign(&agency);
    agency_run(&agency, 2);
    assert_non_null(strstr(buffer_text(&agency.story), "b applied"));
    agency_close(&agency);
}

static void keys_that_are_trusted_no_more_do_not_count(void **state)
{
    (void)state;
    struct agency agency;

    agency_open(&agency);
    agency.targets[0].approvals = 1;
    agency_good_plan(&agency);
    service_trust(agency.service, NULL, 0);
    agency_expect_refused(&agency, ERROR_VERIFY);
    service_trust(agency.service, &agency.trusted, 1);
    agency_run(&agency, 1);
    assert_non_null(strstr(buffer_text(&agency.story), "a applied"));
    agency_close(&agency);
}

static void a_plan_for_another_agent_environment_or_engine_is_refused(void **state)
{
    (void)state;
    struct agency agency;

    agency_open(&agency);
    agency.agent = "db-2";
    agency_good_plan(&agency);
    expect_job_refused(&agency, ERROR_IDENTITY);
    agency.agent = "db-1";
    agency.environment = "prod";
    agency_good_plan(&agency);
    expect_job_refused(&agency, ERROR_VERIFY);
    agency.environment = "test";
    agency_plan(&agency, "CREATE TABLE t (a int);", ENGINE_MYSQL);
    expect_job_refused(&agency, ERROR_VERIFY);
    agency_close(&agency);
}

static void a_target_that_the_agent_does_not_own_is_refused(void **state)
{
    (void)state;
    struct agency agency;
    struct error err = {0};

    agency_open(&agency);
    agency_good_plan(&agency);
    service_free(agency.service);
    agency.settings.targets++;
    agency.settings.target_count--;
    agency.service = service_new(&agency.settings, &err);
    expect_job_refused(&agency, ERROR_IDENTITY);
    agency_close(&agency);
}

static void a_plan_of_another_fleet_is_refused(void **state)
{
    (void)state;
    struct agency agency;
    struct error err = {0};

    agency_open(&agency);
    agency_good_plan(&agency);
    service_free(agency.service);
    agency.settings.fleet = "bank";
    agency.service = service_new(&agency.settings, &err);
    agency_expect_refused(&agency, ERROR_VERIFY);
    agency_close(&agency);
}

static void a_changed_byte_in_a_slice_is_refused(void **state)
{
    (void)state;
    struct agency agency;
    const size_t chosen[] = {0};

    agency_open(&agency);
    agency_good_plan(&agency);
    AUTO(json) json_t *slice = slice_encode(agency.plan, chosen, 1);
    AUTO(text) char *bytes = json_dumps(slice, JSON_COMPACT);
    char *place = strstr(bytes, "CREATE TABLE t");
    assert_non_null(place);
    place[13] = 'u';
    AUTO(json) json_t *changed = json_loads(bytes, 0, NULL);
    const struct run_request request = {
        .store = STORE, .rollout = ROLLOUT, .epoch = 1, .max_parallel = 1, .slice = changed};
    service_run(agency.service, &request, "ann", agency_listen, &agency);
    assert_string_equal(buffer_text(&agency.story), "error");
    agency_close(&agency);
}

static void an_expired_plan_goes_on_only_where_it_was_accepted_in_time(void **state)
{
    (void)state;
    struct agency agency;

    agency_open(&agency);
    agency_good_plan(&agency);
    agency.now_ms = EXPIRES_MS + 1;
    agency_expect_refused(&agency, ERROR_VERIFY);
    agency.now_ms = EXPIRES_MS;
    agency_run(&agency, 1);
    assert_non_null(strstr(buffer_text(&agency.story), "a applied"));
    agency.now_ms = EXPIRES_MS + 1;
    agency_forget(&agency);
    agency_run_from(&agency, 1, 1, &agency);
    assert_non_null(strstr(buffer_text(&agency.story), "b applied"));
    agency.now_ms = FINISH_BY_MS + 1;
    agency_forget(&agency);
    agency_run_from(&agency, 2, 1, &agency);
    assert_string_equal(buffer_text(&agency.story), "error");
    agency_close(&agency);
}

static void stop_at_the_first_start(struct agency *agency, const struct reply *reply)
{
    if (reply->kind == REPLY_EVENT && reply->event.job == JOB_STARTED &&
        reply->event.kind == RUN_JOB)
        service_stop(agency->service, ROLLOUT);
}

static void take_back(struct agency *agency)
{
    static const size_t first[] = {0};
    AUTO(json) json_t *slice = slice_encode(agency->plan, first, 1);
    const struct run_request request = {.store = STORE,
                                        .rollout = "00000000000000000000000000000009",
                                        .epoch = 2,
                                        .max_parallel = 1,
                                        .back = true,
                                        .slice = slice};

    agency_forget(agency);
    service_run(agency->service, &request, "ann", agency_listen, agency);
}

static void a_plan_is_taken_back_until_its_own_limit(void **state)
{
    (void)state;
    struct agency agency;

    agency_open(&agency);
    agency_good_plan(&agency);
    agency_run(&agency, 1);
    agency.now_ms = ROLLBACK_UNTIL_MS + 1;
    take_back(&agency);
    assert_string_equal(buffer_text(&agency.story), "error");
    assert_int_equal(agency.error.code, ERROR_VERIFY);
    agency.now_ms = ROLLBACK_UNTIL_MS;
    take_back(&agency);
    assert_string_equal(buffer_text(&agency.story), "accepted, a started, a rolled_back, end");
    agency_close(&agency);
}

static void a_stopped_rollout_finishes_what_runs_and_begins_nothing_more(void **state)
{
    (void)state;
    struct agency agency;

    agency_open(&agency);
    agency_good_plan(&agency);
    agency.on_reply = stop_at_the_first_start;
    agency_run(&agency, 3);
    assert_string_equal(buffer_text(&agency.story),
                        "accepted, a started, a applied, b skipped, c skipped, end");
    agency.on_reply = NULL;
    agency_forget(&agency);
    agency_run_from(&agency, 1, 1, &agency);
    assert_string_equal(buffer_text(&agency.story), "accepted, b skipped, end");
    agency_close(&agency);
}

static void after_stopping_all_no_job_begins(void **state)
{
    (void)state;
    struct agency agency;

    agency_open(&agency);
    agency_good_plan(&agency);
    service_stop_all(agency.service);
    agency_run(&agency, 2);
    assert_string_equal(buffer_text(&agency.story), "accepted, a skipped, b skipped, end");
    agency_close(&agency);
}

static void close_the_window_at_the_first_start(struct agency *agency, const struct reply *reply)
{
    if (reply->kind == REPLY_EVENT && reply->event.job == JOB_STARTED &&
        reply->event.kind == RUN_JOB)
        agency->now_ms = 1800 * 1000;
}

static void outside_the_plan_s_window_no_job_begins_but_ways_back_do(void **state)
{
    (void)state;
    struct agency agency;

    agency_open(&agency);
    agency.window = "Thu 00:00-00:30 UTC"; /* as 1970 began */
    agency_good_plan(&agency);
    agency.on_reply = close_the_window_at_the_first_start;
    agency_run(&agency, 3);
    assert_string_equal(buffer_text(&agency.story),
                        "accepted, a started, a applied, b skipped, c skipped, end");
    assert_non_null(strstr(agency.error.message, "it opens Thu 1970-01-08 00:00"));
    agency.on_reply = NULL;
    take_back(&agency);
    assert_string_equal(buffer_text(&agency.story), "accepted, a started, a rolled_back, end");
    agency_close(&agency);
}

static void a_window_that_the_agent_cannot_tell_refuses_its_jobs(void **state)
{
    (void)state;
    struct agency agency;

    agency_open(&agency);
    agency.window = "Thu 00:00-24:00 Europe/Atlantis";
    agency_good_plan(&agency);
    agency_run(&agency, 1);
    assert_string_equal(buffer_text(&agency.story), "accepted, a refused, end");
    assert_int_equal(agency.error.code, ERROR_CONFIG);
    agency_close(&agency);
}

/* Another request for the same target, from another thread, while the first holds it. */
struct rival {
    struct agency *agency;
    struct agency heard;
};

static void *run_rival(void *context)
{
    struct rival *rival = context;

    agency_run_from(rival->agency, 0, 1, &rival->heard);
    return NULL;
}

static void let_the_rival_try(struct agency *agency, const struct reply *reply)
{
    pthread_t thread;

    if (reply->kind != REPLY_EVENT || reply->event.job != JOB_STARTED ||
        reply->event.kind != RUN_JOB)
        return;
    assert_int_equal(pthread_create(&thread, NULL, run_rival, agency->rival), 0);
    pthread_join(thread, NULL);
}

static void one_target_is_one_runs_at_a_time(void **state)
{
    (void)state;
    struct agency agency;
    struct rival rival = {.agency = &agency};
    struct agency first = {.on_reply = let_the_rival_try, .rival = &rival};

    agency_open(&agency);
    agency_good_plan(&agency);
    agency_run_from(&agency, 0, 1, &first);
    assert_string_equal(buffer_text(&first.story), "accepted, a started, a applied, end");
    assert_string_equal(buffer_text(&rival.heard.story), "accepted, a refused, end");
    assert_int_equal(rival.heard.error.code, ERROR_LOCKED);
    buffer_free(&first.story);
    buffer_free(&rival.heard.story);
    agency_close(&agency);
}

static void a_target_that_is_there_twice_is_an_error(void **state)
{
    (void)state;
    struct agency agency;
    struct error err = {0};

    agency_open(&agency);
    agency.targets[3].name = "a";
    assert_null(service_new(&agency.settings, &err));
    assert_int_equal(err.code, ERROR_CONFIG);
    agency.targets[3].name = "d";
    agency_close(&agency);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_NEW_DIRECTORY(a_set_is_told_once_before_the_first_target_that_has_it),
        IN_NEW_DIRECTORY(one_unreadable_target_does_not_hide_the_others),
        IN_NEW_DIRECTORY(another_tools_history_comes_before_the_status),
        IN_NEW_DIRECTORY(a_target_of_somebody_else_is_not_read),
        IN_NEW_DIRECTORY(a_run_applies_its_slice_and_its_history_tells_it),
        IN_NEW_DIRECTORY(a_schema_is_told_as_lines),
        IN_NEW_DIRECTORY(a_failed_target_does_not_stop_the_others),
        IN_NEW_DIRECTORY(the_strictest_target_decides_how_many_must_have_signed),
        IN_NEW_DIRECTORY(keys_that_are_trusted_no_more_do_not_count),
        IN_NEW_DIRECTORY(a_plan_for_another_agent_environment_or_engine_is_refused),
        IN_NEW_DIRECTORY(a_target_that_the_agent_does_not_own_is_refused),
        IN_NEW_DIRECTORY(a_plan_of_another_fleet_is_refused),
        IN_NEW_DIRECTORY(a_changed_byte_in_a_slice_is_refused),
        IN_NEW_DIRECTORY(an_expired_plan_goes_on_only_where_it_was_accepted_in_time),
        IN_NEW_DIRECTORY(a_plan_is_taken_back_until_its_own_limit),
        IN_NEW_DIRECTORY(a_stopped_rollout_finishes_what_runs_and_begins_nothing_more),
        IN_NEW_DIRECTORY(after_stopping_all_no_job_begins),
        IN_NEW_DIRECTORY(outside_the_plan_s_window_no_job_begins_but_ways_back_do),
        IN_NEW_DIRECTORY(a_window_that_the_agent_cannot_tell_refuses_its_jobs),
        IN_NEW_DIRECTORY(one_target_is_one_runs_at_a_time),
        IN_NEW_DIRECTORY(a_target_that_is_there_twice_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
