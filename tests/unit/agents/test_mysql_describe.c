/* One object before and after a statement, on a real server; and the end of another session. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "agents/engines/mysql_session.h"
#include "agents/object_state.h"
#include "contract_env.h"

static void describe(struct session *session, enum object_kind kind, const char *name,
                     struct buffer *out)
{
    struct error err = {0};

    buffer_clear(out);
    if (!session->engine->describe(session, kind, name, NULL, out, &err))
        fail_msg("%s: %s", name, err.message);
}

/* Each statement changes its object so that the change is told as its own. */
static void each_definition_is_told_by_its_object(void **state)
{
    static const struct {
        enum object_kind kind;
        const char *name, *sql;
    } steps[] = {
        {OBJECT_TABLE, "c_items",
         "CREATE TABLE c_items (id INT AUTO_INCREMENT PRIMARY KEY, a INT)"},
        {OBJECT_TABLE, "c_items", "ALTER TABLE c_items ADD COLUMN b VARCHAR(10) DEFAULT 'x,y'"},
        {OBJECT_TABLE, "`c_items`", "ALTER TABLE c_items MODIFY b TEXT, ADD UNIQUE (a)"},
        {OBJECT_TABLE, "c_items", "CREATE INDEX i ON c_items (a, id)"},
        {OBJECT_TABLE, "c_items", "ALTER TABLE c_items ADD CONSTRAINT c CHECK (a > 0)"},
        {OBJECT_TABLE, "c_items", "ALTER TABLE c_items COMMENT = 'things'"},
        {OBJECT_TABLE, "c_items", "ALTER TABLE c_items CONVERT TO CHARACTER SET latin1"},
        {OBJECT_VIEW, "c_view", "CREATE VIEW c_view AS SELECT a FROM c_items"},
        {OBJECT_VIEW, "c_view", "CREATE OR REPLACE VIEW c_view AS SELECT a, b FROM c_items"},
        {OBJECT_TRIGGER, "c_trigger",
         "CREATE TRIGGER c_trigger BEFORE INSERT ON c_items FOR EACH ROW SET NEW.a = 1"},
        {OBJECT_TRIGGER, "c_trigger", "DROP TRIGGER c_trigger"},
        {OBJECT_PROCEDURE, "c_procedure", "CREATE PROCEDURE c_procedure() SELECT 1"},
        {OBJECT_PROCEDURE, "c_procedure", "DROP PROCEDURE c_procedure"},
        {OBJECT_VIEW, "c_view", "DROP VIEW c_view"},
        {OBJECT_TABLE, "c_items", "DROP TABLE c_items"},
    };
    struct session *session = contract_open(*state);
    AUTO_BUFFER struct buffer before = {0};
    AUTO_BUFFER struct buffer after = {0};

    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        describe(session, steps[i].kind, steps[i].name, &before);
        contract_do(session, steps[i].sql);
        describe(session, steps[i].kind, steps[i].name, &after);
        if (object_judge(ENGINE_MYSQL, buffer_text(&before), buffer_text(&after), steps[i].sql,
                         strlen(steps[i].sql)) != OBJECT_AFTER)
            fail_msg("%s:\n%s\n%s", steps[i].sql, buffer_text(&before), buffer_text(&after));
    }
    assert_int_equal(after.length, 0);
    session_free(session);
}

static void rows_and_settings_do_not_change_what_a_table_is(void **state)
{
    struct session *session = contract_open(*state);
    AUTO_BUFFER struct buffer before = {0};
    AUTO_BUFFER struct buffer after = {0};

    contract_do(session, "CREATE TABLE c_items (id INT AUTO_INCREMENT PRIMARY KEY, a INT)");
    describe(session, OBJECT_TABLE, "c_items", &before);
    contract_do(session, "INSERT INTO c_items (a) VALUES (1), (2), (3)");
    contract_do(session, "SET SESSION sql_mode = 'ANSI_QUOTES', sql_quote_show_create = 0");
    describe(session, OBJECT_TABLE, "c_items", &after);
    assert_string_equal(buffer_text(&before), buffer_text(&after));
    assert_int_equal(contract_count_rows(session, "SELECT 1 FROM (SELECT @@sql_mode AS m) t"
                                                  " WHERE m = 'ANSI_QUOTES'"),
                     1);
    session_free(session);
}

static void *run_slowly(void *context)
{
    struct session *session = context;
    struct error ignored = {0};

    (void)!session->engine->run(session, "SELECT SLEEP(60)", strlen("SELECT SLEEP(60)"), &ignored);
    return NULL;
}

static void end_until_gone(struct session *session, const char *name, const char *sql)
{
    struct error err = {0};
    bool gone = false;

    while (!gone)
        if (!session->engine->end_session(session, name, sql, strlen(sql), &gone, &err))
            fail_msg("%s", err.message);
}

static void a_session_is_ended_only_while_it_runs_that_statement(void **state)
{
    AUTO(session) struct session *one = contract_open(*state);
    AUTO(session) struct session *two = contract_open(*state);
    AUTO_BUFFER struct buffer name = {0};
    struct error err = {0};
    pthread_t thread;

    assert_true(two->engine->session_name(two, &name, &err));
    end_until_gone(one, buffer_text(&name), "SELECT SLEEP(60)");
    assert_true(two->engine->alive(two));
    assert_int_equal(pthread_create(&thread, NULL, run_slowly, two), 0);
    while (contract_count_rows(one, "SELECT 1 FROM information_schema.processlist"
                                    " WHERE info = 'SELECT SLEEP(60)'") == 0)
        ;
    end_until_gone(one, buffer_text(&name), "SELECT SLEEP(60)");
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(two->broken);
}

#define TEST(function)                                                 \
    {                                                                  \
#function, function, contract_set_up, contract_tear_down, NULL \
    }

int main(void)
{
    struct CMUnitTest tests[] = {
        TEST(each_definition_is_told_by_its_object),
        TEST(rows_and_settings_do_not_change_what_a_table_is),
        TEST(a_session_is_ended_only_while_it_runs_that_statement),
    };
    union {
        const void *read_only;
        void *state;
    } dialect = {.read_only = contract_dialect_of(ENGINE_MYSQL)};

    for (size_t i = 0; i < COUNT_OF(tests); i++)
        tests[i].initial_state = dialect.state;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
