#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "plans/schema/taken.h"

static void a_name_that_was_noted_is_never_denied(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();
    struct model model = {.arena = arena};

    for (int i = 0; i < 5000; i++)
        taken_note(&model, arena_printf(arena, "name_%d", i));
    for (int i = 0; i < 5000; i++)
        assert_true(taken_maybe(&model, arena_printf(arena, "name_%d", i)));
}

static void most_names_that_were_not_noted_are_told(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();
    struct model model = {.arena = arena};
    int wrong = 0;

    assert_false(taken_maybe(&model, "any"));
    for (int i = 0; i < 5000; i++)
        taken_note(&model, arena_printf(arena, "t%d_check", i));
    for (int i = 0; i < 5000; i++)
        wrong += taken_maybe(&model, arena_printf(arena, "t%d_owner_fkey", i));
    assert_in_range(wrong, 0, 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_that_was_noted_is_never_denied),
        cmocka_unit_test(most_names_that_were_not_noted_are_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
