#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agents/statement_facts.h"
#include "common/scope.h"

static void expect_text(const char *what, const char *found, const char *expected, const char *sql)
{
    if ((found == NULL) != (expected == NULL) || (found != NULL && strcmp(found, expected) != 0))
        fail_msg("%s is %s, not %s: %s", what, found != NULL ? found : "none",
                 expected != NULL ? expected : "none", sql);
}

static void expect_facts(enum engine_kind engine, bool transactional, const char *sql,
                         const struct statement_facts *expected)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct statement_facts facts =
        statement_facts_of(arena, engine, transactional, sql, strlen(sql));

    if (facts.class != expected->class)
        fail_msg("%s, not %s: %s", statement_class_name(facts.class),
                 statement_class_name(expected->class), sql);
    if (facts.kind != expected->kind)
        fail_msg("object kind %d, not %d: %s", (int)facts.kind, (int)expected->kind, sql);
    if (facts.in_stages != expected->in_stages || facts.from_data != expected->from_data)
        fail_msg("in_stages %d, from_data %d: %s", facts.in_stages, facts.from_data, sql);
    expect_text("object", facts.object, expected->object, sql);
    expect_text("renamed", facts.renamed, expected->renamed, sql);
    expect_text("table", facts.table, expected->table, sql);
}

struct sample {
    const char *sql;
    struct statement_facts expected;
};

#define CHANGES(what, name)                                        \
    {                                                              \
        .class = CLASS_PROBEABLE, .kind = (what), .object = (name) \
    }

