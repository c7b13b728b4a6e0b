#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agents/daemon/sections.h"
#include "manual.h"

static void the_manual_has_every_setting_of_agent_ini(void **state)
{
    (void)state;
    AUTO(text)
    char *missing = manual_lacks(TEST_DATA "/../../docs/agent-configuration.md",
                                 agent_section_kinds, SECTION_COUNT);

    if (missing != NULL)
        fail_msg("docs/agent-configuration.md lacks %s", missing);
}

/* The page of agent.ini(5) has each key in bold at the beginning of a line, as scdoc writes it. */
static void the_page_of_section_5_has_every_setting(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer page = {0};
    struct error err = {0};

    assert_true(file_read(TEST_DATA "/../../docs/man/agent.ini.5.scd", 1 << 20, &page, &err));
    for (size_t i = 0; i < SECTION_COUNT; i++)
        for (size_t j = 0; j < agent_section_kinds[i].settings->count; j++) {
            AUTO_BUFFER struct buffer key = {0};

            buffer_append_text(&key, "\n*");
            for (const char *c = agent_section_kinds[i].settings->rows[j].key; *c != '\0'; c++)
                buffer_printf(&key, *c == '_' ? "\\%c" : "%c", *c);
            buffer_append_text(&key, "*\n");
            if (strstr(buffer_text(&page), buffer_text(&key)) == NULL)
                fail_msg("agent.ini.5.scd lacks %s", buffer_text(&key));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_manual_has_every_setting_of_agent_ini),
        cmocka_unit_test(the_page_of_section_5_has_every_setting),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
