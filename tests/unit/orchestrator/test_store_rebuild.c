#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "directory.h"
#include "sent.h"

static const struct ledger_entry found[] = {
    {.who = "ann",
     .what = "step",
     .rollout = "r",
     .plan = "",
     .target = "a",
     .subject = "up 1_one",
     .result = "done",
     .detail = "from the target's history"},
};

static size_t take_over(struct store *store, int64_t epoch)
{
    struct error err = {0};
    size_t added;

    if (!store_take_over(store, found, 1, epoch, &added, &err))
        fail_msg("%s", err.message);
    return added;
}

static void what_was_found_is_added_once_and_the_chain_holds(void **state)
{
    (void)state;
    AUTO(store) struct store *store = open_store();
    struct error err = {0};
    int64_t entries;

    assert_int_equal(take_over(store, 5), 1);
    assert_int_equal(take_over(store, 5), 0);
    assert_true(ledger_verify(store_database(store), &entries, &err));
    assert_int_equal(entries, 1);
}

static void epochs_go_on_above_the_highest_that_was_found(void **state)
{
    (void)state;
    struct store *store = open_store();
    struct sent sent;

    (void)take_over(store, 100);
    (void)take_over(store, 7);
    store_free(store);
    send_plan(&sent);
    assert_int_equal(sent.rollout.epoch, 101);
    end_sent(&sent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_NEW_DIRECTORY(what_was_found_is_added_once_and_the_chain_holds),
        IN_NEW_DIRECTORY(epochs_go_on_above_the_highest_that_was_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
