#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "orchestrator/report.h"

static const struct report_column columns[] = {
    {.key = "target", .title = "TARGET"},
    {.key = "steps", .title = "STEPS", .is_number = true},
    {.key = "error", .title = "ERROR"},
    {.key = "digest", .title = "DIGEST", .only_data = true},
};

/* What the report prints in a form; to be freed. */
static char *printed(const struct report *report, enum report_form form)
{
    char *text = NULL;
    size_t length;
    struct terminal terminal = {.out = open_memstream(&text, &length)};

    report_print(report, "targets", form, &terminal);
    fclose(terminal.out);
    return text;
}

static struct report *example(void)
{
    struct report *report = report_new(columns, COUNT_OF(columns));

    report_row(report);
    report_text(report, "orders-1", STYLE_NAME);
    report_number(report, 12);
    report_text(report, "a \"quoted\", \033[31mred\033[0m <b>", STYLE_PLAIN);
    report_text(report, "abc", STYLE_PLAIN);
    report_row(report);
    report_text(report, "o", STYLE_NAME);
    report_number(report, 3);
    report_text(report, NULL, STYLE_PLAIN);
    report_text(report, "def", STYLE_PLAIN);
    return report;
}

static void a_table_aligns_and_escapes(void **state)
{
    (void)state;
    AUTO(report) struct report *report = example();
    char *text = printed(report, REPORT_TABLE);

    assert_string_equal(text, "TARGET    STEPS  ERROR\n"
                              "orders-1     12  a \"quoted\", \\x1b[31mred\\x1b[0m <b>\n"
                              "o             3  -\n");
    free(text);
}

static void csv_quotes_what_needs_it(void **state)
{
    (void)state;
    AUTO(report) struct report *report = example();
    char *text = printed(report, REPORT_CSV);

    assert_string_equal(text, "target,steps,error,digest\r\n"
                              "orders-1,12,\"a \"\"quoted\"\", \033[31mred\033[0m <b>\",abc\r\n"
                              "o,3,,def\r\n");
    free(text);
}

static void json_keeps_types_and_tells_no_value_from_an_empty_one(void **state)
{
    (void)state;
    AUTO(report) struct report *report = example();
    char *text = printed(report, REPORT_JSON);

    assert_non_null(strstr(text, "\"steps\": 12"));
    assert_non_null(strstr(text, "\"error\": null"));
    assert_non_null(strstr(text, "\\u001B[31m"));
    free(text);
}

static void a_page_cannot_be_marked_up_from_outside(void **state)
{
    (void)state;
    AUTO(report) struct report *report = example();
    char *text = printed(report, REPORT_HTML);

    assert_null(strstr(text, "<b>"));
    assert_non_null(strstr(text, "&lt;b>"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_aligns_and_escapes),
        cmocka_unit_test(csv_quotes_what_needs_it),
        cmocka_unit_test(json_keeps_types_and_tells_no_value_from_an_empty_one),
        cmocka_unit_test(a_page_cannot_be_marked_up_from_outside),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
