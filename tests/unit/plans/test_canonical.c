#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "common/json.h"
#include "plans/canonical.h"

static void assert_same_as_jansson(const struct buffer *written)
{
    struct error err = {0};
    AUTO_BUFFER struct buffer again = {0};
    AUTO(json) json_t *value = json_parse(written->bytes, written->length, &err);

    assert_non_null(value);
    json_write_canonical(value, &again);
    assert_string_equal(buffer_text(&again), buffer_text(written));
}

static void every_character_is_written_as_jansson_writes_it(void **state)
{
    (void)state;
    char all[1200];
    size_t length = 0;

    for (int c = 1; c < 0x80; c++)
        all[length++] = (char)c;
    for (int c = 0x80; c < 0x200; c++) {
        all[length++] = (char)(0xc0 | (c >> 6));
        all[length++] = (char)(0x80 | (c & 0x3f));
    }
    AUTO_BUFFER struct buffer out = {0};
    canonical_text(&out, "[", all, length);
    canonical_string(&out, ",", "\xe2\x80\xa8 \xf0\x9f\x90\x98 </script> \\u0041");
    canonical_text(&out, ",", "", 0);
    buffer_append_char(&out, ']');
    assert_same_as_jansson(&out);
}

static void numbers_and_digests_are_written_as_jansson_writes_them(void **state)
{
    (void)state;
    struct digest digest = digest_of_text("x");
    AUTO_BUFFER struct buffer out = {0};

    canonical_integer(&out, "[", INT64_MIN);
    canonical_integer(&out, ",", INT64_MAX);
    canonical_integer(&out, ",", 0);
    canonical_bool(&out, ",", true);
    canonical_bool(&out, ",", false);
    canonical_digest(&out, ",", &digest);
    canonical_hex(&out, ",", "\x00\xff", 2);
    buffer_append_char(&out, ']');
    assert_same_as_jansson(&out);
    assert_non_null(strstr(out.bytes, ",\"00ff\"]"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_character_is_written_as_jansson_writes_it),
        cmocka_unit_test(numbers_and_digests_are_written_as_jansson_writes_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
