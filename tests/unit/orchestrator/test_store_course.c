#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "directory.h"
#include "sent.h"

static struct course read_course(struct store *store, struct arena *arena)
{
    struct course course;
    struct error err = {0};

    if (!store_read_course(store, "test", arena, &course, &err))
        fail_msg("%s", err.message);
    return course;
}

static void an_environment_without_a_rollout_has_no_course(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();
    AUTO(store) struct store *store = open_store();
    const struct course course = read_course(store, arena);

    assert_int_equal(course.count, 0);
}

static void a_course_has_all_that_went_on_with_its_first_rollout(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();
    struct error err = {0};
    struct sent sent;
    const struct course_job *jobs;
    size_t count;

    send_plan(&sent);
    const struct wave_record wave = {2, 3, 1};
    assert_true(store_begin_wave(sent.store, &sent.rollout, sent.plan, &wave, &err));
    const struct outcome outcome = {.target = "a",
                                    .subject = "",
                                    .result = "failed_clean",
                                    .code = ERROR_SQL,
                                    .message = "no such table"};
    assert_true(store_record(sent.store, &sent.rollout, sent.plan, &outcome, 1, &err));
    struct rollout_record back = {.operator_name = "ben", .first = sent.rollout.id, .back = true};
    assert_true(store_begin_rollout(sent.store, sent.plan, 0, &back, &err));

    const struct course course = read_course(sent.store, arena);
    assert_int_equal(course.count, 2);
    assert_string_equal(course.terms, "terms");
    assert_int_equal(course.waves_sent, 2);
    assert_true(digest_equal(&course.plan, &sent.plan->digest));
    assert_string_equal(course.rollouts[0].id, sent.rollout.id);
    assert_false(course.rollouts[0].back);
    assert_string_equal(course.rollouts[1].id, back.id);
    assert_true(course.rollouts[1].back);
    assert_string_equal(course.rollouts[1].state, "running");
    assert_string_equal(course.rollouts[1].operator_name, "ben");
    assert_null(course.rollouts[1].ended_at);

    assert_true(store_read_course_jobs(sent.store, sent.rollout.id, arena, &jobs, &count, &err));
    assert_int_equal(count, 2);
    assert_string_equal(jobs[0].state, "failed_clean");
    assert_int_equal(jobs[0].code, ERROR_SQL);
    assert_string_equal(jobs[0].message, "no such table");
    assert_false(jobs[0].back);
    assert_string_equal(jobs[1].state, "dispatched");
    assert_true(jobs[1].back);
    end_sent(&sent);
}

static void a_newer_rollout_begins_a_course_of_its_own(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();
    struct error err = {0};
    struct sent sent;
    struct rollout_record newer = {.operator_name = "ann", .terms = "others"};

    send_plan(&sent);
    assert_true(store_begin_rollout(sent.store, sent.plan, 0, &newer, &err));
    const struct course course = read_course(sent.store, arena);
    assert_int_equal(course.count, 1);
    assert_string_equal(course.terms, "others");
    assert_string_equal(course.rollouts[0].id, newer.id);
    end_sent(&sent);
}

static void a_rollout_of_an_older_release_has_no_terms(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();
    struct error err = {0};
    struct sent sent;

    send_plan(&sent);
    assert_true(database_run(store_database(sent.store), &err, "DELETE FROM course", ""));
    end_sent(&sent);
    AUTO(store) struct store *store = open_store();
    const struct course course = read_course(store, arena);
    assert_int_equal(course.count, 1);
    assert_null(course.terms);
    assert_int_equal(course.waves_sent, 1);
}

static enum rollout_request request_of(struct store *store, const char *rollout)
{
    enum rollout_request request;
    struct error err = {0};

    if (!store_read_request(store, rollout, &request, &err))
        fail_msg("%s", err.message);
    return request;
}

static void what_is_asked_reaches_the_rollout_that_runs(void **state)
{
    (void)state;
    struct error err = {0};
    struct sent sent;

    send_plan(&sent);
    assert_int_equal(request_of(sent.store, sent.rollout.id), REQUEST_NONE);
    assert_false(store_ask(sent.store, "other", REQUEST_PAUSE, "ben", &err));
    assert_int_equal(err.code, ERROR_STALE);
    error_clear(&err);
    assert_true(store_ask(sent.store, "test", REQUEST_PAUSE, "ben", &err));
    assert_int_equal(request_of(sent.store, sent.rollout.id), REQUEST_PAUSE);
    assert_true(store_ask(sent.store, "test", REQUEST_ABORT, "ben", &err));
    assert_int_equal(request_of(sent.store, sent.rollout.id), REQUEST_ABORT);
    const struct rollout_end end = {.result = "aborted"};
    assert_true(store_end_rollout(sent.store, &sent.rollout, sent.plan, &end, &err));
    assert_false(store_ask(sent.store, "test", REQUEST_PAUSE, "ben", &err));
    end_sent(&sent);
}

static void rollouts_are_listed_with_what_they_came_to(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();
    struct error err = {0};
    struct sent sent;
    const struct listed_rollout *listed;
    size_t count;

    send_plan(&sent);
    const struct outcome applied = {
        .target = "a", .subject = "", .result = "applied", .message = ""};
    assert_true(store_record(sent.store, &sent.rollout, sent.plan, &applied, 1, &err));
    struct rollout_record back = {.operator_name = "ben", .first = sent.rollout.id, .back = true};
    assert_true(store_begin_rollout(sent.store, sent.plan, 0, &back, &err));

    assert_true(store_list_rollouts(sent.store, 10, arena, &listed, &count, &err));
    assert_int_equal(count, 2);
    assert_string_equal(listed[0].rollout.id, back.id);
    assert_true(listed[0].rollout.back);
    assert_string_equal(listed[0].first, sent.rollout.id);
    assert_int_equal(listed[0].done, 0);
    assert_int_equal(listed[0].jobs, 1);
    assert_string_equal(listed[1].rollout.id, sent.rollout.id);
    assert_int_equal(listed[1].done, 1);
    assert_string_equal(listed[1].environment, "test");
    assert_true(store_list_rollouts(sent.store, 1, arena, &listed, &count, &err));
    assert_int_equal(count, 1);
    end_sent(&sent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_NEW_DIRECTORY(an_environment_without_a_rollout_has_no_course),
        IN_NEW_DIRECTORY(a_course_has_all_that_went_on_with_its_first_rollout),
        IN_NEW_DIRECTORY(a_newer_rollout_begins_a_course_of_its_own),
        IN_NEW_DIRECTORY(a_rollout_of_an_older_release_has_no_terms),
        IN_NEW_DIRECTORY(what_is_asked_reaches_the_rollout_that_runs),
        IN_NEW_DIRECTORY(rollouts_are_listed_with_what_they_came_to),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
