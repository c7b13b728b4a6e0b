#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "agents/unconfirmed/unconfirmed.h"
#include "directory.h"

enum { WITHIN_MS = 60 * 1000 };

#define ID "0123456789abcdef0123456789abcdef"

/* A clock that stands where a test puts it. */
static int64_t wall_ms, monotonic_ms;

static int64_t read_wall(const struct clock *clock)
{
    (void)clock;
    return wall_ms;
}

static int64_t read_monotonic(const struct clock *clock)
{
    (void)clock;
    return monotonic_ms;
}

static const struct clock standing = {.wall_ms = read_wall, .monotonic_ms = read_monotonic};

static struct unconfirmed *open_here(void)
{
    struct error err = {0};
    struct unconfirmed *unconfirmed = unconfirmed_open(".", &standing, random_system(), &err);

    if (unconfirmed == NULL)
        fail_msg("%s", err.message);
    return unconfirmed;
}

static const struct plan_target targets[] = {{.name = "a"}, {.name = "b"}};
static const struct plan plan = {
    .header = {.policy = {.confirm_within_ms = WITHIN_MS}, .rollback_until_ms = INT64_MAX},
    .digest = {{1}},
    .targets = targets,
    .target_count = 2,
};

static void begin(struct unconfirmed *unconfirmed, char id[UNCONFIRMED_ID_SIZE])
{
    json_t *slice = json_object();
    const struct run_request request = {.store = ID, .rollout = ID, .epoch = 1, .slice = slice};
    struct error err = {0};

    assert_true(unconfirmed_begin(unconfirmed, &request, &plan, "ann", id, &err));
    json_decref(slice);
}

static void apply_both(struct unconfirmed *unconfirmed)
{
    static const char *const names[] = {"a", "b"};
    char id[UNCONFIRMED_ID_SIZE];
    struct error err = {0};

    begin(unconfirmed, id);
    assert_true(unconfirmed_wait(unconfirmed, id, names, 2, &err));
}

static bool is_late(struct unconfirmed *unconfirmed, const char *name)
{
    struct error err = {0};
    bool late;

    assert_true(unconfirmed_settle(unconfirmed, &plan.digest, &name, 1, &late, &err));
    return late;
}

/* The names that go back now. */
static void assert_overdue(struct unconfirmed *unconfirmed, const char *expected)
{
    struct overdue overdue;
    char names[16] = "";

    assert_true(unconfirmed_next(unconfirmed, &overdue));
    for (size_t i = 0; i < overdue.count; i++)
        strcat(names, overdue.targets[i]);
    assert_string_equal(names, expected);
    assert_string_equal(overdue.operator_name, "ann");
    unconfirmed_went(unconfirmed, overdue.id, false);
}

static void what_is_confirmed_goes_nowhere(void **state)
{
    (void)state;
    AUTO(unconfirmed) struct unconfirmed *unconfirmed = open_here();

    apply_both(unconfirmed);
    assert_false(is_late(unconfirmed, "a"));
    monotonic_ms += WITHIN_MS;
    assert_overdue(unconfirmed, "b");
    assert_false(is_late(unconfirmed, "a"));
    assert_true(is_late(unconfirmed, "b"));
}

static void what_waits_outlives_the_agent(void **state)
{
    (void)state;
    struct unconfirmed *before = open_here();

    apply_both(before);
    assert_false(is_late(before, "b"));
    unconfirmed_free(before);
    monotonic_ms += WITHIN_MS;
    AUTO(unconfirmed) struct unconfirmed *after = open_here();
    assert_overdue(after, "a");
}

static void a_run_that_died_waits_from_the_next_start_on(void **state)
{
    (void)state;
    struct unconfirmed *before = open_here();
    char id[UNCONFIRMED_ID_SIZE];

    begin(before, id);
    unconfirmed_free(before);
    monotonic_ms += 10 * WITHIN_MS;
    AUTO(unconfirmed) struct unconfirmed *after = open_here();
    assert_false(is_late(after, "a")); /* it is not overdue at once */
    monotonic_ms += WITHIN_MS;
    assert_overdue(after, "b");
}

