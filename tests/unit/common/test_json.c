#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "common/json.h"

static void assert_refused(const char *text, size_t length, const char *why)
{
    struct error err = {0};
    AUTO(json) json_t *json = json_parse(text, length, &err);

    if (json != NULL)
        fail_msg("accepted, though it has %s: %.60s", why, text);
    assert_int_equal(err.code, ERROR_PROTOCOL);
}

static void what_is_not_one_strict_value_is_refused(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"", "nothing"},
        {"{\"a\":1,\"a\":2}", "a duplicate key"},
        {"{\"a\":1} x", "text after the value"},
        {"{} {}", "two values"},
        {"\"\xff\"", "bytes that are not UTF-8"},
        {"\"\xed\xa0\x80\"", "a surrogate"},
        {"\"a\\u0000b\"", "an escaped NUL"},
        {"[1,]", "a comma too many"},
        {"[01]", "a leading zero"},
        {"[NaN]", "no number"},
        {"99999999999999999999", "an integer beyond 64 bits"},
        {"{'a':1}", "single quotes"},
        {"[\"a", "no end"},
    };

    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_refused(bad[i][0], strlen(bad[i][0]), bad[i][1]);
    assert_refused("\"a\0b\"", 5, "a raw NUL");
}

static void nest(struct buffer *out, size_t depth)
{
    for (size_t i = 0; i < depth; i++)
        buffer_append_char(out, '[');
    for (size_t i = 0; i < depth; i++)
        buffer_append_char(out, ']');
}

static void depth_ends_at_32(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer deep = {0};
    struct error err = {0};

    nest(&deep, 33);
    assert_refused(deep.bytes, deep.length, "33 levels");
    buffer_clear(&deep);
    nest(&deep, 32);
    AUTO(json) json_t *json = json_parse(deep.bytes, deep.length, &err);
    assert_non_null(json);
}

static void brackets_in_text_are_no_depth(void **state)
{
    (void)state;
    const char *text = "\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[ \\\" [[[[\"";
    struct error err = {0};
    AUTO(json) json_t *json = json_parse(text, strlen(text), &err);

    assert_non_null(json);
}

static void a_document_of_too_many_values_takes_no_memory(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer many = {0};

    buffer_append_char(&many, '[');
    for (int i = 0; i < 1024 * 1024; i++)
        buffer_append_text(&many, "{},");
    buffer_append_text(&many, "{}]");
    assert_refused(many.bytes, many.length, "over a million objects");
}

static void canonical_is_sorted_without_white_space(void **state)
{
    (void)state;
    const char *text = "{ \"b\": [1, -2, true, null], \"a\": {\"z\": \"\\u00e9\", \"y\": \"/\"} }";
    struct error err = {0};
    AUTO(json) json_t *json = json_parse(text, strlen(text), &err);
    AUTO_BUFFER struct buffer out = {0};

    assert_non_null(json);
    json_write_canonical(json, &out);
    assert_string_equal(buffer_text(&out),
                        "{\"a\":{\"y\":\"/\",\"z\":\"\xc3\xa9\"},\"b\":[1,-2,true,null]}");
    struct digest digest = json_digest(json);
    struct digest expected = digest_of(out.bytes, out.length);
    assert_true(digest_equal(&digest, &expected));
}

static void assert_text_is_written_alike(const char *text)
{
    AUTO(json) json_t *json = json_text(text);
    AUTO_BUFFER struct buffer direct = {0};
    AUTO_BUFFER struct buffer canonical = {0};

    json_append_text(&direct, text);
    json_write_canonical(json, &canonical);
    assert_string_equal(buffer_text(&direct), buffer_text(&canonical));
}

static void text_is_written_directly_as_through_a_tree(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "plain",
        "a\"b\\c/d",
        "\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\x98",
        "\xff\xfe",
        "\xe2\x82",
        "ok\xc0\xaf ok",
        "\xed\xa0\x80",
        "end\xf0\x9f",
    };

    for (size_t i = 0; i < COUNT_OF(texts); i++)
        assert_text_is_written_alike(texts[i]);
    for (int byte = 1; byte < 256; byte++) {
        const char text[] = {'x', (char)byte, 'y', '\0'};

        assert_text_is_written_alike(text);
    }
}

static void bytes_that_are_not_utf_8_become_replacement_characters(void **state)
{
    (void)state;
    AUTO(json) json_t *json = json_text("caf\xe9 \xe2\x82\xac");

    assert_string_equal(json_string_value(json), "caf\xef\xbf\xbd \xe2\x82\xac");
}

struct reading {
    struct arena *arena;
    json_t *json;
    struct error err;
    struct json_reader reader;
};

static void start(struct reading *reading, const char *text)
{
    struct error err = {0};

    *reading = (struct reading){.arena = arena_new(), .json = json_parse(text, strlen(text), &err)};
    assert_non_null(reading->json);
    json_reader_start(&reading->reader, reading->json, "plan", reading->arena, &reading->err);
}

static void finish(struct reading *reading)
{
    json_free(reading->json);
    arena_free(reading->arena);
}

