#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdalign.h>
#include <string.h>

#include "common/arena.h"

static void memory_is_zeroed_aligned_and_apart(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();
    static const size_t sizes[] = {1, 3, 16, 100, 5000, 40000, 7, 0, 16384};
    unsigned char *pieces[COUNT_OF(sizes)];

    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        pieces[i] = arena_calloc(arena, sizes[i], 1);
        assert_int_equal((uintptr_t)pieces[i] % alignof(max_align_t), 0);
        for (size_t at = 0; at < sizes[i]; at++)
            assert_int_equal(pieces[i][at], 0);
        memset(pieces[i], (int)i + 1, sizes[i]);
    }
    for (size_t i = 0; i < COUNT_OF(sizes); i++)
        for (size_t at = 0; at < sizes[i]; at++)
            assert_int_equal(pieces[i][at], i + 1);
}

static void copies_end_with_a_nul(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();

    assert_string_equal(arena_strdup(arena, "text"), "text");
    assert_memory_equal(arena_copy(arena, "a\0bc", 3), "a\0b", 4);
    assert_string_equal(arena_copy(arena, NULL, 0), "");
    assert_string_equal(arena_printf(arena, "%s-%03d", "orders", 7), "orders-007");
}

static void the_size_counts_what_was_handed_out(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();

    assert_int_equal(arena_size(arena), 0);
    assert_non_null(arena_calloc(arena, 100, 10));
    assert_in_range(arena_size(arena), 1000, 1100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_aligned_and_apart),
        cmocka_unit_test(copies_end_with_a_nul),
        cmocka_unit_test(the_size_counts_what_was_handed_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
