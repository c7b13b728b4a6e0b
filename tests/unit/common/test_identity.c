#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/identity.h"

static void agents_and_operators_read_as_they_were_written(void **state)
{
    (void)state;
    static const struct {
        const char *uri;
        struct identity identity;
    } known[] = {
        {"spiffe://shop/agent/db-eu-1", {"shop", ROLE_AGENT, "db-eu-1"}},
        {"spiffe://shop/operator/viewer/ada", {"shop", ROLE_VIEWER, "ada"}},
        {"spiffe://shop/operator/deployer/ci", {"shop", ROLE_DEPLOYER, "ci"}},
        {"spiffe://shop.example/operator/admin/eve", {"shop.example", ROLE_ADMIN, "eve"}},
    };

    for (size_t i = 0; i < COUNT_OF(known); i++) {
        struct identity identity;
        struct error err = {0};
        char uri[IDENTITY_URI_SIZE];

        assert_true(identity_parse(known[i].uri, &identity, &err));
        assert_string_equal(identity.fleet, known[i].identity.fleet);
        assert_int_equal(identity.role, known[i].identity.role);
        assert_string_equal(identity.name, known[i].identity.name);
        identity_format(&identity, uri);
        assert_string_equal(uri, known[i].uri);
    }
}

static void anything_else_is_no_identity(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "https://shop/agent/a",
        "SPIFFE://shop/agent/a",
        "spiffe://shop",
        "spiffe://shop/agent",
        "spiffe://shop/agent/",
        "spiffe:///agent/a",
        "spiffe://shop/agent/a/",
        "spiffe://shop/agent/a/b",
        "spiffe://shop//agent/a",
        "spiffe://shop/agent/../a",
        "spiffe://shop/agent/A",
        "spiffe://shop/agent/a?x",
        "spiffe://shop/agent/a#x",
        "spiffe://shop/agent/a%00",
        "spiffe://shop/operator/ada",
        "spiffe://shop/operator/agent/ada",
        "spiffe://shop/operator/root/ada",
        "spiffe://shop/operator/admin/",
        "spiffe://shop:1/agent/a",
        "spiffe://a@shop/agent/a",
        "spiffe://s/agent/a123456789012345678901234567890123456789012345678901234567890123",
    };

    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct identity identity;
        struct error err = {0};

        if (identity_parse(bad[i], &identity, &err))
            fail_msg("\"%s\" was taken for an identity", bad[i]);
        assert_int_equal(err.code, ERROR_IDENTITY);
    }
}

static void roles_have_names(void **state)
{
    (void)state;
    enum role role;

    for (int bit = ROLE_AGENT; bit <= ROLE_ADMIN; bit *= 2) {
        assert_true(role_from_name(role_name((enum role)bit), &role));
        assert_int_equal(role, bit);
    }
    assert_false(role_from_name("root", &role));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agents_and_operators_read_as_they_were_written),
        cmocka_unit_test(anything_else_is_no_identity),
        cmocka_unit_test(roles_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
