/* Indexes made in stages, and the end of another session, on a real server. */
#include <string.h>

#include "agents/object_state.h"
#include "postgresql_env.h"

static void describe(struct session *session, const char *name, const char *table,
                     struct buffer *out)
{
    struct error err = {0};

    buffer_clear(out);
    if (!session->engine->describe(session, OBJECT_INDEX, name, table, out, &err))
        fail_msg("%s", err.message);
}

static void an_index_is_found_where_its_table_is(void **state)
{
    AUTO(session) struct session *session = contract_open(*state);
    AUTO_BUFFER struct buffer lines = {0};

    contract_do(session, "CREATE SCHEMA other");
    contract_do(session, "CREATE TABLE other.t (id integer)");
    contract_do(session, "CREATE TABLE t (id integer)");
    describe(session, "i", "other.t", &lines);
    assert_int_equal(lines.length, 0);
    contract_do(session, "CREATE INDEX CONCURRENTLY i ON other.t (id)");
    contract_do(session, "CREATE INDEX CONCURRENTLY \"My Index\" ON t (id)");
    describe(session, "i", "other.t", &lines);
    assert_string_equal(buffer_text(&lines), "CREATE INDEX i ON other.t USING btree (id)\n");
    describe(session, "other.i", NULL, &lines);
    assert_string_equal(buffer_text(&lines), "CREATE INDEX i ON other.t USING btree (id)\n");
    describe(session, "i", "t", &lines);
    assert_int_equal(lines.length, 0);
    describe(session, "\"My Index\"", "t", &lines);
    assert_non_null(strstr(buffer_text(&lines), "\"My Index\""));
}

static void an_invalid_index_is_told_and_dropped(void **state)
{
    AUTO(session) struct session *session = contract_open(*state);
    AUTO_BUFFER struct buffer lines = {0};
    struct error err = {0};

    contract_do(session, "CREATE TABLE t (id integer)");
    contract_do(session, "INSERT INTO t VALUES (1), (1)");
    contract_refused(session, "CREATE UNIQUE INDEX CONCURRENTLY i ON t (id)", ERROR_SQL);
    describe(session, "i", "t", &lines);
    assert_string_equal(buffer_text(&lines),
                        "CREATE UNIQUE INDEX i ON public.t USING btree (id) INVALID\n");
    if (!session->engine->drop_invalid(session, "i", "t", &err))
        fail_msg("%s", err.message);
    describe(session, "i", "t", &lines);
    assert_int_equal(lines.length, 0);
    assert_true(session->engine->drop_invalid(session, "i", "t", &err));
}

static void a_session_is_ended_by_its_process_and_start(void **state)
{
    AUTO(session) struct session *one = contract_open(*state);
    AUTO(session) struct session *two = contract_open(*state);
    AUTO_BUFFER struct buffer name = {0};
    AUTO_BUFFER struct buffer other = {0};
    struct error err = {0};
    bool gone = false;

    assert_true(two->engine->session_name(two, &name, &err));
    buffer_printf(&other, "%s1", buffer_text(&name));
    assert_true(one->engine->end_session(one, buffer_text(&other), "", 0, &gone, &err));
    assert_true(gone);
    assert_true(two->engine->alive(two));
    assert_true(one->engine->end_session(one, buffer_text(&name), "", 0, &gone, &err));
    assert_false(gone);
    while (!gone)
        assert_true(one->engine->end_session(one, buffer_text(&name), "", 0, &gone, &err));
    contract_refused(two, "SELECT 1", ERROR_CONNECT);
}

static char server_url[] = "FLEET_TEST_POSTGRESQL_URL";

#define TEST(function)                                                                          \
    cmocka_unit_test_prestate_setup_teardown(function, postgresql_set_up, postgresql_tear_down, \
                                             server_url)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_index_is_found_where_its_table_is),
        TEST(an_invalid_index_is_told_and_dropped),
        TEST(a_session_is_ended_by_its_process_and_start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
