#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/engine_kind.h"

static void engines_go_by_name(void **state)
{
    (void)state;
    enum engine_kind kind;

    for (int i = 0; i < ENGINE_KIND_COUNT; i++) {
        assert_true(engine_kind_from_name(engine_kind_name((enum engine_kind)i), &kind));
        assert_int_equal(kind, i);
    }
    assert_false(engine_kind_from_name("oracle", &kind));
    assert_false(engine_kind_from_name("", &kind));
    assert_false(engine_kind_from_name("PostgreSQL", &kind));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(engines_go_by_name)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
