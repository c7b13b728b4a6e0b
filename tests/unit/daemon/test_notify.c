#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "agents/daemon/notify.h"
#include "directory.h"

/* The service manager's end. */
static int listen_at(struct sockaddr_un *address, socklen_t size)
{
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)address, size), 0);
    return fd;
}

static void hear(int fd, const char *expected)
{
    char message[128] = "";

    assert_true(recv(fd, message, sizeof message - 1, 0) > 0);
    assert_true(strncmp(message, expected, strlen(expected)) == 0);
}

static void the_manager_hears_each_change(void **state)
{
    AUTO(text) char *path = xasprintf("%s/notify", (const char *)*state);
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    memcpy(address.sun_path, path, strlen(path));
    int fd = listen_at(&address, sizeof address);
    setenv("NOTIFY_SOCKET", path, 1);
    notify_ready();
    hear(fd, "READY=1");
    notify_reloading(clock_system());
    hear(fd, "RELOADING=1\nMONOTONIC_USEC=");
    notify_stopping();
    hear(fd, "STOPPING=1");
    close(fd);
}

static void an_abstract_socket_is_found(void **state)
{
    AUTO(text) char *name = xasprintf("@%s", (const char *)*state);
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    memcpy(address.sun_path + 1, name + 1, strlen(name) - 1);
    int fd =
        listen_at(&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name)));
    setenv("NOTIFY_SOCKET", name, 1);
    notify_ready();
    hear(fd, "READY=1");
    close(fd);
}

static void without_a_manager_nothing_happens(void **state)
{
    (void)state;
    unsetenv("NOTIFY_SOCKET");
    notify_ready();
    setenv("NOTIFY_SOCKET", "vsock:2:1234", 1);
    notify_ready();
    setenv("NOTIFY_SOCKET", "/nobody/listens", 1);
    notify_stopping();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_NEW_DIRECTORY(the_manager_hears_each_change),
        IN_NEW_DIRECTORY(an_abstract_socket_is_found),
        IN_NEW_DIRECTORY(without_a_manager_nothing_happens),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
