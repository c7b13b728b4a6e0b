#include "contract_env.h"

#include <string.h>

#include "agents/foreign_rows.h"
#include "common/memory.h"

/* The tables as the tools make them, in words that all three engines know. */
static const struct {
    enum foreign_tool tool;
    const char *table;
    const char *columns;
    const char *rows;
    const char *story;
} cases[] = {
    {FOREIGN_GOLANG_MIGRATE, "schema_migrations",
     "version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL", "(20240301, false)",
     "20240301 reached"},
    {FOREIGN_GOLANG_MIGRATE, "schema_migrations",
     "version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL", "(7, true)", "7 dirty"},
    {FOREIGN_DBMATE, "schema_migrations", "version varchar(128) PRIMARY KEY", "('2'), ('10')",
     "10 applied, 2 applied"},
    {FOREIGN_GOOSE, "goose_db_version",
     "id integer PRIMARY KEY, version_id bigint NOT NULL, is_applied boolean NOT NULL",
     "(1, 0, true), (3, 5, false), (2, 5, true)", "0 applied, 5 applied, 5 reverted"},
    {FOREIGN_FLYWAY, "flyway_schema_history",
     "installed_rank int PRIMARY KEY, version varchar(50), type varchar(20), success boolean",
     "(1, '1', 'BASELINE', true), (2, '1.1', 'SQL', true), (3, NULL, 'SQL', true),"
     " (4, '1.1', 'UNDO_SQL', true), (5, '2', 'SQL', false), (6, '3', 'JDBC', true)",
     "1 reached, 1.1 applied, 1.1 reverted, 2 failed, 3 applied"},
    {FOREIGN_DIESEL, "__diesel_schema_migrations", "version varchar(50) PRIMARY KEY",
     "('00000000000000'), ('20190526216651')", "00000000000000 applied, 20190526216651 applied"},
};

static void make_table(struct session *session, const char *table, const char *columns,
                       const char *rows)
{
    AUTO(text) char *drop = xasprintf("DROP TABLE IF EXISTS %s", table);
    AUTO(text) char *create = xasprintf("CREATE TABLE %s (%s)", table, columns);
    AUTO(text)
    char *insert = xasprintf("INSERT INTO %s %s%s", table,
                             strncmp(rows, "SELECT", 6) != 0 ? "VALUES " : "", rows);

    contract_do(session, drop);
    contract_do(session, create);
    contract_do(session, insert);
}

static void drop_table(struct session *session, const char *table)
{
    AUTO(text) char *drop = xasprintf("DROP TABLE %s", table);

    contract_do(session, drop);
}

static char *tell(const struct foreign_history *history)
{
    struct buffer story AUTO_BUFFER = {0};

    for (size_t i = 0; i < history->row_count; i++)
        buffer_printf(&story, "%s%s %s", i > 0 ? ", " : "", history->rows[i].version,
                      foreign_state_name(history->rows[i].state));
    return buffer_take(&story);
}

static void each_tools_rows_are_read(void **state)
{
    AUTO(session) struct session *session = contract_open(*state);

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(arena) struct arena *arena = arena_new();
        const struct foreign_request request = {.tool = cases[i].tool, .table = ""};
        struct foreign_history history;
        struct error err = {0};

        make_table(session, cases[i].table, cases[i].columns, cases[i].rows);
        if (!foreign_rows_read(session, &request, arena, &history, &err))
            fail_msg("%s: %s", cases[i].table, err.message);
        AUTO(text) char *story = tell(&history);
        assert_true(history.present);
        assert_string_equal(story, cases[i].story);
        drop_table(session, cases[i].table);
    }
}

static void a_table_of_another_name_is_read_where_one_says(void **state)
{
    AUTO(session) struct session *session = contract_open(*state);
    AUTO(arena) struct arena *arena = arena_new();
    const struct foreign_request request = {.tool = FOREIGN_DIESEL, .table = "c_other"};
    struct foreign_history history;
    struct error err = {0};

    make_table(session, "c_other", cases[5].columns, cases[5].rows);
    assert_true(foreign_rows_read(session, &request, arena, &history, &err));
    assert_int_equal(history.row_count, 2);
    drop_table(session, "c_other");
}

