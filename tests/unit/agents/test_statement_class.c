#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agents/statement_class.h"
#include "common/scope.h"

static const struct {
    const char *sql;
    enum statement_class expected;
} samples[] = {
    {"SET NAMES utf8mb4", CLASS_SESSION},
    {"/*!40101 SET NAMES utf8 */", CLASS_SESSION},
    {"/*M!100100 SET x = 1 */", CLASS_SESSION},
    {"-- a comment\n/* and another */ use shop", CLASS_SESSION},
    {"GRANT SELECT ON items TO app", CLASS_RERUNNABLE},
    {"insert into items values (1)", CLASS_DATA},
    {"(SELECT 1) UNION (SELECT 2)", CLASS_DATA},
    {"CREATE TABLE a (id INTEGER, b INTEGER)", CLASS_PROBEABLE},
    {"DROP TABLE a", CLASS_PROBEABLE},
    {"DROP TABLE a, b", CLASS_OPAQUE},
    {"CALL repair()", CLASS_OPAQUE},
    {"TRUNCATE items", CLASS_OPAQUE},
    {"EXECUTE prepared", CLASS_OPAQUE},
    {"settle()", CLASS_OPAQUE},
    {"SET autocommit = 0", CLASS_SESSION},
    {"SET default_storage_engine = InnoDB", CLASS_SESSION},
    {"SET GLOBAL max_connections = 10", CLASS_RERUNNABLE},
    {"set @@global.max_connections = 10", CLASS_RERUNNABLE},
    {"SET PASSWORD FOR a = ''", CLASS_RERUNNABLE},
    {"SET DEFAULT ROLE r FOR a", CLASS_RERUNNABLE},
    {"SET STATEMENT lock_wait_timeout = 1 FOR ALTER TABLE a ADD b INTEGER", CLASS_PROBEABLE},
    {"SET STATEMENT sql_mode = ' for drop ' FOR\nUPDATE a SET b = 1", CLASS_DATA},
    {"SET STATEMENT max_statement_time = 1", CLASS_OPAQUE},
    {"CREATE OR REPLACE VIEW v AS SELECT 1", CLASS_PROBEABLE},
    {"CREATE OR REPLACE TABLE a (b INTEGER)", CLASS_OPAQUE},
    {"create /*M! or replace */ temporary table a (b integer)", CLASS_OPAQUE},
    {"DROP DATABASE shop", CLASS_OPAQUE},
    {"DROP INDEX schema_name ON a", CLASS_PROBEABLE},
    {"selection", CLASS_OPAQUE},
    {"", CLASS_OPAQUE},
    {"/* never closed", CLASS_OPAQUE},
};

static void the_first_words_decide_and_doubt_is_opaque(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(samples); i++)
        if (statement_class_of(samples[i].sql, strlen(samples[i].sql)) != samples[i].expected)
            fail_msg("not %s: %s", statement_class_name(samples[i].expected), samples[i].sql);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_words_decide_and_doubt_is_opaque),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
