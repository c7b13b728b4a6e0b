#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <semaphore.h>
#include <signal.h>

#include "orchestrator/interruption.h"

static void note(void *context)
{
    sem_post(context);
}

static void (*disposition(int number))(int)
{
    struct sigaction action;

    sigaction(number, NULL, &action);
    return action.sa_handler;
}

static void the_first_signal_is_told_and_the_next_acts_by_default(void **state)
{
    (void)state;
    struct error err = {0};
    sem_t told;

    sem_init(&told, 0, 0);
    AUTO(interruption) struct interruption *interruption = interruption_begin(note, &told, &err);
    assert_non_null(interruption);
    assert_false(interruption_came(interruption));
    raise(SIGTERM);
    sem_wait(&told);
    assert_true(interruption_came(interruption));
    assert_ptr_equal(disposition(SIGTERM), SIG_DFL);
    assert_ptr_equal(disposition(SIGINT), SIG_DFL);
    sem_destroy(&told);
}

static void signals_are_as_before_afterwards(void **state)
{
    (void)state;
    struct error err = {0};

    signal(SIGINT, SIG_IGN);
    struct interruption *interruption = interruption_begin(note, NULL, &err);
    assert_non_null(interruption);
    assert_ptr_equal(disposition(SIGINT), SIG_IGN);
    assert_ptr_not_equal(disposition(SIGTERM), SIG_DFL);
    raise(SIGINT);
    assert_false(interruption_came(interruption));
    interruption_free(interruption);
    assert_ptr_equal(disposition(SIGINT), SIG_IGN);
    assert_ptr_equal(disposition(SIGTERM), SIG_DFL);
    signal(SIGINT, SIG_DFL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_signal_is_told_and_the_next_acts_by_default),
        cmocka_unit_test(signals_are_as_before_afterwards),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
