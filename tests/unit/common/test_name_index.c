#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "common/name_index.h"

static void what_was_added_is_found(void **state)
{
    (void)state;
    enum { COUNT = 5000 };
    static char names[COUNT][24];
    AUTO(name_index) struct name_index *index = name_index_new(0);

    for (int i = 0; i < COUNT; i++) {
        snprintf(names[i], sizeof names[i], "name-%d", i);
        assert_null(name_index_add(index, names[i], names[i]));
    }
    for (int i = 0; i < COUNT; i++) {
        char again[24];

        snprintf(again, sizeof again, "name-%d", i);
        assert_ptr_equal(name_index_find(index, again), names[i]);
    }
    assert_null(name_index_find(index, "name-5000"));
    assert_null(name_index_find(index, ""));
}

static void the_first_of_a_name_keeps_it(void **state)
{
    (void)state;
    AUTO(name_index) struct name_index *index = name_index_new(2);
    int first, second;

    assert_null(name_index_add(index, "a", &first));
    assert_ptr_equal(name_index_add(index, "a", &second), &first);
    assert_ptr_equal(name_index_find(index, "a"), &first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_added_is_found),
        cmocka_unit_test(the_first_of_a_name_keeps_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
