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

static void a_name_is_free_when_all_who_had_it_gave_it_back(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();
    struct model model = {.arena = arena};

    taken_forget(&model, "a");
    taken_note(&model, "a");
    taken_note(&model, "a");
    taken_forget(&model, "a");
    assert_true(taken_maybe(&model, "a"));
    taken_forget(&model, "a");
    assert_false(taken_maybe(&model, "a"));
    for (int i = 0; i < 70000; i++)
        taken_note(&model, "b");
    for (int i = 0; i < 70000; i++)
        taken_forget(&model, "b");
    assert_true(taken_maybe(&model, "b")); /* counted to the end */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_that_was_noted_is_never_denied),
        cmocka_unit_test(most_names_that_were_not_noted_are_told),
        cmocka_unit_test(a_name_is_free_when_all_who_had_it_gave_it_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
