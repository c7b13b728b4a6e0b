#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <unistd.h>

#include "common/json.h"
#include "common/log.h"

/* What log_event wrote to standard error; the time in front is left out of plain lines. */
static void capture(char *line, size_t size, enum log_level level, const struct log_field *fields,
                    const char *message)
{
    int ends[2];
    int saved = dup(STDERR_FILENO);

    assert_int_equal(pipe(ends), 0);
    dup2(ends[1], STDERR_FILENO);
    log_event(level, fields, "%s", message);
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(ends[1]);
    ssize_t length = read(ends[0], line, size - 1);
    close(ends[0]);
    assert_true(length >= 0);
    line[length] = '\0';
}

static void a_plain_line_has_time_level_message_and_fields(void **state)
{
    (void)state;
    const struct log_field fields[] = {
        {"target", "orders-001"}, {"error", "no \"route\""}, {"empty", ""}, {NULL, NULL}};
    char line[256];

    log_configure(LOG_LEVEL_INFO, false);
    capture(line, sizeof line, LOG_LEVEL_WARNING, fields, "cannot connect");
    assert_string_equal(strchr(line, ' '), " warning cannot connect target=orders-001 "
                                           "error=\"no \\\"route\\\"\" empty=\"\"\n");
    assert_int_equal(line[10], 'T');
}

static void one_event_is_one_line_whatever_the_text(void **state)
{
    (void)state;
    const struct log_field fields[] = {{"error", "a\nb\x1b[2J"}, {NULL, NULL}};
    char line[256];

    log_configure(LOG_LEVEL_INFO, false);
    capture(line, sizeof line, LOG_LEVEL_INFO, fields, "x\r\ny");
    assert_string_equal(strchr(line, ' '), " info x\\r\\ny error=a\\nb\\x1b[2J\n");
}

static void json_lines_are_json(void **state)
{
    (void)state;
    const struct log_field fields[] = {{"rollout", "r\"1"}, {NULL, NULL}};
    struct error err = {0};
    char line[256];

    log_configure(LOG_LEVEL_INFO, true);
    capture(line, sizeof line, LOG_LEVEL_ERROR, fields, "a\nb");
    assert_int_equal(strcspn(line, "\n"), strlen(line) - 1);
    AUTO(json) json_t *json = json_parse(line, strlen(line), &err);
    assert_non_null(json);
    assert_string_equal(json_string_value(json_object_get(json, "level")), "error");
    assert_string_equal(json_string_value(json_object_get(json, "message")), "a\nb");
    assert_string_equal(json_string_value(json_object_get(json, "rollout")), "r\"1");
}

static void what_is_below_the_level_is_not_written(void **state)
{
    (void)state;
    char line[256];

    log_configure(LOG_LEVEL_WARNING, false);
    capture(line, sizeof line, LOG_LEVEL_INFO, NULL, "chatter");
    assert_string_equal(line, "");
    capture(line, sizeof line, LOG_LEVEL_WARNING, NULL, "heard");
    assert_string_equal(strchr(line, ' '), " warning heard\n");
}

static void levels_have_names(void **state)
{
    (void)state;
    enum log_level level;

    assert_true(log_level_from_name("debug", &level));
    assert_int_equal(level, LOG_LEVEL_DEBUG);
    assert_false(log_level_from_name("verbose", &level));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_line_has_time_level_message_and_fields),
        cmocka_unit_test(one_event_is_one_line_whatever_the_text),
        cmocka_unit_test(json_lines_are_json),
        cmocka_unit_test(what_is_below_the_level_is_not_written),
        cmocka_unit_test(levels_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
