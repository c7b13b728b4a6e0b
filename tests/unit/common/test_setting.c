#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/setting.h"

struct object {
    const char *name;
    const char *path;
    int count;
    int64_t wait_ms;
    int word;
    struct setting_text family;
};

static const char *const words[] = {"refuse", "allow", NULL};

static const struct setting rows[] = {
    {.key = "name",
     .read = setting_name,
     .offset = offsetof(struct object, name),
     .form = "a name"},
    {.key = "path",
     .read = setting_path,
     .offset = offsetof(struct object, path),
     .form = "a path"},
    {.key = "count",
     .read = setting_count,
     .offset = offsetof(struct object, count),
     .form = "1 to 9",
     .least = 1,
     .most = 9},
    {.key = "wait",
     .read = setting_duration,
     .offset = offsetof(struct object, wait_ms),
     .form = "1 s to 1 min",
     .least = 1000,
     .most = 60000},
    {.key = "permit",
     .read = setting_word,
     .offset = offsetof(struct object, word),
     .form = "allow or refuse",
     .words = words},
    {.key = "var.",
     .read = setting_located,
     .offset = offsetof(struct object, family),
     .form = "text",
     .use = SETTING_FAMILY},
};
static const struct setting_table table = {rows, COUNT_OF(rows)};
static const struct section_kind kinds[] = {{"alone", false, &table}, {"env", true, &table}};

/* Reads "[alone]" and the keys; the faults' messages, one a line, go to messages. */
static struct object read_keys(struct arena *arena, const char *keys, struct buffer *messages)
{
    AUTO(diagnostics) struct diagnostics *faults = diagnostics_new();
    struct object object = {.count = 5};
    struct ini_document *document = ini_read(arena, "etc/a.ini", keys, strlen(keys), faults);
    struct setting_input input = {arena, "etc/a.ini", "etc/a.ini", NULL};

    document->sections[0].name = "alone";
    setting_read(&table, &document->sections[0], &input, &object, faults);
    for (size_t i = 0; i < diagnostics_count(faults); i++)
        buffer_printf(messages, "%d: %s\n", diagnostics_at(faults, i)->line,
                      diagnostics_at(faults, i)->message);
    return object;
}

static void values_go_to_their_fields(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();
    AUTO_BUFFER struct buffer messages = {0};
    struct object object =
        read_keys(arena, "name = a\npath = b\nwait = 30s\npermit = allow\nvar.x = 1\n", &messages);

    assert_string_equal(buffer_text(&messages), "");
    assert_string_equal(object.name, "a");
    assert_string_equal(object.path, "etc/b");
    assert_int_equal(object.count, 5);
    assert_int_equal(object.wait_ms, 30000);
    assert_int_equal(object.word, 1);
    assert_string_equal(object.family.text, "1");
    assert_int_equal(object.family.line, 5);
}

static void each_bad_value_is_told_with_the_form_it_should_have(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();
    AUTO_BUFFER struct buffer messages = {0};

    read_keys(arena, "name = A\ncount = 10\nwait = 61s\npermit = alow\npath =\n", &messages);
    assert_string_equal(buffer_text(&messages),
                        "1: name: 'A' is not a name\n"
                        "2: count: '10' is not 1 to 9\n"
                        "3: wait: '61s' is not 1 s to 1 min\n"
                        "4: permit: 'alow' is not allow or refuse, did you mean 'allow'?\n"
                        "5: path has no value; it is a path\n");
}

static void numbers_are_digits_and_nothing_else(void **state)
{
    (void)state;
    static const char *const keys[] = {"count = +1\n", "count = 0\n",  "count = 1 2\n",
                                       "count = 1x\n", "count = -1\n", "count = 99999999999999\n"};

    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        AUTO(arena) struct arena *arena = arena_new();
        AUTO_BUFFER struct buffer messages = {0};

        assert_int_equal(read_keys(arena, keys[i], &messages).count, 5);
        assert_non_null(strstr(buffer_text(&messages), "is not 1 to 9"));
    }
}

static void unknown_and_repeated_keys_are_faults(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();
    AUTO_BUFFER struct buffer messages = {0};
    struct object object = read_keys(arena, "coutn = 1\ncount = 2\ncount = 3\n", &messages);

    assert_string_equal(buffer_text(&messages),
                        "1: unknown key 'coutn' in [alone], did you mean 'count'?\n"
                        "3: duplicate key 'count' in [alone]; it stands on line 2 already\n");
    assert_int_equal(object.count, 2);
}

static void check_kind(const char *name, int kind, const char *message)
{
    AUTO(diagnostics) struct diagnostics *faults = diagnostics_new();
    const struct ini_section section = {.name = name, .line = 3};
    const char *rest = NULL;
    const struct section_kind *found =
        section_kind_of(kinds, COUNT_OF(kinds), "a.ini", &section, &rest, faults);

    assert_ptr_equal(found, kind < 0 ? NULL : &kinds[kind]);
    assert_int_equal(diagnostics_count(faults), message == NULL ? 0 : 1);
    if (message != NULL)
        assert_string_equal(diagnostics_at(faults, 0)->message, message);
}

static void a_section_is_of_one_kind_or_a_fault(void **state)
{
    (void)state;
    check_kind("alone", 0, NULL);
    check_kind("env:prod", 1, NULL);
    check_kind("env", -1, "[env] should be [env:NAME], with a name");
    check_kind("alone:x", -1, "[alone:x] should be [alone], without a name");
    check_kind("evn:prod", -1, "unknown section [evn:prod], did you mean [env:prod]?");
    check_kind("other", -1, "unknown section [other]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_go_to_their_fields),
        cmocka_unit_test(each_bad_value_is_told_with_the_form_it_should_have),
        cmocka_unit_test(numbers_are_digits_and_nothing_else),
        cmocka_unit_test(unknown_and_repeated_keys_are_faults),
        cmocka_unit_test(a_section_is_of_one_kind_or_a_fault),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
