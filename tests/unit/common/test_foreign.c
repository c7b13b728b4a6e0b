#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/foreign.h"
#include "common/memory.h"

static void tools_and_states_have_names(void **state)
{
    (void)state;
    enum foreign_state read;

    for (int i = 0; i < FOREIGN_STATE_COUNT; i++) {
        assert_true(foreign_state_from_name(foreign_state_name((enum foreign_state)i), &read));
        assert_int_equal(read, i);
    }
    assert_false(foreign_state_from_name("asleep", &read));
    for (int i = 0; i < FOREIGN_TOOL_COUNT; i++)
        assert_non_null(foreign_tool_name((enum foreign_tool)i));
}

#define SIXTY "abcdefghij_klmnopqrs_ABCDEFGHIJ_KLMNOPQRS_0123456789_0123456"

static void a_table_has_a_plain_name_and_may_have_a_schemas(void **state)
{
    (void)state;
    static const char *const good[] = {"schema_migrations", "app.History2", "_a._b", SIXTY "890",
                                       SIXTY "890." SIXTY "890"};
    static const char *const bad[] = {
        "",    ".a",         "a.",    "a.b.c", "1a",   "a.1b",
        "a b", "a\"b",       "a`b",   "a;b",   "a--",  "caf\xc3\xa9",
        "a\n", SIXTY "8901", "a/**/", "a..b",  "a.b;", "a." SIXTY "8901"};

    for (size_t i = 0; i < COUNT_OF(good); i++)
        assert_true(foreign_table_is_valid(good[i]));
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (foreign_table_is_valid(bad[i]))
            fail_msg("\"%s\" is taken", bad[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tools_and_states_have_names),
        cmocka_unit_test(a_table_has_a_plain_name_and_may_have_a_schemas),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
