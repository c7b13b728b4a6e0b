#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "plans/release.h"

static void expect(enum engine_kind engine, const char *version, const char *release)
{
    size_t length = release_length(engine, version);

    assert_int_equal(length, strlen(release));
    assert_memory_equal(version, release, length);
}

static void a_release_is_a_major_version_as_each_engine_counts_them(void **state)
{
    (void)state;
    expect(ENGINE_POSTGRESQL, "PostgreSQL 15.7", "PostgreSQL 15");
    expect(ENGINE_POSTGRESQL, "PostgreSQL 17beta1", "PostgreSQL 17");
    expect(ENGINE_MYSQL, "MariaDB 10.11.6", "MariaDB 10.11");
    expect(ENGINE_MYSQL, "MySQL 8.0.36", "MySQL 8.0");
}

static void what_has_no_release_has_an_empty_one(void **state)
{
    (void)state;
    expect(ENGINE_SQLITE, "SQLite 3.40.1", "");
    expect(ENGINE_POSTGRESQL, "", "");
    expect(ENGINE_POSTGRESQL, "PostgreSQL", "");
    expect(ENGINE_MYSQL, "MySQL 9", "MySQL 9");
    expect(ENGINE_MYSQL, "MySQL 9-rc.1", "MySQL 9");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_release_is_a_major_version_as_each_engine_counts_them),
        cmocka_unit_test(what_has_no_release_has_an_empty_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