/* In MySQL a column of that name must be quoted where nothing stands before it. */
static void sqitchs_changes_are_read_in_the_order_of_their_deployment(void **state)
{
    const struct contract_env *env = *state;
    AUTO(session) struct session *session = contract_open(env);
    AUTO(arena) struct arena *arena = arena_new();
    const struct foreign_request request = {.tool = FOREIGN_SQITCH, .table = "c_changes"};
    char quote = env->dialect->kind == ENGINE_MYSQL ? '`' : '"';
    AUTO(text)
    char *columns =
        xasprintf("%cchange%c varchar(80), committed_at timestamp NOT NULL", quote, quote);
    struct foreign_history history;
    struct error err = {0};

    make_table(session, "c_changes", columns,
               "('views/totals', '2024-03-02 00:00:00'), ('users', '2024-03-01 00:00:00')");
    if (!foreign_rows_read(session, &request, arena, &history, &err))
        fail_msg("%s", err.message);
    AUTO(text) char *story = tell(&history);
    assert_string_equal(story, "users applied, views/totals applied");
    drop_table(session, "c_changes");
}

static void a_missing_table_is_an_answer(void **state)
{
    AUTO(session) struct session *session = contract_open(*state);
    static const char *const tables[] = {"", "nobodys.history", "main.history"};

    for (size_t i = 0; i < COUNT_OF(tables); i++) {
        AUTO(arena) struct arena *arena = arena_new();
        const struct foreign_request request = {.tool = FOREIGN_GOOSE, .table = tables[i]};
        struct foreign_history history;
        struct error err = {0};

        assert_true(foreign_rows_read(session, &request, arena, &history, &err));
        assert_false(history.present);
        assert_int_equal(history.row_count, 0);
    }
}

/* Reads a table that stands in the tool's place but is not its own, or is too big. */
static void assert_refused(struct session *session, const char *columns, const char *rows,
                           enum error_code code, const char *fragment)
{
    AUTO(arena) struct arena *arena = arena_new();
    const struct foreign_request request = {.tool = FOREIGN_DBMATE, .table = ""};
    struct foreign_history history;
    struct error err = {0};

    make_table(session, "schema_migrations", columns, rows);
    assert_false(foreign_rows_read(session, &request, arena, &history, &err));
    assert_int_equal(err.code, code);
    if (strstr(err.message, fragment) == NULL)
        fail_msg("%s", err.message);
    assert_int_equal(contract_count_rows(session, "SELECT 1"), 1);
    drop_table(session, "schema_migrations");
}

static void a_table_that_is_not_the_tools_is_refused(void **state)
{
    AUTO(session) struct session *session = contract_open(*state);
    AUTO(text) char *longest = xasprintf("('%0*d')", FOREIGN_VERSION_MAX + 1, 1);

    assert_refused(session, "id integer", "(1)", ERROR_SQL,
                   "cannot read dbmate's history in table schema_migrations");
    assert_refused(session, "version varchar(9)", "(NULL)", ERROR_CONFLICT,
                   "row 1 has no version of the tool");
    assert_refused(session, "version text", longest, ERROR_CONFLICT,
                   "row 1 has no version of the tool");
}

static void more_rows_than_a_line_holds_are_refused(void **state)
{
    AUTO(session) struct session *session = contract_open(*state);

    assert_refused(session, "version integer",
                   "SELECT a.n * 100 + b.n FROM (WITH RECURSIVE c (n) AS (SELECT 0 UNION ALL "
                   "SELECT n + 1 FROM c WHERE n < 100) SELECT n FROM c) a, (WITH RECURSIVE c (n) "
                   "AS (SELECT 0 UNION ALL SELECT n + 1 FROM c WHERE n < 99) SELECT n FROM c) b",
                   ERROR_UNSUPPORTED, "more than 10000 rows");
}

#define TEST(function, dialect)                                           \
    {                                                                     \
#function, function, contract_set_up, contract_tear_down, dialect \
    }
#define TESTS(dialect)                                                            \
    TEST(each_tools_rows_are_read, dialect),                                      \
        TEST(sqitchs_changes_are_read_in_the_order_of_their_deployment, dialect), \
        TEST(a_table_of_another_name_is_read_where_one_says, dialect),            \
        TEST(a_missing_table_is_an_answer, dialect),                              \
        TEST(a_table_that_is_not_the_tools_is_refused, dialect),                  \
        TEST(more_rows_than_a_line_holds_are_refused, dialect)

int main(void)
{
    union {
        const void *read_only;
        void *state;
    } postgresql = {.read_only = contract_dialect_of(ENGINE_POSTGRESQL)},
      mysql = {.read_only = contract_dialect_of(ENGINE_MYSQL)},
      sqlite = {.read_only = contract_dialect_of(ENGINE_SQLITE)};
    const struct CMUnitTest tests[] = {
        TESTS(postgresql.state),
        TESTS(mysql.state),
        TESTS(sqlite.state),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
