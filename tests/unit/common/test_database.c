#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/database.h"

static void a_url_tells_its_engine(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        enum engine_kind engine;
    } cases[] = {
        {"sqlite:data/dev.db", ENGINE_SQLITE},
        {"sqlite:/var/lib/x@y:z.db", ENGINE_SQLITE},
        {"postgresql://migrator@/orders?host=/run/postgresql", ENGINE_POSTGRESQL},
        {"postgres://[::1]:5432/orders?sslmode=verify-full", ENGINE_POSTGRESQL},
        {"postgresql://a:5432,b:5433/orders?passfile=x", ENGINE_POSTGRESQL},
        {"mysql://app@db:3306/shop", ENGINE_MYSQL},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        enum engine_kind engine = ENGINE_KIND_COUNT;
        struct error err = {0};

        assert_true(database_url_check(cases[i].url, &engine, &err));
        assert_int_equal(engine, cases[i].engine);
    }
}

static void a_url_that_no_engine_reads_is_refused(void **state)
{
    (void)state;
    static const char *const urls[] = {
        "",
        "orders",
        "oracle://db/x",
        "sqlite:",
        "sqlite://data/dev.db",
        "sqlite::memory:",
        "Postgresql://db/x",
    };

    for (size_t i = 0; i < COUNT_OF(urls); i++) {
        enum engine_kind engine;
        struct error err = {0};

        assert_false(database_url_check(urls[i], &engine, &err));
        assert_int_equal(err.code, ERROR_CONFIG);
    }
}

static void a_password_is_found_wherever_it_hides(void **state)
{
    (void)state;
    static const char *const urls[] = {
        "postgresql://u:secret@h/d",
        "postgresql://:@h/d",
        "postgresql://u:se/cret@h/d",
        "postgresql://u:se@cret@h/d",
        "postgresql://h/d?password=s",
        "postgresql://h/d?a=b&passwor%64=s",
        "postgresql://h/d?sslpassword=s",
        "mysql://u:s@h/d",
        "mysql://h/d?PWD=s",
    };

    for (size_t i = 0; i < COUNT_OF(urls); i++) {
        enum engine_kind engine;
        struct error err = {0};

        assert_false(database_url_check(urls[i], &engine, &err));
        assert_non_null(strstr(err.message, "has a password in it"));
        assert_null(strstr(err.message, "secret"));
    }
}

static void a_range_fills_each_number_in(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();
    const struct database_section section = {
        .range = {5, 14, 1},
        .url = {"sqlite:data/%02d.db", 2},
        .password_file = {"%d.pass", 3},
    };
    struct database last = database_section_at(&section, "edge-%d", 9, "conf/fleet.ini", arena);

    assert_int_equal(database_section_size(&section), 10);
    assert_string_equal(last.name, "edge-14");
    assert_string_equal(last.url, "sqlite:conf/data/14.db");
    assert_string_equal(last.password.file, "conf/14.pass");
    assert_null(last.schema);
}

static void percent_signs_stay_where_there_is_no_range(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();
    const struct database_section section = {.url = {"postgresql://h/a%02d", 2}};
    struct database only = database_section_at(&section, "a", 0, "fleet.ini", arena);

    assert_int_equal(database_section_size(&section), 1);
    assert_string_equal(only.url, "postgresql://h/a%02d");
}

static void a_name_that_grows_too_long_is_found(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();
    const struct database_section section = {.range = {0, 1000, 1}};
    const char sixty[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa%d";

    assert_null(database_bad_name(&section, "a-%d", arena));
    assert_non_null(database_bad_name(&section, sixty, arena));
    assert_non_null(database_bad_name(&section, "A-%d", arena));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_url_tells_its_engine),
        cmocka_unit_test(a_url_that_no_engine_reads_is_refused),
        cmocka_unit_test(a_password_is_found_wherever_it_hides),
        cmocka_unit_test(a_range_fills_each_number_in),
        cmocka_unit_test(percent_signs_stay_where_there_is_no_range),
        cmocka_unit_test(a_name_that_grows_too_long_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
