#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/text.h"

static void check_escaped(const char *text, size_t length, bool keep_newlines, const char *expected)
{
    AUTO_BUFFER struct buffer out = {0};

    text_append_escaped(&out, text, length, keep_newlines);
    assert_string_equal(buffer_text(&out), expected);
}

static void controls_cannot_steer_a_terminal(void **state)
{
    (void)state;
    check_escaped("a\x1b[2Jb\x7f", 7, false, "a\\x1b[2Jb\\x7f");
    check_escaped("a\0b", 3, false, "a\\x00b");
    check_escaped("\r\n\t", 3, false, "\\r\\n\\t");
    check_escaped("\xc2\x9b"
                  "31m",
                  5, false, "\\u009b31m");
    check_escaped("\xe2\x80\xae"
                  "txt",
                  6, false, "\\u202etxt");
    check_escaped("\xe2\x81\xa6", 3, false, "\\u2066");
}

static void newlines_stay_where_they_are_wanted(void **state)
{
    (void)state;
    check_escaped("a\n\tb\r", 5, true, "a\n\tb\\r");
}

static void good_text_is_untouched_and_bad_bytes_are_shown(void **state)
{
    (void)state;
    check_escaped("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 9, false,
                  "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
    check_escaped("\xff\xc3", 2, false, "\\xff\\xc3");
    check_escaped("\xc0\xaf", 2, false, "\\xc0\\xaf");
}

static void utf8_is_rfc_3629_without_nul(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t length;
        bool good;
    } cases[] = {
        {"", 0, true},
        {"plain", 5, true},
        {"\xf4\x8f\xbf\xbf", 4, true},
        {"\xf4\x90\x80\x80", 4, false}, /* past U+10FFFF */
        {"\xed\xa0\x80", 3, false},     /* a surrogate */
        {"\xc0\x80", 2, false},         /* overlong */
        {"\xe0\x80\xaf", 3, false},     /* overlong */
        {"\xe2\x82", 2, false},         /* cut */
        {"\x80", 1, false},             /* a lone continuation */
        {"\xf8\x88\x80\x80\x80", 5, false},
        {"a\0b", 3, false},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_int_equal(text_is_utf8(cases[i].bytes, cases[i].length), cases[i].good);
}

static void characters_are_counted_not_bytes(void **state)
{
    (void)state;
    assert_int_equal(text_characters("a\xc3\xa4\xe2\x82\xac", 6), 3);
    assert_int_equal(text_characters("a\xc3\xa4\xe2\x82\xac", 3), 2);
}

static void a_slip_of_the_hand_finds_its_word(void **state)
{
    (void)state;
    static const char *const words[] = {"max_parallel", "max_failures", "env", "url", "soak"};

    assert_string_equal(text_nearest("max_paralel", words, COUNT_OF(words)), "max_parallel");
    assert_string_equal(text_nearest("MAX_FAILURES", words, COUNT_OF(words)), "max_failures");
    assert_string_equal(text_nearest("evn", words, COUNT_OF(words)), "env");
    assert_string_equal(text_nearest("sok", words, COUNT_OF(words)), "soak");
}

static void a_word_that_is_far_from_all_gets_no_suggestion(void **state)
{
    (void)state;
    static const char *const words[] = {"max_parallel", "env", "url"};
    char endless[500];

    memset(endless, 'a', sizeof endless - 1);
    endless[sizeof endless - 1] = '\0';
    assert_null(text_nearest("colour", words, COUNT_OF(words)));
    assert_null(text_nearest("", words, COUNT_OF(words)));
    assert_null(text_nearest(endless, words, COUNT_OF(words)));
    assert_null(text_nearest("x", NULL, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(controls_cannot_steer_a_terminal),
        cmocka_unit_test(newlines_stay_where_they_are_wanted),
        cmocka_unit_test(good_text_is_untouched_and_bad_bytes_are_shown),
        cmocka_unit_test(utf8_is_rfc_3629_without_nul),
        cmocka_unit_test(characters_are_counted_not_bytes),
        cmocka_unit_test(a_slip_of_the_hand_finds_its_word),
        cmocka_unit_test(a_word_that_is_far_from_all_gets_no_suggestion),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
