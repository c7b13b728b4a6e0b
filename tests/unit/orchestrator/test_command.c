#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "orchestrator/command.h"
#include "orchestrator/help.h"

static void every_command_says_what_it_does(void **state)
{
    (void)state;
    for (size_t i = 0; i < command_count; i++) {
        assert_true(commands[i]->summary[0] != '\0');
        assert_true(commands[i]->summary[strlen(commands[i]->summary) - 1] != '.');
        assert_non_null(commands[i]->operands);
        assert_non_null(commands[i]->run);
        for (size_t other = 0; other < i; other++)
            assert_string_not_equal(commands[i]->name, commands[other]->name);
    }
}

/* Calls the check with every pair of options that a command takes. */
static void check_pair(const struct option_spec *a, const struct option_spec *b)
{
    assert_string_not_equal(a->name, b->name);
    if (a->letter != '\0')
        assert_int_not_equal(a->letter, b->letter);
}

static size_t collect(const struct command *command, const struct option_spec **options)
{
    struct option_group groups[COMMAND_GROUPS];
    size_t group_count = command_groups(command, groups);
    size_t count = 0;

    for (size_t g = 0; g < group_count; g++)
        for (size_t i = 0; i < groups[g].count; i++)
            options[count++] = &groups[g].options[i];
    return count;
}

static void no_two_options_of_a_command_look_alike(void **state)
{
    (void)state;
    for (size_t i = 0; i < command_count; i++) {
        const struct option_spec *options[64];
        size_t count = collect(commands[i], options);

        for (size_t a = 0; a < count; a++)
            for (size_t b = 0; b < a; b++)
                check_pair(options[a], options[b]);
    }
}

static void wrong_words_exit_with_the_status_for_usage(void **state)
{
    (void)state;
    static const char *const unknown[] = {"aply"};
    static const char *const option[] = {"status", "--envv", "prod"};
    static const char *const half[] = {"audit"};

    assert_int_equal(command_main(1, unknown), STATUS_USAGE);
    assert_int_equal(command_main(3, option), STATUS_USAGE);
    assert_int_equal(command_main(1, half), STATUS_USAGE);
    assert_int_equal(command_main(0, NULL), STATUS_USAGE);
}

static void help_exits_with_success(void **state)
{
    (void)state;
    static const char *const all[] = {"--help"};
    static const char *const one[] = {"audit", "report", "--help"};

    assert_int_equal(command_main(1, all), STATUS_DONE);
    assert_int_equal(command_main(3, one), STATUS_DONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_command_says_what_it_does),
        cmocka_unit_test(no_two_options_of_a_command_look_alike),
        cmocka_unit_test(wrong_words_exit_with_the_status_for_usage),
        cmocka_unit_test(help_exits_with_success),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
