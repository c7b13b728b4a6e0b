#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/buffer.h"
#include "common/ini.h"

struct parsed {
    struct arena *arena;
    struct diagnostics *faults;
    struct ini_document *document;
};

static struct parsed parse_bytes(const char *text, size_t length)
{
    struct parsed parsed = {arena_new(), diagnostics_new(), NULL};

    parsed.document = ini_read(parsed.arena, "a.ini", text, length, parsed.faults);
    return parsed;
}

static struct parsed parse(const char *text)
{
    return parse_bytes(text, strlen(text));
}

static void release(struct parsed *parsed)
{
    arena_free(parsed->arena);
    diagnostics_free(parsed->faults);
}

#define PARSED __attribute__((cleanup(release))) struct parsed

static void check_entry(const struct ini_entry *entry, const char *key, const char *value, int line)
{
    assert_string_equal(entry->key, key);
    assert_string_equal(entry->value, value);
    assert_int_equal(entry->line, line);
}

static void check_only_fault(const char *text, size_t length, int line, const char *part)
{
    PARSED parsed = parse_bytes(text, length);

    assert_int_equal(diagnostics_count(parsed.faults), 1);
    const struct error *fault = diagnostics_at(parsed.faults, 0);
    assert_int_equal(fault->code, ERROR_CONFIG);
    assert_string_equal(fault->file, "a.ini");
    assert_int_equal(fault->line, line);
    assert_non_null(strstr(fault->message, part));
}

static void sections_and_keys_come_with_their_lines(void **state)
{
    (void)state;
    PARSED parsed = parse("top = 1\n"
                          "; a comment\n"
                          "[fleet]   ; named\n"
                          "name  =  shop  ; remark\n"
                          "\n"
                          "[empty]\n"
                          "[env:prod]\n"
                          "url: postgresql://a/b?c=d;e\n"
                          "url = again");
    const struct ini_section *sections = parsed.document->sections;

    assert_int_equal(diagnostics_count(parsed.faults), 0);
    assert_int_equal(parsed.document->count, 4);
    assert_string_equal(sections[0].name, "");
    check_entry(&sections[0].entries[0], "top", "1", 1);
    assert_string_equal(sections[1].name, "fleet");
    assert_int_equal(sections[1].line, 3);
    check_entry(&sections[1].entries[0], "name", "shop", 4);
    assert_string_equal(sections[2].name, "empty");
    assert_int_equal(sections[2].count, 0);
    assert_int_equal(sections[3].count, 2);
    check_entry(&sections[3].entries[0], "url", "postgresql://a/b?c=d;e", 8);
    check_entry(&sections[3].entries[1], "url", "again", 9);
}

static void a_bom_and_crlf_are_fine(void **state)
{
    (void)state;
    PARSED parsed = parse("\xef\xbb\xbf[fleet]\r\nname = shop\r\n");

    assert_int_equal(diagnostics_count(parsed.faults), 0);
    assert_string_equal(parsed.document->sections[1].name, "fleet");
    check_entry(&parsed.document->sections[1].entries[0], "name", "shop", 2);
}

static void long_lines_are_never_split(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer text = {0};

    buffer_append_text(&text, "key = ");
    for (int i = 0; i < 6000; i++)
        buffer_append_text(&text, "0123456789");
    buffer_append_text(&text, "\nnext = 1\n");
    PARSED parsed = parse(text.bytes);
    assert_int_equal(diagnostics_count(parsed.faults), 0);
    assert_int_equal(parsed.document->sections[0].count, 2);
    assert_int_equal(strlen(parsed.document->sections[0].entries[0].value), 60000);
    check_entry(&parsed.document->sections[0].entries[1], "next", "1", 2);
}

static void a_line_over_64_kb_is_refused_and_reading_goes_on(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer text = {0};

    buffer_append_text(&text, "key = ");
    for (int i = 0; i < 65536; i++)
        buffer_append_char(&text, 'x');
    buffer_append_text(&text, "\nnext = 1\n");
    check_only_fault(text.bytes, text.length, 1, "longer than 64 kB");
    PARSED parsed = parse(text.bytes);
    assert_int_equal(parsed.document->sections[0].count, 1);
    check_entry(&parsed.document->sections[0].entries[0], "next", "1", 2);
}

