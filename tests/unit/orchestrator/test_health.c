#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "orchestrator/health.h"

/* An operator who waits, and may want it to stop. */
struct watcher {
    int pauses;
    int stops_after; /* pauses; -1: never */
};

static bool stop_asked(void *context)
{
    const struct watcher *watcher = context;

    return watcher->stops_after >= 0 && watcher->pauses >= watcher->stops_after;
}

static void pause_shortly(void *context, int64_t ms)
{
    struct watcher *watcher = context;

    assert_true(ms > 0);
    watcher->pauses++;
}

static bool check(const struct health_checks *checks, struct watcher *watcher, struct error *err)
{
    const struct health_moment moment = {"prod", 2, 3, "007"};
    const struct health_patience patience = {stop_asked, pause_shortly, watcher};

    return health_check(checks, &moment, &patience, err);
}

/* A URL on which nobody listens: the port is taken, without a listener. */
static int refuse_port(char url[64])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    snprintf(url, 64, "http://127.0.0.1:%d/health", ntohs(address.sin_port));
    return fd;
}

static void a_command_that_succeeds_is_health_and_knows_its_place(void **state)
{
    (void)state;
    static const struct health_checks checks = {
        .command = "test \"$FLEET_ENVIRONMENT $FLEET_WAVE/$FLEET_WAVES $FLEET_VERSION\" = "
                   "'prod 2/3 007'"};
    struct watcher watcher = {.stops_after = -1};
    struct error err = {0};

    assert_true(check(&checks, &watcher, &err));
    assert_int_equal(watcher.pauses, 0);
}

static void a_command_that_fails_tells_the_first_line_of_why(void **state)
{
    (void)state;
    static const struct health_checks checks = {.command =
                                                    "printf 'too slow\\nreally' >&2; exit 9"};
    struct watcher watcher = {.stops_after = -1};
    struct error err = {0};

    assert_false(check(&checks, &watcher, &err));
    assert_int_equal(err.code, ERROR_CHECK);
    assert_string_equal(err.message, "health_command: /bin/sh ended with status 9: too slow");
}

static void an_url_is_tried_three_times(void **state)
{
    (void)state;
    char url[64];
    const struct health_checks checks = {.url = url, .command = "false"};
    struct watcher watcher = {.stops_after = -1};
    struct error err = {0};
    int fd = refuse_port(url);

    assert_false(check(&checks, &watcher, &err));
    assert_int_equal(watcher.pauses, 2);
    assert_int_equal(err.code, ERROR_CHECK);
    assert_memory_equal(err.message, "health_url http://127.0.0.1:", 28);
    close(fd);
}

static void who_stops_waits_for_no_further_try(void **state)
{
    (void)state;
    char url[64];
    const struct health_checks checks = {.url = url};
    struct watcher watcher = {.stops_after = 1};
    struct error err = {0};
    int fd = refuse_port(url);

    assert_false(check(&checks, &watcher, &err));
    assert_int_equal(watcher.pauses, 1);
    assert_int_equal(err.code, ERROR_CANCELLED);
    close(fd);
}

static void only_http_and_https_are_asked(void **state)
{
    (void)state;
    static const struct health_checks checks = {.url = "file:///etc/hostname"};
    struct watcher watcher = {.stops_after = -1};
    struct error err = {0};

    assert_false(check(&checks, &watcher, &err));
    assert_int_equal(err.code, ERROR_CHECK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_command_that_succeeds_is_health_and_knows_its_place),
        cmocka_unit_test(a_command_that_fails_tells_the_first_line_of_why),
        cmocka_unit_test(an_url_is_tried_three_times),
        cmocka_unit_test(who_stops_waits_for_no_further_try),
        cmocka_unit_test(only_http_and_https_are_asked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