static void a_reader_yields_typed_fields(void **state)
{
    (void)state;
    struct reading reading;
    struct json_reader *reader = &reading.reader;

    start(&reading, "{\"t\":\"text\",\"i\":5,\"b\":true,\"o\":{},\"a\":[1]}");
    assert_string_equal(json_read_text(reader, "t", 4), "text");
    assert_int_equal(json_read_integer(reader, "i", 5, 5), 5);
    assert_true(json_read_bool(reader, "b"));
    assert_non_null(json_read_object(reader, "o"));
    assert_int_equal(json_array_size(json_read_array(reader, "a", 1)), 1);
    assert_string_equal(json_read_optional_text(reader, "x", 4, "none"), "none");
    assert_int_equal(json_read_optional_integer(reader, "y", 0, 1, 9), 9);
    assert_true(json_read_optional_bool(reader, "z", true));
    assert_true(json_reader_end(reader));
    finish(&reading);
}

static void assert_fault(struct reading *reading, const char *message)
{
    assert_false(json_reader_end(&reading->reader));
    assert_int_equal(reading->err.code, ERROR_PROTOCOL);
    assert_string_equal(reading->err.message, message);
    finish(reading);
}

static void each_fault_is_named_with_its_path(void **state)
{
    (void)state;
    struct reading reading;
    struct digest digest;

    start(&reading, "{}");
    json_read_text(&reading.reader, "name", 9);
    assert_fault(&reading, "plan.name: missing");
    start(&reading, "{\"name\":7}");
    json_read_text(&reading.reader, "name", 9);
    assert_fault(&reading, "plan.name: not text");
    start(&reading, "{\"name\":\"0123456789\"}");
    json_read_text(&reading.reader, "name", 9);
    assert_fault(&reading, "plan.name: too long");
    start(&reading, "{\"n\":1.0}");
    json_read_integer(&reading.reader, "n", 0, 9);
    assert_fault(&reading, "plan.n: not an integer");
    start(&reading, "{\"n\":10}");
    json_read_integer(&reading.reader, "n", 0, 9);
    assert_fault(&reading, "plan.n: not between 0 and 9");
    start(&reading, "{\"n\":0}");
    json_read_bool(&reading.reader, "n");
    assert_fault(&reading, "plan.n: not true or false");
    start(&reading, "{\"n\":\"00ff\"}");
    json_read_digest(&reading.reader, "n", &digest);
    assert_fault(&reading, "plan.n: not 64 lower-case hex digits");
    start(&reading, "{\"n\":[]}");
    json_read_object(&reading.reader, "n");
    assert_fault(&reading, "plan.n: not an object");
    start(&reading, "{\"n\":[1,2]}");
    json_read_array(&reading.reader, "n", 1);
    assert_fault(&reading, "plan.n: too many items");
    start(&reading, "{\"known\":1,\"unknown\":2}");
    json_read_integer(&reading.reader, "known", 0, 9);
    assert_fault(&reading, "plan.unknown: not a known field");
    start(&reading, "[]");
    assert_fault(&reading, "plan: not an object");
}

static void a_fault_inside_is_a_fault_of_the_whole(void **state)
{
    (void)state;
    struct reading reading;
    struct json_reader inner;

    start(&reading, "{\"targets\":[{\"engine\":5}]}");
    const json_t *array = json_read_array(&reading.reader, "targets", 1);
    json_reader_start_in(&inner, &reading.reader, "targets", 0, json_array_get(array, 0));
    json_read_text(&inner, "engine", 9);
    assert_false(json_reader_end(&inner));
    json_read_text(&reading.reader, "later", 9);
    assert_fault(&reading, "plan.targets[0].engine: not text");
}

static void an_error_survives_the_way_there_and_back(void **state)
{
    (void)state;
    const struct error sent = {
        .code = ERROR_SQL,
        .line = 3,
        .statement = 7,
        .position = 12,
        .sqlstate = "42P01",
        .target = "orders-001",
        .file = "1_a.up.sql",
        .message = "relation \"x\" does not exist",
    };
    struct error got = {0};
    struct error err = {0};
    AUTO(json) json_t *json = json_from_error(&sent);

    assert_true(json_to_error(json, &got, &err));
    assert_int_equal(got.code, sent.code);
    assert_int_equal(got.line, 3);
    assert_int_equal(got.statement, 7);
    assert_int_equal(got.position, 12);
    assert_string_equal(got.sqlstate, sent.sqlstate);
    assert_string_equal(got.target, sent.target);
    assert_string_equal(got.file, sent.file);
    assert_string_equal(got.message, sent.message);
}

static void an_error_full_of_broken_bytes_can_still_be_sent(void **state)
{
    (void)state;
    struct error sent = {.code = ERROR_SQL};
    struct error got = {0};
    struct error err = {0};

    memset(sent.message, 0xff, sizeof sent.message - 1);
    AUTO(json) json_t *json = json_from_error(&sent);
    assert_true(json_to_error(json, &got, &err));
    assert_int_equal(strlen(got.message), sizeof got.message - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_one_strict_value_is_refused),
        cmocka_unit_test(depth_ends_at_32),
        cmocka_unit_test(brackets_in_text_are_no_depth),
        cmocka_unit_test(a_document_of_too_many_values_takes_no_memory),
        cmocka_unit_test(canonical_is_sorted_without_white_space),
        cmocka_unit_test(text_is_written_directly_as_through_a_tree),
        cmocka_unit_test(bytes_that_are_not_utf_8_become_replacement_characters),
        cmocka_unit_test(a_reader_yields_typed_fields),
        cmocka_unit_test(each_fault_is_named_with_its_path),
        cmocka_unit_test(a_fault_inside_is_a_fault_of_the_whole),
        cmocka_unit_test(an_error_survives_the_way_there_and_back),
        cmocka_unit_test(an_error_full_of_broken_bytes_can_still_be_sent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