static void a_section_name_is_refused_past_49_bytes_never_cut(void **state)
{
    (void)state;
    const char fits[] = "[target:0123456789012345678901234567890123456789-x]\n";
    const char longer[] = "[target:0123456789012345678901234567890123456789-xy]\nkey = 1\n";
    PARSED good = parse(fits);
    PARSED bad = parse(longer);

    assert_int_equal(diagnostics_count(good.faults), 0);
    assert_int_equal(strlen(good.document->sections[1].name), 49);
    check_only_fault(longer, strlen(longer), 1, "longer than 49 bytes");
    assert_int_equal(bad.document->sections[0].count, 0);
    assert_int_equal(bad.document->sections[1].count, 1);
}

static void what_cannot_be_read_for_certain_is_a_fault(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t length;
        int line;
        const char *part;
    } cases[] = {
        {"a = 1\n  b = 2\n", 14, 2, "begins with a blank"},
        {"a = 1\n\tmore\n", 12, 2, "begins with a blank"},
        {"a = 1\0b\nc = 2\n", 14, 1, "not UTF-8"},
        {"ok = 1\na = \xff\n", 13, 2, "not UTF-8"},
        {"a = \x1b[2J\n", 9, 1, "control character"},
        {"a = 1\rb = 2\n", 12, 1, "control character"},
        {"[fleet\n", 7, 1, "']' of the section is missing"},
        {"[fleet] name = x\n", 17, 1, "behind the section's ']'"},
        {"[a ; b]\n", 8, 1, "no ';'"},
        {"just words\n", 11, 1, "neither [section] nor KEY = VALUE"},
        {"a = 1\nlast", 10, 2, "neither [section] nor KEY = VALUE"},
        {"= 1\n", 4, 1, "no key before"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        check_only_fault(cases[i].text, cases[i].length, cases[i].line, cases[i].part);
}

static void all_faults_of_a_file_are_found_in_one_run(void **state)
{
    (void)state;
    PARSED parsed = parse("what\n[x\n[y]\nkey = 1\n  more\nlast\n");

    assert_int_equal(diagnostics_count(parsed.faults), 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(diagnostics_at(parsed.faults, i)->line, ((int[]){1, 2, 5, 6})[i]);
    check_entry(&parsed.document->sections[1].entries[0], "key", "1", 4);
}

static void an_empty_file_has_one_section_without_keys(void **state)
{
    (void)state;
    PARSED parsed = parse("");

    assert_int_equal(diagnostics_count(parsed.faults), 0);
    assert_int_equal(parsed.document->count, 1);
    assert_int_equal(parsed.document->sections[0].count, 0);
}

static void placeholders_are_filled_and_other_percent_signs_stay(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();
    static const struct {
        const char *pattern;
        bool has;
        const char *expanded;
    } cases[] = {
        {"orders-%03d", true, "orders-007"},
        {"%d/%d%%d", true, "7/7%7"},
        {"a%20b", false, "a%20b"},
        {"a%2Fb%09d%", true, "a%2Fb000000007%"},
        {"%s%n%0d%00d%3d%010d", false, "%s%n%0d%00d%3d%010d"},
        {"", false, ""},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(ini_has_placeholder(cases[i].pattern), cases[i].has);
        assert_string_equal(ini_expand(arena, cases[i].pattern, 7), cases[i].expanded);
    }
}

static void ranges_rise_and_are_bounded(void **state)
{
    (void)state;
    static const char *const malformed[] = {
        "",
        "1",
        "1..",
        "..2",
        "2..1",
        "1...2",
        "1..2 ",
        "-1..2",
        "+1..2",
        "1 .. 2",
        "0..x",
        "0..100000",
        "0..99999999999999999999",
    };
    long first, last;

    assert_true(ini_parse_range("0..399", &first, &last));
    assert_int_equal(first, 0);
    assert_int_equal(last, 399);
    assert_true(ini_parse_range("7..7", &first, &last));
    assert_true(ini_parse_range("1..100000", &first, &last));
    for (size_t i = 0; i < COUNT_OF(malformed); i++)
        assert_false(ini_parse_range(malformed[i], &first, &last));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sections_and_keys_come_with_their_lines),
        cmocka_unit_test(a_bom_and_crlf_are_fine),
        cmocka_unit_test(long_lines_are_never_split),
        cmocka_unit_test(a_line_over_64_kb_is_refused_and_reading_goes_on),
        cmocka_unit_test(a_section_name_is_refused_past_49_bytes_never_cut),
        cmocka_unit_test(what_cannot_be_read_for_certain_is_a_fault),
        cmocka_unit_test(all_faults_of_a_file_are_found_in_one_run),
        cmocka_unit_test(an_empty_file_has_one_section_without_keys),
        cmocka_unit_test(placeholders_are_filled_and_other_percent_signs_stay),
        cmocka_unit_test(ranges_rise_and_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
