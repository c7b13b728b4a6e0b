/* How a PostgreSQL target is reached: TLS to the database, passwords, URLs. */
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "postgresql_env.h"

static char server_url[] = "FLEET_TEST_POSTGRESQL_URL";

static void assert_value(struct session *session, const char *sql, const char *expected)
{
    AUTO(text) char *value = postgresql_value(session, sql);

    assert_string_equal(value, expected);
}

static void assert_contains(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" does not contain \"%s\"", text, part);
}

/* Opens over TCP; parameters follow the URL. NULL and err when that is refused. */
static struct session *open_tcp(struct agent_target *target, char **url, const char *parameters,
                                struct secret_source password, struct error *err)
{
    *url = xasprintf("%s?%s", postgresql_variable("FLEET_TEST_POSTGRESQL_TCP_URL"), parameters);
    *target = (struct agent_target){.name = "tcp", .engine = ENGINE_POSTGRESQL, .url = *url};
    target->password = password;
    return session_open(target, clock_system(), err);
}

static struct secret_source right_password(void)
{
    return (struct secret_source){.file =
                                      postgresql_variable("FLEET_TEST_POSTGRESQL_PASSWORD_FILE")};
}

static void the_database_is_reached_over_verified_tls(void **state)
{
    (void)state;
    AUTO(text)
    char *parameters = xasprintf("sslmode=verify-full&sslrootcert=%s",
                                 postgresql_variable("FLEET_TEST_POSTGRESQL_CA"));
    AUTO(text) char *url = NULL;
    struct agent_target target;
    struct error err = {0};
    AUTO(session)
    struct session *session = open_tcp(&target, &url, parameters, right_password(), &err);

    if (session == NULL)
        fail_msg("%s", err.message);
    assert_value(session, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", "t");
}

static void a_server_with_another_name_than_its_certificate_is_refused(void **state)
{
    (void)state;
    AUTO(text)
    char *parameters = xasprintf("sslmode=verify-full&sslrootcert=%s&hostaddr=127.0.0.1"
                                 "&host=elsewhere.example",
                                 postgresql_variable("FLEET_TEST_POSTGRESQL_CA"));
    AUTO(text) char *url = NULL;
    struct agent_target target;
    struct error err = {0};

    assert_null(open_tcp(&target, &url, parameters, right_password(), &err));
    assert_int_equal(err.code, ERROR_CONNECT);
    assert_contains(err.message, "certificate");
}

static void a_missing_password_is_told_with_what_to_do(void **state)
{
    (void)state;
    AUTO(text) char *url = NULL;
    struct agent_target target;
    struct error err = {0};

    assert_null(open_tcp(&target, &url, "passfile=/nonexistent", (struct secret_source){0}, &err));
    assert_int_equal(err.code, ERROR_CONNECT);
    assert_contains(err.message, "password_file");
}

static void a_wrong_password_is_refused_and_never_shown(void **state)
{
    (void)state;
    AUTO(text) char *url = NULL;
    struct agent_target target;
    struct error err = {0};

    assert_null(open_tcp(&target, &url, "sslmode=require",
                         (struct secret_source){.command = "printf hunter2"}, &err));
    assert_int_equal(err.code, ERROR_CONNECT);
    assert_null(strstr(err.message, "hunter2"));
}

static void a_password_in_the_url_is_refused(void **state)
{
    struct contract_env *env = *state;
    struct agent_target target = env->target;
    struct error err = {0};

    target.url = "postgresql://tests:hunter2@/postgres";
    assert_null(env->engine->open(&target, clock_system(), NULL, &err));
    assert_int_equal(err.code, ERROR_CONFIG);
    assert_null(strstr(err.message, "hunter2"));
}

#define TEST(function)                                                                          \
    cmocka_unit_test_prestate_setup_teardown(function, postgresql_set_up, postgresql_tear_down, \
                                             server_url)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_database_is_reached_over_verified_tls),
        TEST(a_server_with_another_name_than_its_certificate_is_refused),
        TEST(a_missing_password_is_told_with_what_to_do),
        TEST(a_wrong_password_is_refused_and_never_shown),
        TEST(a_password_in_the_url_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
