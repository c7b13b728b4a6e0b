#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>

#include "agents/worker_pool.h"

/* Items that count themselves and, where wanted, meet at a barrier. */
struct tally {
    atomic_int calls[64];
    atomic_int running;
    atomic_int most;
    pthread_barrier_t *barrier;
};

static void count_item(void *context, size_t index)
{
    struct tally *tally = context;
    int running = atomic_fetch_add(&tally->running, 1) + 1;
    int most = atomic_load(&tally->most);

    while (running > most && !atomic_compare_exchange_weak(&tally->most, &most, running))
        continue;
    atomic_fetch_add(&tally->calls[index], 1);
    if (tally->barrier != NULL)
        pthread_barrier_wait(tally->barrier);
    atomic_fetch_sub(&tally->running, 1);
}

static void each_item_runs_once(void **state)
{
    (void)state;
    AUTO(worker_pool) struct worker_pool *pool = worker_pool_new(4);
    struct tally tally = {0};

    worker_pool_for_each(pool, 64, 8, count_item, &tally);
    for (size_t i = 0; i < 64; i++)
        assert_int_equal(tally.calls[i], 1);
}

static void no_item_is_fine(void **state)
{
    (void)state;
    AUTO(worker_pool) struct worker_pool *pool = worker_pool_new(4);
    struct tally tally = {0};

    worker_pool_for_each(pool, 0, 8, count_item, &tally);
    assert_int_equal(tally.most, 0);
}

static void never_more_than_parallel_run_at_once(void **state)
{
    (void)state;
    AUTO(worker_pool) struct worker_pool *pool = worker_pool_new(16);
    struct tally tally = {0};

    worker_pool_for_each(pool, 64, 3, count_item, &tally);
    assert_in_range(tally.most, 1, 3);
}

static void items_really_run_side_by_side(void **state)
{
    (void)state;
    AUTO(worker_pool) struct worker_pool *pool = worker_pool_new(4);
    pthread_barrier_t barrier;
    struct tally tally = {.barrier = &barrier};

    pthread_barrier_init(&barrier, NULL, 4);
    worker_pool_for_each(pool, 64, 4, count_item, &tally);
    assert_int_equal(tally.most, 4);
    pthread_barrier_destroy(&barrier);
}

struct caller {
    struct worker_pool *pool;
    struct tally tally;
    pthread_t thread;
};

static void *run_batch(void *context)
{
    struct caller *caller = context;

    worker_pool_for_each(caller->pool, 64, 8, count_item, &caller->tally);
    return NULL;
}

static void many_callers_share_few_threads(void **state)
{
    (void)state;
    AUTO(worker_pool) struct worker_pool *pool = worker_pool_new(2);
    struct caller callers[8] = {0};

    for (size_t i = 0; i < 8; i++) {
        callers[i].pool = pool;
        assert_int_equal(pthread_create(&callers[i].thread, NULL, run_batch, &callers[i]), 0);
    }
    for (size_t i = 0; i < 8; i++)
        pthread_join(callers[i].thread, NULL);
    for (size_t i = 0; i < 8; i++)
        for (size_t item = 0; item < 64; item++)
            assert_int_equal(callers[i].tally.calls[item], 1);
}

static void count_task(void *context)
{
    atomic_fetch_add((atomic_int *)context, 1);
}

static void freeing_runs_what_was_submitted(void **state)
{
    (void)state;
    struct worker_pool *pool = worker_pool_new(3);
    atomic_int runs = 0;

    for (int i = 0; i < 1000; i++)
        worker_pool_submit(pool, count_task, &runs);
    worker_pool_free(pool);
    assert_int_equal(runs, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_item_runs_once),
        cmocka_unit_test(no_item_is_fine),
        cmocka_unit_test(never_more_than_parallel_run_at_once),
        cmocka_unit_test(items_really_run_side_by_side),
        cmocka_unit_test(many_callers_share_few_threads),
        cmocka_unit_test(freeing_runs_what_was_submitted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
