#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "directory.h"
#include "orchestrator/store/liveness.h"
#include "sent.h"

static struct liveness *open_liveness(void)
{
    struct error err = {0};
    static struct store_place place;

    place = store_here();
    struct liveness *liveness = liveness_open(&place, &err);
    if (liveness == NULL)
        fail_msg("%s", err.message);
    return liveness;
}

static void nap(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 50 * 1000000L}, NULL);
}

static bool is_held(struct liveness *liveness, int64_t epoch)
{
    struct error err = {0};
    char holder[LEASE_HOLDER_SIZE];
    bool held = false;

    if (!liveness_is_held(liveness, epoch, &held, holder, &err))
        fail_msg("%s", err.message);
    return held;
}

static void an_epoch_is_held_until_it_is_released(void **state)
{
    (void)state;
    struct error err = {0};
    store_free(open_store()); /* the tables */
    AUTO(liveness) struct liveness *holder = open_liveness();
    AUTO(liveness) struct liveness *other = open_liveness();

    assert_true(liveness_hold(holder, 7, &err));
    assert_true(liveness_hold(holder, INT64_MAX - 1, &err));
    assert_true(is_held(other, 7) && is_held(other, INT64_MAX - 1));
    assert_false(is_held(other, 6) || is_held(other, 8));
    liveness_release(holder, 7);
    assert_false(is_held(other, 7));
}

static void a_process_that_is_killed_holds_nothing(void **state)
{
    (void)state;
    struct error err = {0};
    store_free(open_store());
    AUTO(liveness) struct liveness *liveness = open_liveness();
    int ready[2];
    char byte;

    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        struct liveness *own = open_liveness();

        if (own == NULL || !liveness_hold(own, 7, &err) || write(ready[1], "", 1) != 1)
            _exit(1);
        pause();
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_true(is_held(liveness, 7));
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    while (database_kind_of(store_here().location) == DATABASE_POSTGRESQL && is_held(liveness, 7))
        nap(); /* a lease ends by the server's clock */
    assert_false(is_held(liveness, 7));
    close(ready[0]);
    close(ready[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_NEW_DIRECTORY(an_epoch_is_held_until_it_is_released),
        IN_NEW_DIRECTORY(a_process_that_is_killed_holds_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
