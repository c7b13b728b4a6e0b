#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "common/record.h"

static const char *const colours[] = {"red", "green"};

struct sample {
    enum { RED, GREEN } colour;
    int count;
    struct digest digest;
    const char *id;
    bool loud;
    const char *name;
    int64_t size;
    const char *text;
};

#define SAMPLE(member) .offset = offsetof(struct sample, member)

static const struct record_field strict_fields[] = {
    {"colour", RECORD_CHOICE, SAMPLE(colour), .most = 2, .names = colours},
    {"count", RECORD_INT, SAMPLE(count), .least = -5, .most = 5},
    {"digest", RECORD_DIGEST, SAMPLE(digest)},
    {"format", RECORD_CONSTANT, .least = 3},
    {"id", RECORD_ID, SAMPLE(id)},
    {"loud", RECORD_BOOL, SAMPLE(loud)},
    {"name", RECORD_NAME, SAMPLE(name)},
    {"size", RECORD_INT64, SAMPLE(size), .most = INT64_MAX},
    {"text", RECORD_TEXT, SAMPLE(text), .most = 8},
};
static const struct record strict = {strict_fields, COUNT_OF(strict_fields)};

static const struct record_field sparse_fields[] = {
    {"colour", RECORD_CHOICE, true, SAMPLE(colour), .most = 2, .names = colours},
    {"count", RECORD_INT, true, SAMPLE(count), .most = 5},
    {"digest", RECORD_DIGEST, true, SAMPLE(digest)},
    {"id", RECORD_ID, true, SAMPLE(id)},
    {"loud", RECORD_BOOL, true, SAMPLE(loud)},
    {"name", RECORD_NAME, true, SAMPLE(name)},
    {"size", RECORD_INT64, true, SAMPLE(size), .most = INT64_MAX},
    {"text", RECORD_TEXT, true, SAMPLE(text), .most = 8},
};
static const struct record sparse = {sparse_fields, COUNT_OF(sparse_fields)};

static const struct sample full = {
    .colour = GREEN,
    .count = -5,
    .digest = {{1}},
    .id = "00112233445566778899aabbccddeeff",
    .loud = true,
    .name = "orders-001",
    .size = INT64_MAX,
    .text = "\"\n\xc3\xa9",
};

static void assert_written_alike(const struct record *record, const struct sample *sample)
{
    AUTO(json) json_t *json = json_object();
    AUTO_BUFFER struct buffer direct = {0};
    AUTO_BUFFER struct buffer canonical = {0};

    record_put(record, sample, json);
    record_write(record, sample, &direct);
    json_write_canonical(json, &canonical);
    assert_string_equal(buffer_text(&direct), buffer_text(&canonical));
}

static void bytes_written_directly_are_those_of_the_tree(void **state)
{
    (void)state;
    const struct sample empty = {.name = ""};

    assert_written_alike(&strict, &full);
    assert_written_alike(&strict, &empty);
    assert_written_alike(&sparse, &full);
    assert_written_alike(&sparse, &empty);
}

static bool read_sample(const struct record *record, const json_t *json, struct arena *arena,
                        struct sample *sample, struct error *err)
{
    struct json_reader reader;

    json_reader_start(&reader, json, "", arena, err);
    record_read(record, &reader, sample);
    return json_reader_end(&reader);
}

static void what_was_put_is_read_back(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();
    AUTO(json) json_t *json = json_object();
    struct sample read = {0};
    struct error err = {0};

    record_put(&strict, &full, json);
    assert_true(read_sample(&strict, json, arena, &read, &err));
    assert_int_equal(read.colour, GREEN);
    assert_int_equal(read.count, -5);
    assert_true(digest_equal(&read.digest, &full.digest));
    assert_string_equal(read.id, full.id);
    assert_true(read.loud);
    assert_string_equal(read.name, full.name);
    assert_true(read.size == INT64_MAX);
    assert_string_equal(read.text, full.text);
}

static void optional_fields_that_are_empty_are_left_out(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();
    AUTO(json) json_t *json = json_object();
    const struct sample empty = {0};
    struct sample read = full;
    struct error err = {0};

    record_put(&sparse, &empty, json);
    assert_int_equal(json_object_size(json), 1);
    assert_true(read_sample(&sparse, json, arena, &read, &err));
    assert_int_equal(read.count, 0);
    assert_true(digest_is_none(&read.digest));
    assert_string_equal(read.id, "");
    assert_false(read.loud);
    assert_string_equal(read.name, "");
    assert_string_equal(read.text, "");
}

static void each_kind_has_its_own_faults(void **state)
{
    (void)state;
    static const struct {
        const char *field, *value, *message;
    } faults[] = {
        {"colour", "\"blue\"", "colour: not one of the known words"},
        {"colour", "1", "colour: not text"},
        {"count", "6", "count: not between -5 and 5"},
        {"count", "true", "count: not an integer"},
        {"digest", "\"00\"", "digest: not 64 lower-case hex digits"},
        {"format", "4", "format: 4, but this release knows 3 only"},
        {"id", "\"00112233445566778899AABBCCDDEEFF\"", "id: not 32 lower-case hex digits"},
        {"id", "\"\"", "id: not 32 lower-case hex digits"},
        {"loud", "0", "loud: not true or false"},
        {"name", "\"../x\"", "name: not a name"},
        {"name", "\"\"", "name: not a name"},
        {"size", "-1", "size: not between 0 and 9223372036854775807"},
        {"text", "\"123456789\"", "text: too long"},
        {"text", "null", "text: not text"},
        {"more", "1", "more: not a known field"},
    };

    for (size_t i = 0; i < COUNT_OF(faults); i++) {
        AUTO(arena) struct arena *arena = arena_new();
        AUTO(json) json_t *json = json_object();
        struct sample read;
        struct error err = {0};

        record_put(&strict, &full, json);
        json_put(json, faults[i].field, json_parse(faults[i].value, strlen(faults[i].value), &err));
        assert_false(read_sample(&strict, json, arena, &read, &err));
        assert_int_equal(err.code, ERROR_PROTOCOL);
        assert_string_equal(err.message, faults[i].message);
    }
}

static void a_field_that_is_missing_is_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < strict.count; i++) {
        AUTO(arena) struct arena *arena = arena_new();
        AUTO(json) json_t *json = json_object();
        struct sample read;
        struct error err = {0};

        record_put(&strict, &full, json);
        json_object_del(json, strict.fields[i].key);
        assert_false(read_sample(&strict, json, arena, &read, &err));
        assert_non_null(strstr(err.message, strict.fields[i].key));
        assert_non_null(strstr(err.message, ": missing"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_written_directly_are_those_of_the_tree),
        cmocka_unit_test(what_was_put_is_read_back),
        cmocka_unit_test(optional_fields_that_are_empty_are_left_out),
        cmocka_unit_test(each_kind_has_its_own_faults),
        cmocka_unit_test(a_field_that_is_missing_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
