#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "agents/daemon/routes.h"
#include "common/buffer.h"
#include "common/file.h"

static const enum role roles[] = {ROLE_AGENT, ROLE_VIEWER, ROLE_DEPLOYER, ROLE_ADMIN};

static void the_manual_lists_every_route_with_its_roles(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer page = {0};
    struct error err = {0};
    size_t count;
    const struct route *routes = routes_all(&count);

    assert_true(file_read(TEST_DATA "/../../docs/man/fleet-agent.8.scd", 1 << 20, &page, &err));
    for (size_t i = 0; i < count; i++) {
        AUTO_BUFFER struct buffer row = {0};
        const char *comma = "";

        buffer_printf(&row, "|  %s %s\n:  ", routes[i].method_name, routes[i].path);
        for (size_t j = 0; j < COUNT_OF(roles); j++)
            if ((routes[i].roles & roles[j]) != 0) {
                buffer_printf(&row, "%s%s", comma, role_name(roles[j]));
                comma = ", ";
            }
        buffer_append_char(&row, '\n');
        if (strstr(buffer_text(&page), buffer_text(&row)) == NULL)
            fail_msg("fleet-agent.8.scd lacks %s", buffer_text(&row));
    }
}

static void a_path_is_found_with_its_own_method_only(void **state)
{
    (void)state;
    const struct route *other;

    assert_non_null(routes_find(EVHTTP_REQ_POST, "/v1/run", &other));
    assert_null(routes_find(EVHTTP_REQ_GET, "/v1/run", &other));
    assert_string_equal(other->method_name, "POST");
    assert_null(routes_find(EVHTTP_REQ_POST, "/v1/runs", &other));
    assert_null(other);
}

static void only_roles_that_send_bodies_may_send_large_ones(void **state)
{
    (void)state;
    assert_int_equal(routes_body_limit(ROLE_AGENT, 1000000), 0);
    assert_int_equal(routes_body_limit(ROLE_DEPLOYER, 1000000), 1000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_manual_lists_every_route_with_its_roles),
        cmocka_unit_test(a_path_is_found_with_its_own_method_only),
        cmocka_unit_test(only_roles_that_send_bodies_may_send_large_ones),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
