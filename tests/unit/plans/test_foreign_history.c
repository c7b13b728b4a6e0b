#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "common/memory.h"
#include "plans/foreign_history.h"

static char *query_of(enum foreign_tool tool, enum engine_kind engine, const char *table)
{
    const struct foreign_request request = {.tool = tool, .table = table};
    struct foreign_place place;
    struct error err = {0};

    assert_true(foreign_history_place(&request, engine, &place, &err));
    return foreign_history_query(tool, engine, &place);
}

static void each_tools_history_has_a_query(void **state)
{
    (void)state;
    AUTO(text) char *usual = query_of(FOREIGN_FLYWAY, ENGINE_POSTGRESQL, "");
    AUTO(text) char *other = query_of(FOREIGN_GOOSE, ENGINE_SQLITE, "main.History");
    AUTO(text) char *apart = query_of(FOREIGN_SQITCH, ENGINE_MYSQL, "");

    assert_non_null(strstr(usual, "LIKE 'UNDO%'"));
    assert_non_null(strstr(usual, " FROM \"flyway_schema_history\" h WHERE "));
    assert_non_null(strstr(other, " FROM \"main\".\"History\" h ORDER BY h.id"));
    assert_string_equal(apart, "SELECT h.change, 'applied' FROM `sqitch`.`changes` h"
                               " ORDER BY h.committed_at");
}

static void sqitchs_history_of_sqlite_is_asked_only_where_one_says(void **state)
{
    (void)state;
    struct foreign_request request = {.tool = FOREIGN_SQITCH, .table = ""};
    struct foreign_place place;
    struct error err = {0};

    assert_false(foreign_history_place(&request, ENGINE_SQLITE, &place, &err));
    assert_int_equal(err.code, ERROR_UNSUPPORTED);
    error_clear(&err);
    request.table = "changes";
    assert_true(foreign_history_place(&request, ENGINE_SQLITE, &place, &err));
    assert_string_equal(place.schema, "");
    assert_string_equal(place.table, "changes");
}

static void nothing_but_a_tables_name_gets_into_a_query(void **state)
{
    (void)state;
    static const char *const tables[] = {"a; DROP TABLE b", "a\" h; --", "a`", "a b", "(SELECT 1)"};

    for (size_t i = 0; i < COUNT_OF(tables); i++) {
        const struct foreign_request request = {.tool = FOREIGN_DIESEL, .table = tables[i]};
        struct foreign_place place;
        struct error err = {0};

        assert_false(foreign_history_place(&request, ENGINE_MYSQL, &place, &err));
        assert_int_equal(err.code, ERROR_USAGE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_tools_history_has_a_query),
        cmocka_unit_test(sqitchs_history_of_sqlite_is_asked_only_where_one_says),
        cmocka_unit_test(nothing_but_a_tables_name_gets_into_a_query),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
