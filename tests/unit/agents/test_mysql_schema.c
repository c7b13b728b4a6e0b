/* What of a schema is special to MySQL and MariaDB; what every engine must show is in the contract.
 */
#include <stdio.h>
#include <string.h>

#include "common/memory.h"
#include "contract_env.h"

/* Objects that only some engines have; each must change the schema. */
static const char *const changes[] = {
    "CREATE TABLE c_items (id INTEGER PRIMARY KEY AUTO_INCREMENT, a INTEGER)",
    "CREATE TRIGGER c_first BEFORE INSERT ON c_items FOR EACH ROW SET NEW.a = 1",
    "CREATE TRIGGER c_second BEFORE INSERT ON c_items FOR EACH ROW PRECEDES c_first SET NEW.a = 2",
    "CREATE OR REPLACE FUNCTION c_function(x INTEGER) RETURNS INTEGER DETERMINISTIC RETURN x + 1",
    "CREATE OR REPLACE FUNCTION c_function(x INTEGER) RETURNS INTEGER DETERMINISTIC RETURN x + 2",
    "CREATE PROCEDURE c_procedure() BEGIN SELECT 1;\n SELECT 2; END",
    "CREATE EVENT c_event ON SCHEDULE EVERY 1 DAY DO SELECT 1",
    "CREATE SEQUENCE c_sequence START WITH 5",
    "ALTER TABLE c_items COMMENT = 'words'",
    "ALTER TABLE c_items MODIFY a INTEGER COMMENT 'more words'",
};

static const char *const undo_changes[] = {
    "DROP EVENT IF EXISTS c_event",       "DROP PROCEDURE IF EXISTS c_procedure",
    "DROP FUNCTION IF EXISTS c_function", "DROP SEQUENCE IF EXISTS c_sequence",
    "DROP TABLE IF EXISTS c_items",
};

static void undo(struct session *session)
{
    for (size_t i = 0; i < COUNT_OF(undo_changes); i++)
        contract_do(session, undo_changes[i]);
}

static void triggers_routines_events_and_sequences_are_in_the_schema(void **state)
{
    const struct contract_env *env = *state;
    AUTO(session) struct session *session = contract_open(env);

    undo(session);
    char *before = contract_schema(session);
    AUTO(text) char *empty = xstrdup(before);
    for (size_t i = 0; i < COUNT_OF(changes); i++) {
        contract_do(session, changes[i]);
        char *after = contract_schema(session);

        if (strcmp(before, after) == 0)
            fail_msg("it does not show in the schema: %s", changes[i]);
        text_free(before);
        before = after;
    }
    contract_do(session, "INSERT INTO c_items (a) VALUES (1), (2), (3)");
    contract_do(session, "SELECT NEXTVAL(c_sequence)");
    AUTO(text) char *with_data = contract_schema(session);
    assert_string_equal(before, with_data);
    text_free(before);
    undo(session);
    AUTO(text) char *at_last = contract_schema(session);
    assert_string_equal(empty, at_last);
}

static void the_order_of_triggers_is_in_the_schema(void **state)
{
    const struct contract_env *env = *state;
    AUTO(session) struct session *session = contract_open(env);
    static const char first[] = "CREATE TRIGGER c_first BEFORE INSERT ON c_items FOR EACH ROW"
                                " SET NEW.a = 1";
    static const char second[] = "CREATE TRIGGER c_second BEFORE INSERT ON c_items FOR EACH ROW"
                                 " SET NEW.a = 2";

    contract_do(session, "CREATE TABLE c_items (a INTEGER)");
    contract_do(session, first);
    contract_do(session, second);
    AUTO(text) char *one = contract_schema(session);
    contract_do(session, "DROP TRIGGER c_first");
    contract_do(session, first);
    AUTO(text) char *two = contract_schema(session);
    assert_string_not_equal(one, two);
}

static void the_schema_is_the_same_under_any_sql_mode(void **state)
{
    const struct contract_env *env = *state;
    static const char *const init[] = {
        "SET SESSION sql_mode = 'ANSI,NO_BACKSLASH_ESCAPES,NO_TABLE_OPTIONS',"
        " sql_quote_show_create = 0"};
    struct contract_env odd = *env;

    odd.target.init_sql = init;
    odd.target.init_sql_count = COUNT_OF(init);
    AUTO(session) struct session *plain = contract_open(env);
    AUTO(session) struct session *other = contract_open(&odd);
    contract_do(plain, "CREATE TABLE c_items (id INTEGER, a VARCHAR(9) DEFAULT 'a\\\\b')");
    contract_do(plain, "CREATE VIEW c_view AS SELECT id FROM c_items");
    AUTO(text) char *expected = contract_schema(plain);
    AUTO(text) char *schema = contract_schema(other);
    assert_string_equal(schema, expected);
    assert_int_equal(contract_count_rows(other, "SELECT 1 AS x FROM (SELECT 1 AS y) \"t\""), 1);
}

/* The same server, another database. */
static char *url_of_database(const char *url, const char *database)
{
    const char *end = strchrnul(url, '?');
    const char *slash = memrchr(url, '/', (size_t)(end - url));

    return xasprintf("%.*s/%s%s", (int)(slash - url), url, database, end);
}

static const char *const clone_objects[] = {
    "CREATE SEQUENCE c_sequence",
    "CREATE TABLE c_items (id INTEGER DEFAULT NEXTVAL(c_sequence))",
    "CREATE VIEW c_view AS SELECT id, engine FROM c_items JOIN information_schema.engines",
};

static void clones_have_the_same_schema(void **state)
{
    const struct contract_env *env = *state;
    AUTO(session) struct session *session = contract_open(env);
    AUTO(text) char *url = url_of_database(env->url, "c_clone");
    struct contract_env clone = *env;

    undo(session);
    contract_do(session, "DROP DATABASE IF EXISTS c_clone");
    contract_do(session, "CREATE DATABASE c_clone");
    clone.target.url = url;
    AUTO(session) struct session *other = contract_open(&clone);
    for (size_t i = 0; i < COUNT_OF(clone_objects); i++) {
        contract_do(session, clone_objects[i]);
        contract_do(other, clone_objects[i]);
    }
    AUTO(text) char *one = contract_schema(session);
    AUTO(text) char *two = contract_schema(other);
    assert_string_equal(one, two);
    undo(session);
    contract_do(session, "DROP DATABASE c_clone");
}

#define TEST(function)                                                 \
    {                                                                  \
#function, function, contract_set_up, contract_tear_down, NULL \
    }

int main(void)
{
    struct CMUnitTest tests[] = {
        TEST(triggers_routines_events_and_sequences_are_in_the_schema),
        TEST(the_order_of_triggers_is_in_the_schema),
        TEST(the_schema_is_the_same_under_any_sql_mode),
        TEST(clones_have_the_same_schema),
    };
    union {
        const void *read_only;
        void *state;
    } dialect = {.read_only = contract_dialect_of(ENGINE_MYSQL)};

    for (size_t i = 0; i < COUNT_OF(tests); i++)
        tests[i].initial_state = dialect.state;
    return cmocka_run_group_tests_name("mysql schema", tests, NULL, NULL);
}
