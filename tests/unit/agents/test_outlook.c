#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "agents/outlook.h"

static void expect(enum engine_kind engine, const char *sql, const char *table,
                   enum outlook_room room, enum outlook_wait wait)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct outlook outlook = outlook_of(arena, engine, sql, strlen(sql));
    bool same = table == NULL ? outlook.table == NULL
                              : outlook.table != NULL && strcmp(outlook.table, table) == 0;

    if (!same || outlook.room != room || outlook.wait != wait)
        fail_msg("%s: %s, room %d, wait %d", sql, outlook.table != NULL ? outlook.table : "none",
                 (int)outlook.room, (int)outlook.wait);
}

static void postgresql_waits_and_writes_as_it_says(void **state)
{
    static const struct {
        const char *sql;
        const char *table;
        enum outlook_room room;
        enum outlook_wait wait;
    } cases[] = {
        {"CREATE INDEX CONCURRENTLY i ON ONLY s.t (a)", "s.t", ROOM_INDEX, WAIT_SNAPSHOTS},
        {"CREATE UNIQUE INDEX IF NOT EXISTS i ON \"T.x\" (a)", "\"T.x\"", ROOM_INDEX, WAIT_WRITERS},
        {"DROP INDEX CONCURRENTLY IF EXISTS i", "i", ROOM_NONE, WAIT_EVERYBODY},
        {"ALTER TABLE IF EXISTS ONLY t ADD COLUMN a integer", "t", ROOM_NONE, WAIT_EVERYBODY},
        {"ALTER TABLE t ALTER a TYPE bigint", "t", ROOM_COPY, WAIT_EVERYBODY},
        {"ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES u", "t", ROOM_NONE,
         WAIT_WRITERS},
        {"ALTER TABLE t ADD PRIMARY KEY (a)", "t", ROOM_INDEX, WAIT_EVERYBODY},
        {"ALTER TABLE t VALIDATE CONSTRAINT f", "t", ROOM_NONE, WAIT_NONE},
        {"TRUNCATE TABLE t", "t", ROOM_NONE, WAIT_EVERYBODY},
        {"VACUUM (FULL, ANALYZE) t", "t", ROOM_COPY, WAIT_EVERYBODY},
        {"REINDEX INDEX CONCURRENTLY i", "i", ROOM_INDEX, WAIT_SNAPSHOTS},
        {"REFRESH MATERIALIZED VIEW v", "v", ROOM_COPY, WAIT_EVERYBODY},
        {"REFRESH MATERIALIZED VIEW CONCURRENTLY v", NULL, ROOM_NONE, WAIT_NONE},
        {"UPDATE t SET a = 1", "t", ROOM_COPY, WAIT_NONE},
        {"UPDATE t SET a = 1 WHERE b", NULL, ROOM_NONE, WAIT_NONE},
        {"VACUUM t", NULL, ROOM_NONE, WAIT_NONE},
        {"CREATE TABLE t (a integer)", NULL, ROOM_NONE, WAIT_NONE},
        {"CREATE VIEW index AS SELECT 1", NULL, ROOM_NONE, WAIT_NONE},
        {"ALTER TABLE a.b.c ADD x integer", NULL, ROOM_NONE, WAIT_EVERYBODY},
        {"-- nothing", NULL, ROOM_NONE, WAIT_NONE},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        expect(ENGINE_POSTGRESQL, cases[i].sql, cases[i].table, cases[i].room, cases[i].wait);
}

static void mysql_copies_what_it_cannot_change_in_place(void **state)
{
    (void)state;
    expect(ENGINE_MYSQL, "ALTER TABLE `a b` MODIFY x BIGINT", "`a b`", ROOM_COPY, WAIT_NONE);
    expect(ENGINE_MYSQL, "ALTER TABLE t MODIFY x BIGINT, ALGORITHM=INSTANT", NULL, ROOM_NONE,
           WAIT_NONE);
    expect(ENGINE_MYSQL, "ALTER TABLE t ADD COLUMN x INT", NULL, ROOM_NONE, WAIT_NONE);
    expect(ENGINE_MYSQL, "ALTER TABLE t ADD INDEX i (x)", "t", ROOM_INDEX, WAIT_NONE);
    expect(ENGINE_MYSQL, "ALTER TABLE t DROP INDEX i", NULL, ROOM_NONE, WAIT_NONE);
    expect(ENGINE_MYSQL, "CREATE FULLTEXT INDEX i USING BTREE ON s.t (x)", "s.t", ROOM_INDEX,
           WAIT_NONE);
    expect(ENGINE_MYSQL, "OPTIMIZE LOCAL TABLE t", "t", ROOM_COPY, WAIT_NONE);
}

static void sqlite_writes_a_whole_file_again_for_vacuum(void **state)
{
    (void)state;
    expect(ENGINE_SQLITE, "VACUUM", "main", ROOM_COPY, WAIT_NONE);
    expect(ENGINE_SQLITE, "ALTER TABLE t DROP COLUMN a", "t", ROOM_COPY, WAIT_NONE);
    expect(ENGINE_SQLITE, "ALTER TABLE t ADD COLUMN a", NULL, ROOM_NONE, WAIT_NONE);
}

static void only_a_copy_needs_room_for_indexes_too(void **state)
{
    struct outlook outlook = {.table_bytes = 10, .index_bytes = 5};

    (void)state;
    assert_int_equal(outlook_bytes(&outlook), 0);
    outlook.room = ROOM_INDEX;
    assert_int_equal(outlook_bytes(&outlook), 10);
    outlook.room = ROOM_COPY;
    assert_int_equal(outlook_bytes(&outlook), 15);
}

static void expect_made(const char *sql, const char *table)
{
    AUTO(arena) struct arena *arena = arena_new();
    const char *made = table_made_by(arena, ENGINE_POSTGRESQL, sql, strlen(sql));

    assert_int_equal(made == NULL, table == NULL);
    if (table != NULL)
        assert_string_equal(made, table);
}

static void a_table_that_is_made_has_its_name_as_written(void **state)
{
    (void)state;
    expect_made("CREATE UNLOGGED TABLE IF NOT EXISTS \"s\".t (a integer)", "\"s\".t");
    expect_made("CREATE INDEX i ON t (a)", NULL);
    expect_made("ALTER TABLE t ADD a integer", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(postgresql_waits_and_writes_as_it_says),
        cmocka_unit_test(mysql_copies_what_it_cannot_change_in_place),
        cmocka_unit_test(sqlite_writes_a_whole_file_again_for_vacuum),
        cmocka_unit_test(only_a_copy_needs_room_for_indexes_too),
        cmocka_unit_test(a_table_that_is_made_has_its_name_as_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
