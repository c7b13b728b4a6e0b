#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agents/engines/mysql_address.h"

static struct mysql_address parsed(struct arena *arena, const char *url)
{
    struct mysql_address address;
    struct error err = {0};

    if (!mysql_address_parse(arena, url, &address, &err))
        fail_msg("%s: %s", url, err.message);
    return address;
}

static struct error refused(const char *url)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct mysql_address address;
    struct error err = {0};

    if (mysql_address_parse(arena, url, &address, &err))
        fail_msg("accepted: %s", url);
    assert_int_equal(err.code, ERROR_CONFIG);
    return err;
}

static void a_full_url_is_taken_apart(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();
    struct mysql_address address =
        parsed(arena, "mysql://app@db.example:3307/orders?connect-timeout=3&ssl-mode=required");

    assert_string_equal(address.user, "app");
    assert_string_equal(address.host, "db.example");
    assert_int_equal(address.port, 3307);
    assert_string_equal(address.database, "orders");
    assert_int_equal(address.connect_timeout_s, 3);
    assert_int_equal(address.tls, MYSQL_TLS_REQUIRED);
    assert_null(address.socket);
}

static void what_is_not_given_is_left_to_the_client(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();
    struct mysql_address address = parsed(arena, "mariadb:///orders");

    assert_null(address.user);
    assert_null(address.host);
    assert_int_equal(address.port, 0);
    assert_int_equal(address.tls, MYSQL_TLS_OFF);
    assert_int_equal(address.connect_timeout_s, 10);
}

static void parts_are_percent_decoded(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();
    struct mysql_address address =
        parsed(arena, "mysql://a%40b@localhost/my%2ddb?socket=%2Frun%2Fmy%20sql.sock");

    assert_string_equal(address.user, "a@b");
    assert_string_equal(address.database, "my-db");
    assert_string_equal(address.socket, "/run/my sql.sock");
}

static void an_ipv6_host_stands_in_brackets(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();

    assert_string_equal(parsed(arena, "mysql://a@[::1]:3306/d").host, "::1");
    assert_int_equal(parsed(arena, "mysql://a@[::1]:3306/d").port, 3306);
    assert_string_equal(parsed(arena, "mysql://a@[fe80::2]/d").host, "fe80::2");
    assert_int_equal(parsed(arena, "mysql://a@[fe80::2]/d").port, 0);
}

static void a_certificate_authority_means_that_the_name_is_checked(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();

    assert_int_equal(parsed(arena, "mysql://a@h/d?ssl-ca=/ca.pem").tls, MYSQL_TLS_VERIFIED);
    assert_int_equal(parsed(arena, "mysql://a@h/d?ssl-ca=/ca.pem&ssl-mode=REQUIRED").tls,
                     MYSQL_TLS_REQUIRED);
    assert_int_equal(parsed(arena, "mysql://a@h/d?ssl-mode=VERIFY_IDENTITY").tls,
                     MYSQL_TLS_VERIFIED);
}

static void an_unknown_parameter_is_an_error_with_a_suggestion(void **state)
{
    (void)state;

    assert_non_null(strstr(refused("mysql://a@h/d?sockte=/s").message, "did you mean 'socket'?"));
    assert_non_null(strstr(refused("mysql://a@h/d?zzzzzzzz=1").message, "known are"));
    assert_non_null(strstr(refused("mysql://a@h/d?ssl-mode=maybe").message, "verify-identity"));
}

static void a_password_in_the_url_is_refused_and_not_repeated(void **state)
{
    (void)state;
    static const char *const urls[] = {
        "mysql://a:hunter2@h/d",
        "mysql://a@h/d?password=hunter2",
    };

    for (size_t i = 0; i < COUNT_OF(urls); i++) {
        struct error err = refused(urls[i]);

        assert_non_null(strstr(err.message, "password_file"));
        assert_null(strstr(err.message, "hunter2"));
    }
}

static void a_malformed_url_is_a_config_error(void **state)
{
    (void)state;
    static const char *const urls[] = {
        "",
        "mysql:",
        "postgresql://a@h/d",
        "mysql://a@h",
        "mysql://a@h/",
        "mysql://a@h/d/e",
        "mysql://a@h:0/d",
        "mysql://a@h:65536/d",
        "mysql://a@h:x/d",
        "mysql://a@h:/d",
        "mysql://a@h/%zz",
        "mysql://a@h/d%0",
        "mysql://a@h/d%00",
        "mysql://a@h/d?socket",
        "mysql://a@h/d?connect-timeout=0",
        "mysql://a@h/d?connect-timeout=1h",
    };

    for (size_t i = 0; i < COUNT_OF(urls); i++)
        refused(urls[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_url_is_taken_apart),
        cmocka_unit_test(what_is_not_given_is_left_to_the_client),
        cmocka_unit_test(parts_are_percent_decoded),
        cmocka_unit_test(an_ipv6_host_stands_in_brackets),
        cmocka_unit_test(a_certificate_authority_means_that_the_name_is_checked),
        cmocka_unit_test(an_unknown_parameter_is_an_error_with_a_suggestion),
        cmocka_unit_test(a_password_in_the_url_is_refused_and_not_repeated),
        cmocka_unit_test(a_malformed_url_is_a_config_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
