#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "directory.h"
#include "orchestrator/store/lease.h"
#include "orchestrator/store/store_tasks.h"
#include "sent.h"

enum { TASKS = 3, TOLD_SIZE = 256 };

static struct leases *hold(const char *name)
{
    static struct store_place place;
    struct error err = {0};

    place = store_here();
    struct leases *leases = leases_open(&place, &err);
    if (leases == NULL || !lease_hold(leases, name, &err))
        fail_msg("%s", err.message);
    return leases;
}

static void offer(struct sent *sent)
{
    struct task tasks[TASKS];
    struct error err = {0};

    send_plan(sent);
    for (int64_t i = 0; i < TASKS; i++)
        tasks[i] = (struct task){
            .rollout = sent->rollout.id, .number = i, .agent = "db-1", .request = "{}"};
    if (!store_offer_tasks(sent->store, tasks, TASKS, &err))
        fail_msg("%s", err.message);
}

static size_t claim(struct store *store, const char *worker, size_t limit, struct arena *arena,
                    struct task **tasks)
{
    struct error err = {0};
    size_t count;

    if (!store_claim_tasks(store, worker, limit, arena, tasks, &count, &err))
        fail_msg("%s", err.message);
    return count;
}

static void leave(struct store *store, const struct task *task, const char *message, bool last)
{
    static int64_t seq;
    struct error err = {0};
    const struct task_reply reply = {.rollout = task->rollout,
                                     .number = task->number,
                                     .claim = task->claim,
                                     .seq = ++seq,
                                     .message = message,
                                     .last = last};

    if (!store_leave_replies(store, &reply, 1, &err))
        fail_msg("%s", err.message);
}

static void tell(void *context, int64_t number, const char *message)
{
    char *told = context;
    size_t length = strlen(told);

    snprintf(told + length, TOLD_SIZE - length, "%d%s ", (int)number,
             message != NULL ? message : "-");
}

static void assert_told(struct sent *sent, const char *expected)
{
    char told[TOLD_SIZE] = "";
    struct error err = {0};

    assert_true(store_take_replies(sent->store, sent->rollout.id, tell, told, &err));
    assert_string_equal(told, expected);
}

static void a_task_is_claimed_by_one_worker(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();
    struct sent sent;
    struct task *first, *second;

    offer(&sent);
    AUTO(store) struct store *other = open_store();
    AUTO(leases) struct leases *one = hold("worker one");
    AUTO(leases) struct leases *two = hold("worker two");
    assert_int_equal(claim(sent.store, "one", 2, arena, &first), 2);
    assert_int_equal(claim(other, "two", 2, arena, &second), 1);
    assert_int_equal(first[0].number + first[1].number + second[0].number, 0 + 1 + 2);
    assert_int_equal(second[0].claim, 1);
    assert_int_equal(claim(other, "two", 2, arena, &second), 0);
    end_sent(&sent);
}

static void what_is_told_of_a_task_comes_once_and_in_order(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();
    struct sent sent;
    struct task *tasks;

    offer(&sent);
    AUTO(leases) struct leases *one = hold("worker one");
    assert_int_equal(claim(sent.store, "one", 1, arena, &tasks), 1);
    leave(sent.store, tasks, "a", false);
    leave(sent.store, tasks, "b", false);
    assert_told(&sent, "0a 0b ");
    assert_told(&sent, "");
    leave(sent.store, tasks, "c", true);
    leave(sent.store, tasks, "after its end", false);
    assert_told(&sent, "0c ");
    end_sent(&sent);
}

static void a_worker_without_a_lease_loses_its_tasks_to_the_next(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();
    struct sent sent;
    struct task *lost, *again;

    offer(&sent);
    AUTO(leases) struct leases *two = hold("worker two");
    assert_int_equal(claim(sent.store, "one", TASKS, arena, &lost), TASKS);
    assert_int_equal(claim(sent.store, "two", 1, arena, &again), 1);
    assert_int_equal(again->claim, 2);
    for (size_t i = 0; i < TASKS; i++)
        if (lost[i].number == again->number)
            leave(sent.store, &lost[i], "late", true);
    leave(sent.store, again, "now", false);
    assert_told(&sent, "0now ");
    end_sent(&sent);
}

static void nobody_claims_tasks_of_a_rollout_whose_command_is_gone(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();
    struct sent sent;
    struct task *tasks;

    offer(&sent);
    store_free(sent.store);
    sent.store = open_store();
    AUTO(leases) struct leases *one = hold("worker one");
    assert_int_equal(claim(sent.store, "one", TASKS, arena, &tasks), 0);
    end_sent(&sent);
}

static void note_stopped(void *context, const char *rollout, int64_t number)
{
    (void)rollout;
    tell(context, number, "stop");
}

static void a_stop_withdraws_what_waits_and_reaches_what_runs(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();
    char withdrawn[TOLD_SIZE] = "", stopped[TOLD_SIZE] = "";
    struct error err = {0};
    struct sent sent;
    struct task *tasks;

    offer(&sent);
    AUTO(leases) struct leases *one = hold("worker one");
    assert_int_equal(claim(sent.store, "one", 2, arena, &tasks), 2);
    assert_true(store_stop_tasks(sent.store, sent.rollout.id, tell, withdrawn, &err));
    assert_string_equal(withdrawn, "2- ");
    assert_true(store_find_stopped(sent.store, "one", note_stopped, stopped, &err));
    assert_int_equal(strlen(stopped), strlen("0stop 1stop "));
    end_sent(&sent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_NEW_DIRECTORY(a_task_is_claimed_by_one_worker),
        IN_NEW_DIRECTORY(what_is_told_of_a_task_comes_once_and_in_order),
        IN_NEW_DIRECTORY(a_worker_without_a_lease_loses_its_tasks_to_the_next),
        IN_NEW_DIRECTORY(nobody_claims_tasks_of_a_rollout_whose_command_is_gone),
        IN_NEW_DIRECTORY(a_stop_withdraws_what_waits_and_reaches_what_runs),
    };
    const char *server = getenv("FLEET_TEST_POSTGRESQL_URL");

    return server != NULL && setenv("FLEET_TEST_STORE", server, 1) == 0
               ? cmocka_run_group_tests(tests, NULL, NULL)
               : 1;
}