static void a_way_back_that_was_begun_is_begun_again(void **state)
{
    (void)state;
    struct unconfirmed *before = open_here();
    struct overdue overdue;

    apply_both(before);
    monotonic_ms += WITHIN_MS;
    assert_true(unconfirmed_next(before, &overdue));
    unconfirmed_free(before);
    AUTO(unconfirmed) struct unconfirmed *after = open_here();
    assert_true(is_late(after, "a"));
    assert_overdue(after, "ab");
}

static void another_plan_does_not_begin_meanwhile(void **state)
{
    (void)state;
    AUTO(unconfirmed) struct unconfirmed *unconfirmed = open_here();
    const struct digest other = {{2}};
    struct error err = {0};

    apply_both(unconfirmed);
    assert_false(unconfirmed_may_begin(unconfirmed, "a", &other, &err));
    assert_int_equal(err.code, ERROR_LOCKED);
    error_clear(&err);
    assert_true(unconfirmed_may_begin(unconfirmed, "a", &plan.digest, &err));
    assert_true(unconfirmed_may_begin(unconfirmed, "c", &other, &err));
    assert_false(is_late(unconfirmed, "a"));
    assert_true(unconfirmed_may_begin(unconfirmed, "a", &other, &err));
}

static void a_newer_request_for_the_plan_takes_the_place_of_the_older(void **state)
{
    (void)state;
    AUTO(unconfirmed) struct unconfirmed *unconfirmed = open_here();

    apply_both(unconfirmed);
    monotonic_ms += WITHIN_MS / 2;
    apply_both(unconfirmed);
    monotonic_ms += WITHIN_MS / 2;
    assert_false(is_late(unconfirmed, "a"));
    monotonic_ms += WITHIN_MS / 2;
    assert_overdue(unconfirmed, "b");
}

static void the_time_that_is_left_knows_of_boots_and_wrong_calendars(void **state)
{
    (void)state;
    struct waiting waiting = {
        .within_ms = 100, .deadline_ms = 5000, .monotonic_deadline_ms = 70, .boot = "one"};

    assert_int_equal(waiting_left_ms(&waiting, "one", 50, 0), 20);
    assert_int_equal(waiting_left_ms(&waiting, "one", 90, 0), 0);
    assert_int_equal(waiting_left_ms(&waiting, "two", 0, 4990), 10);
    assert_int_equal(waiting_left_ms(&waiting, "two", 0, 9000), 0);
    assert_int_equal(waiting_left_ms(&waiting, "two", 0, 0), 100); /* the calendar went back */
}

static void a_file_that_is_damaged_is_named(void **state)
{
    (void)state;
    struct error err = {0};

    unconfirmed_free(open_here());
    assert_true(directory_put("unconfirmed/" ID ".json", "{\"format\":1}", 0600));
    assert_null(unconfirmed_open(".", &standing, random_system(), &err));
    assert_int_equal(err.code, ERROR_VERIFY);
    assert_non_null(strstr(err.file, ID));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_NEW_DIRECTORY(what_is_confirmed_goes_nowhere),
        IN_NEW_DIRECTORY(what_waits_outlives_the_agent),
        IN_NEW_DIRECTORY(a_run_that_died_waits_from_the_next_start_on),
        IN_NEW_DIRECTORY(a_way_back_that_was_begun_is_begun_again),
        IN_NEW_DIRECTORY(another_plan_does_not_begin_meanwhile),
        IN_NEW_DIRECTORY(a_newer_request_for_the_plan_takes_the_place_of_the_older),
        cmocka_unit_test(the_time_that_is_left_knows_of_boots_and_wrong_calendars),
        IN_NEW_DIRECTORY(a_file_that_is_damaged_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