static void without_transactions_words_decide_and_doubt_is_opaque(void **state)
{
    static const struct sample samples[] = {
        {"SET NAMES utf8mb4", {.class = CLASS_SESSION}},
        {"/*!40101 SET NAMES utf8 */", {.class = CLASS_SESSION}},
        {"/*M!100100 SET x = 1 */", {.class = CLASS_SESSION}},
        {"-- a comment\n/* and another */ use shop", {.class = CLASS_SESSION}},
        {"SET @n = (SELECT max(id) FROM items)", {.class = CLASS_SESSION, .from_data = true}},
        {"SELECT id INTO @n FROM items", {.class = CLASS_DATA, .from_data = true}},
        {"CREATE TEMPORARY TABLE t (id INT)", {.class = CLASS_SESSION, .from_data = true}},
        {"GRANT SELECT ON items TO app", {.class = CLASS_RERUNNABLE}},
        {"ALTER DATABASE shop CHARACTER SET utf8mb4", {.class = CLASS_RERUNNABLE}},
        {"CREATE USER IF NOT EXISTS app", {.class = CLASS_RERUNNABLE}},
        {"CREATE USER app", {.class = CLASS_OPAQUE}},
        {"insert into items values (1)", {.class = CLASS_DATA, .table = "items"}},
        {"INSERT IGNORE `shop`.`a b` SET id = 1", {.class = CLASS_DATA, .table = "`shop`.`a b`"}},
        {"DELETE QUICK FROM items", {.class = CLASS_DATA, .table = "items"}},
        {"(SELECT 1) UNION (SELECT 2)", {.class = CLASS_DATA}},
        {"CREATE TABLE a (id INTEGER, b INTEGER)", CHANGES(OBJECT_TABLE, "a")},
        {"create table if not exists `shop`.`a b` (id int)", CHANGES(OBJECT_TABLE, "`shop`.`a b`")},
        {"ALTER TABLE a ADD COLUMN b INT, RENAME COLUMN c TO d", CHANGES(OBJECT_TABLE, "a")},
        {"CREATE UNIQUE INDEX i ON a (b, c)", CHANGES(OBJECT_TABLE, "a")},
        {"DROP INDEX i ON `a`", CHANGES(OBJECT_TABLE, "`a`")},
        {"CREATE DEFINER=`root`@`%` TRIGGER g BEFORE INSERT ON a FOR EACH ROW SET NEW.b = 1",
         CHANGES(OBJECT_TRIGGER, "g")},
        {"CREATE OR REPLACE ALGORITHM=MERGE VIEW v AS SELECT 1", CHANGES(OBJECT_VIEW, "v")},
        {"DROP PROCEDURE IF EXISTS p", CHANGES(OBJECT_PROCEDURE, "p")},
        {"DROP TABLE a", CHANGES(OBJECT_TABLE, "a")},
        {"DROP TABLE a, b", {.class = CLASS_OPAQUE}},
        {"DROP TABLE IF EXISTS a, b", {.class = CLASS_RERUNNABLE}},
        {"RENAME TABLE a TO b, c TO d", {.class = CLASS_OPAQUE}},
        {"CALL repair()", {.class = CLASS_OPAQUE}},
        {"TRUNCATE items", {.class = CLASS_OPAQUE}},
        {"EXECUTE prepared", {.class = CLASS_OPAQUE}},
        {"settle()", {.class = CLASS_OPAQUE}},
        {"SET autocommit = 0", {.class = CLASS_SESSION}},
        {"SET default_storage_engine = InnoDB", {.class = CLASS_SESSION}},
        {"SET GLOBAL max_connections = 10", {.class = CLASS_RERUNNABLE}},
        {"set @@global.max_connections = 10", {.class = CLASS_RERUNNABLE}},
        {"SET PASSWORD FOR a = ''", {.class = CLASS_RERUNNABLE}},
        {"SET DEFAULT ROLE r FOR a", {.class = CLASS_RERUNNABLE}},
        {"SET STATEMENT lock_wait_timeout = 1 FOR ALTER TABLE a ADD b INTEGER",
         CHANGES(OBJECT_TABLE, "a")},
        {"SET STATEMENT sql_mode = ' for drop ' FOR\nUPDATE a SET b = 1",
         {.class = CLASS_DATA, .table = "a"}},
        {"SET STATEMENT max_statement_time = 1", {.class = CLASS_OPAQUE}},
        {"CREATE OR REPLACE VIEW v AS SELECT 1", CHANGES(OBJECT_VIEW, "v")},
        {"CREATE OR REPLACE TABLE a (b INTEGER)", {.class = CLASS_OPAQUE}},
        {"create /*M! or replace */ temporary table a (b integer)", {.class = CLASS_OPAQUE}},
        {"DROP DATABASE shop", {.class = CLASS_OPAQUE}},
        {"DROP INDEX schema_name ON a", CHANGES(OBJECT_TABLE, "a")},
        {"selection", {.class = CLASS_OPAQUE}},
        {"", {.class = CLASS_OPAQUE}},
        {"/* never closed", {.class = CLASS_OPAQUE}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(samples); i++)
        expect_facts(ENGINE_MYSQL, false, samples[i].sql, &samples[i].expected);
}

static void a_table_that_is_renamed_has_two_names(void **state)
{
    static const char *const texts[] = {
        "RENAME TABLE a TO b",
        "ALTER TABLE a RENAME TO b",
        "ALTER TABLE a ADD COLUMN c INT, RENAME AS b",
        "ALTER TABLE a RENAME b",
    };
    const struct statement_facts expected = {
        .class = CLASS_PROBEABLE, .kind = OBJECT_TABLE, .object = "a", .renamed = "b"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        expect_facts(ENGINE_MYSQL, false, texts[i], &expected);
}

static void with_transactions_all_is_data_but_what_refuses_them(void **state)
{
    static const struct sample samples[] = {
        {"CREATE TABLE a (id int)", {.class = CLASS_DATA}},
        {"ALTER TYPE mood ADD VALUE 'fine'", {.class = CLASS_DATA}},
        {"TRUNCATE a", {.class = CLASS_DATA}},
        {"GRANT SELECT ON a TO app", {.class = CLASS_DATA}},
        {"REFRESH MATERIALIZED VIEW CONCURRENTLY m", {.class = CLASS_DATA}},
        {"SET lock_timeout = '1s'", {.class = CLASS_SESSION}},
        {"VACUUM (ANALYZE) a", {.class = CLASS_RERUNNABLE}},
        {"REINDEX INDEX CONCURRENTLY i", {.class = CLASS_RERUNNABLE, .in_stages = true}},
        {"CALL settle()", {.class = CLASS_OPAQUE}},
        {"DO $$ BEGIN COMMIT; END $$", {.class = CLASS_OPAQUE}},
        {"CREATE DATABASE other", {.class = CLASS_OPAQUE}},
        {"ALTER TABLE a DETACH PARTITION b CONCURRENTLY",
         {.class = CLASS_OPAQUE, .in_stages = true}},
        {"CREATE INDEX CONCURRENTLY ON a (b)", {.class = CLASS_OPAQUE, .in_stages = true}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(samples); i++)
        expect_facts(ENGINE_POSTGRESQL, true, samples[i].sql, &samples[i].expected);
}

static void an_index_made_in_stages_is_known_by_its_name(void **state)
{
    const struct statement_facts made = {.class = CLASS_PROBEABLE,
                                         .kind = OBJECT_INDEX,
                                         .object = "\"My Index\"",
                                         .table = "shop.items",
                                         .in_stages = true};
    const struct statement_facts dropped = {
        .class = CLASS_PROBEABLE, .kind = OBJECT_INDEX, .object = "shop.old", .in_stages = true};

    (void)state;
    expect_facts(
        ENGINE_POSTGRESQL, true,
        "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS \"My Index\" ON ONLY shop.items (a)",
        &made);
    expect_facts(ENGINE_POSTGRESQL, true, "drop index concurrently if exists shop.old", &dropped);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_transactions_words_decide_and_doubt_is_opaque),
        cmocka_unit_test(a_table_that_is_renamed_has_two_names),
        cmocka_unit_test(with_transactions_all_is_data_but_what_refuses_them),
        cmocka_unit_test(an_index_made_in_stages_is_known_by_its_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
