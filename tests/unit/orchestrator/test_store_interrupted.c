#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "directory.h"
#include "orchestrator/store/ledger.h"
#include "sent.h"

static size_t close_interrupted(struct store *store, char *first)
{
    AUTO(arena) struct arena *arena = arena_new();
    const struct interrupted_rollout *rollouts;
    struct error err = {0};
    size_t count;

    if (!store_close_interrupted(store, arena, &rollouts, &count, &err))
        fail_msg("%s", err.message);
    if (count > 0)
        snprintf(first, ID_SIZE, "%s", rollouts[0].id);
    return count;
}

static bool take_text(void *context, const struct database_row *row)
{
    snprintf(context, 64, "%s", row_text(row, 0));
    return true;
}

static void assert_states(struct store *store, const char *rollout, const char *job)
{
    struct error err = {0};
    char found[64] = "";

    assert_true(database_query(store_database(store), &err, take_text, found,
                               "SELECT state FROM rollout", ""));
    assert_string_equal(found, rollout);
    assert_true(
        database_query(store_database(store), &err, take_text, found, "SELECT state FROM job", ""));
    assert_string_equal(found, job);
}

static bool take_last(void *context, const struct ledger_entry *entry)
{
    snprintf(context, 64, "%s %s", entry->what, entry->result);
    return true;
}

static void a_living_rollout_is_left_alone(void **state)
{
    (void)state;
    AUTO(store) struct store *other = open_store();
    struct sent sent;
    char id[ID_SIZE];

    send_plan(&sent);
    assert_int_equal(close_interrupted(other, id), 0);
    assert_states(other, "running", "dispatched");
    end_sent(&sent);
}

static void the_rollout_of_a_dead_process_is_closed_once(void **state)
{
    (void)state;
    AUTO(store) struct store *other = open_store();
    struct error err = {0};
    struct sent sent;
    char id[ID_SIZE], last[64];

    send_plan(&sent);
    end_sent(&sent);
    assert_int_equal(close_interrupted(other, id), 1);
    assert_string_equal(id, sent.rollout.id);
    assert_states(other, "interrupted", "unknown");
    assert_true(ledger_read(store_database(other), take_last, last, &err));
    assert_string_equal(last, "rollout-end interrupted");
    assert_int_equal(close_interrupted(other, id), 0);
}

static void a_rollout_that_was_closed_sends_nothing_more(void **state)
{
    (void)state;
    AUTO(store) struct store *other = open_store();
    const struct wave_record wave = {2, 2, 1};
    const struct rollout_end end = {.result = "applied"};
    struct error refused = {0}, late = {0};
    struct sent sent;
    char id[ID_SIZE];

    send_plan(&sent);
    store_free(sent.store);
    assert_int_equal(close_interrupted(other, id), 1);
    sent.store = open_store();
    assert_false(store_begin_wave(sent.store, &sent.rollout, sent.plan, &wave, &refused));
    assert_int_equal(refused.code, ERROR_STALE);
    assert_false(store_end_rollout(sent.store, &sent.rollout, sent.plan, &end, &late));
    assert_int_equal(late.code, ERROR_STALE);
    assert_states(other, "interrupted", "unknown");
    end_sent(&sent);
}

static void a_late_outcome_closes_its_job(void **state)
{
    (void)state;
    AUTO(store) struct store *other = open_store();
    struct error err = {0};
    struct sent sent;
    char id[ID_SIZE];

    send_plan(&sent);
    end_sent(&sent);
    assert_int_equal(close_interrupted(other, id), 1);
    struct kept_outcome kept = {
        .agent = "db-1",
        .rollout = id,
        .seq = 1,
        .outcome = {.target = "a", .subject = "", .result = "applied", .message = ""}};
    assert_true(store_collect(other, &kept, 1, &err));
    assert_true(kept.is_news);
    assert_states(other, "interrupted", "applied");
}

static void a_job_is_unsettled_until_its_end_is_known(void **state)
{
    (void)state;
    AUTO(store) struct store *other = open_store();
    AUTO(arena) struct arena *arena = arena_new();
    const struct unsettled_job *jobs;
    struct error err = {0};
    struct sent sent;
    char id[ID_SIZE];
    size_t count;

    send_plan(&sent);
    const struct digest plan = sent.plan->digest;
    assert_true(store_read_unsettled(other, arena, &jobs, &count, &err));
    assert_int_equal(count, 0);
    end_sent(&sent);
    assert_int_equal(close_interrupted(other, id), 1);
    assert_true(store_read_unsettled(other, arena, &jobs, &count, &err));
    assert_int_equal(count, 1);
    assert_string_equal(jobs[0].target, "a");
    assert_string_equal(jobs[0].rollout, id);
    assert_true(digest_equal(&jobs[0].plan, &plan));
    struct kept_outcome end = {
        .rollout = id,
        .outcome = {.target = "a", .subject = "", .result = "halted", .message = ""}};
    assert_true(store_collect(other, &end, 1, &err));
    assert_true(store_read_unsettled(other, arena, &jobs, &count, &err));
    assert_int_equal(count, 0);
    assert_states(other, "interrupted", "halted");
}

static void a_rollout_that_ended_is_not_interrupted(void **state)
{
    (void)state;
    AUTO(store) struct store *other = open_store();
    const struct rollout_end end = {.result = "failed"};
    struct error err = {0};
    struct sent sent;
    char id[ID_SIZE];

    send_plan(&sent);
    assert_true(store_end_rollout(sent.store, &sent.rollout, sent.plan, &end, &err));
    end_sent(&sent);
    assert_int_equal(close_interrupted(other, id), 0);
    assert_states(other, "failed", "dispatched");
}

static void an_environment_has_one_rollout_at_a_time(void **state)
{
    (void)state;
    AUTO(store) struct store *other = open_store();
    struct rollout_record second = {.operator_name = "ben"};
    struct error err = {0};
    struct sent sent;

    send_plan(&sent);
    assert_false(store_begin_rollout(other, sent.plan, 0, &second, &err));
    assert_int_equal(err.code, ERROR_LOCKED);
    assert_non_null(strstr(err.message, "begun by ann"));
    error_clear(&err);
    store_free(sent.store); /* as the end of its process does */
    sent.store = NULL;
    assert_true(store_begin_rollout(other, sent.plan, 0, &second, &err));
    end_sent(&sent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_NEW_DIRECTORY(a_living_rollout_is_left_alone),
        IN_NEW_DIRECTORY(the_rollout_of_a_dead_process_is_closed_once),
        IN_NEW_DIRECTORY(a_rollout_that_was_closed_sends_nothing_more),
        IN_NEW_DIRECTORY(a_late_outcome_closes_its_job),
        IN_NEW_DIRECTORY(a_job_is_unsettled_until_its_end_is_known),
        IN_NEW_DIRECTORY(a_rollout_that_ended_is_not_interrupted),
        IN_NEW_DIRECTORY(an_environment_has_one_rollout_at_a_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
