#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agents/daemon/listener.h"

static void a_listener_answers_at_once_and_knows_its_port(void **state)
{
    (void)state;
    struct error err = {0};
    int nodelay = 0;
    socklen_t size = sizeof nodelay;
    int fd = listener_open("127.0.0.1", 0, &err);

    assert_true(fd >= 0);
    assert_in_range(listener_port(fd), 1, 65535);
    assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &nodelay, &size), 0);
    assert_int_not_equal(nodelay, 0);
    close(fd);
}

static void a_port_that_is_taken_is_named(void **state)
{
    (void)state;
    struct error err = {0};
    int fd = listener_open("", 0, &err);

    assert_true(fd >= 0);
    assert_int_equal(listener_open("", listener_port(fd), &err), -1);
    assert_int_equal(err.code, ERROR_IO);
    assert_non_null(strstr(err.message, "cannot listen on *:"));
    close(fd);
}

static void a_host_that_is_none_is_an_error(void **state)
{
    (void)state;
    struct error err = {0};

    assert_int_equal(listener_open("300.1.1.1", 1, &err), -1);
    assert_int_equal(err.code, ERROR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_listener_answers_at_once_and_knows_its_port),
        cmocka_unit_test(a_port_that_is_taken_is_named),
        cmocka_unit_test(a_host_that_is_none_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
