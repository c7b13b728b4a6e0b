#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "common/buffer.h"
#include "common/memory.h"

static void what_is_appended_reads_as_a_string(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer buffer = {0};

    assert_string_equal(buffer_text(&buffer), "");
    buffer_append_text(&buffer, "a");
    buffer_append_char(&buffer, 'b');
    buffer_append(&buffer, "cX", 1);
    buffer_printf(&buffer, "%d%s", 4, "e");
    assert_string_equal(buffer_text(&buffer), "abc4e");
    assert_int_equal(buffer.length, 5);
}

static void it_grows_and_keeps_every_byte(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer buffer = {0};

    for (int i = 0; i < 10000; i++)
        buffer_append_char(&buffer, (char)i);
    assert_int_equal(buffer.length, 10000);
    for (int i = 0; i < 10000; i++)
        assert_int_equal(buffer.bytes[i], (char)i);
}

static void the_front_is_consumed(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer buffer = {0};

    buffer_append_text(&buffer, "line\nrest");
    buffer_consume(&buffer, 5);
    assert_string_equal(buffer_text(&buffer), "rest");
    buffer_consume(&buffer, 4);
    assert_string_equal(buffer_text(&buffer), "");
    buffer_append_text(&buffer, "more");
    assert_string_equal(buffer_text(&buffer), "more");
}

static void taking_leaves_it_empty_and_usable(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer buffer = {0};

    buffer_append_text(&buffer, "mine");
    AUTO(text) char *taken = buffer_take(&buffer);
    AUTO(text) char *nothing = buffer_take(&buffer);
    assert_string_equal(taken, "mine");
    assert_string_equal(nothing, "");
    buffer_append_text(&buffer, "again");
    buffer_clear(&buffer);
    assert_string_equal(buffer_text(&buffer), "");
    assert_int_equal(buffer.length, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_appended_reads_as_a_string),
        cmocka_unit_test(it_grows_and_keeps_every_byte),
        cmocka_unit_test(the_front_is_consumed),
        cmocka_unit_test(taking_leaves_it_empty_and_usable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
